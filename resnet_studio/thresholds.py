"""Operating points: classes that are answered from a probability of one's own on, in whatever gives answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resnet_studio.errors import ConfigError


def decide(scores: Mapping[str, float], thresholds: Mapping[str, float]) -> str:
    """The class that is answered: one that reaches its threshold, of several the one that passes it by most; else the
    likeliest of those without a threshold, or of all where every class has one.

    >>> decide({"cat": 0.3, "dog": 0.6, "cup": 0.1}, {"cat": 0.25})
    'cat'
    >>> decide({"cat": 0.6, "dog": 0.3, "cup": 0.1}, {"cat": 0.7})
    'dog'
    """
    reached = [name for name, least in thresholds.items() if scores[name] >= least]
    if reached:
        return max(reached, key=lambda name: scores[name] - thresholds[name])
    free = [name for name in scores if name not in thresholds] or list(scores)
    return max(free, key=lambda name: scores[name])


def checked(thresholds: Mapping[str, Any], classes: Sequence[str]) -> dict[str, float]:
    """``thresholds`` as they are. Raises :class:`ConfigError` for a class or a number that makes no sense."""
    found = {}
    for name, value in thresholds.items():
        if name not in classes:
            raise ConfigError("error.threshold.no_class", name=name, known=list(classes)[:10])
        if type(value) not in (int, float) or not 0 <= value <= 1:
            raise ConfigError("error.threshold.number", name=name, number=str(value))
        found[name] = float(value)
    return found


def parse(given: Sequence[str], classes: Sequence[str]) -> dict[str, float]:
    """Thresholds written as ``CLASS=0.3``. Raises :class:`ConfigError` as :func:`checked` does."""
    found: dict[str, Any] = {}
    for text in given:
        name, _, number = text.rpartition("=")
        try:
            found[name or text] = float(number)
        except ValueError:
            found[name or text] = number
    return checked(found, classes)
