"""Whether the pictures that come in are still like those that the model was judged by.

Two things are watched over the last answers: how often each class is answered, against the answers to validation
pictures, and how often none of them is. Both are compared as samples, so that a small validation part makes few
claims: the classes by a chi-squared test of homogeneity (Rabanser et al. 2019, arXiv 1810.11953, found tests on a
classifier's outputs to be the most telling), the share of none by the tail of the beta-binomial distribution. An alarm
needs both chance as good as excluded and a change that matters, and stays until the change is clearly gone.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 1000
"""The last answers that are looked at."""
FEWEST, FEWEST_KNOWN = 100, 20
"""With fewer answers, or fewer validation pictures, nothing is claimed."""
EVERY = 25
"""Answers between two looks."""
CHANCE = 1e-6
"""It is looked at again and again: at this level, 240 undrifted streams of 5,000 answers raised no alarm."""
MATTERS, GONE = 0.15, 0.10
"""The change of shares (total variation distance, or of the share of none) from which on an alarm is raised, and below
which it is taken back.
"""
Kind = Literal["classes", "unknown"]
State = Literal["stable", "drifted", "too_few", "no_record"]


@dataclass(frozen=True)
class Expected:
    """What the model answered to its validation pictures: how often each class (``counts``, in the model's order), and
    how many of ``seen`` were taken for none of these; ``seen`` is 0 where it cannot tell.
    """

    counts: tuple[int, ...]
    unknown: int = 0
    seen: int = 0


@dataclass(frozen=True)
class DriftFinding:
    """What is known of one ``kind`` of drift: the ``change`` of shares, and where classes changed the most changed one,
    with its share ``before`` and ``now``.
    """

    kind: Kind
    state: State
    answers: int
    change: float = 0.0
    label: str = ""
    before: float = 0.0
    now: float = 0.0


class Drift:
    """Watches the answers of one model; safe to use from many threads."""

    def __init__(self, classes: Sequence[str], expected: Expected | None, window: int = WINDOW) -> None:
        self._classes, self._expected = tuple(classes), expected
        self._last: deque[tuple[int, bool]] = deque(maxlen=window)
        self._places = {name: place for place, name in enumerate(classes)}
        self._counts = np.zeros(len(self._classes), np.int64)
        self._unknown = self._since = 0
        self._lock = Lock()
        self._found: dict[Kind, DriftFinding] = {}
        self._look()

    def add(self, label: str, *, unknown: bool) -> None:
        """Note one answer."""
        place = self._places[label]
        with self._lock:
            if len(self._last) == self._last.maxlen:
                old, was_unknown = self._last[0]
                self._counts[old] -= 1
                self._unknown -= was_unknown
            self._last.append((place, unknown))
            self._counts[place] += 1
            self._unknown += unknown
            self._since += 1
            if self._since >= EVERY:
                self._look()

    def findings(self) -> tuple[DriftFinding, ...]:
        """What is known now, of each kind."""
        return tuple(self._found.values())

    def _look(self) -> None:
        self._since = 0
        for kind, look in (("classes", self._of_classes), ("unknown", self._of_unknown)):
            self._found[kind] = look()  # type: ignore[index]

    def _state(self, kind: Kind, change: float, chance: float) -> State:
        before = self._found.get(kind)
        if before is not None and before.state == "drifted":
            return "drifted" if change > GONE else "stable"
        return "drifted" if chance < CHANCE and change > MATTERS else "stable"

    def _of_classes(self) -> DriftFinding:
        expected, answers = self._expected, len(self._last)
        if expected is None or sum(expected.counts) < FEWEST_KNOWN:
            return DriftFinding("classes", "no_record", answers)
        if answers < FEWEST:
            return DriftFinding("classes", "too_few", answers)
        known = np.array(expected.counts, np.int64)
        before, now = known / known.sum(), self._counts / answers
        change = float(np.abs(now - before).sum() / 2)
        most = int(np.abs(now - before).argmax())
        state = self._state("classes", change, homogeneity(known, self._counts))
        return DriftFinding(
            "classes", state, answers, change, self._classes[most], float(before[most]), float(now[most])
        )

    def _of_unknown(self) -> DriftFinding:
        expected, answers = self._expected, len(self._last)
        if expected is None or expected.seen < FEWEST_KNOWN:
            return DriftFinding("unknown", "no_record", answers)
        if answers < FEWEST:
            return DriftFinding("unknown", "too_few", answers)
        before, now = expected.unknown / expected.seen, self._unknown / answers
        chance = as_many(self._unknown, answers, expected.unknown, expected.seen)
        state = self._state("unknown", now - before, chance)
        return DriftFinding("unknown", state, answers, now - before, "", before, now)


def homogeneity(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """The probability that counts of the same classes from one source differ as much as ``a`` and ``b`` [classes] do.

    Pearson's chi-squared test; classes of which fewer than 5 are expected in either are taken together.
    """
    from scipy.special import chdtrc

    both = np.stack([a, b]).astype(np.float64)
    least = both.sum(1).min() * both.sum(0) / both.sum()
    rare = least < 5
    if rare.any():
        both = np.concatenate([both[:, ~rare], both[:, rare].sum(1, keepdims=True)], 1)
    both = both[:, both.sum(0) > 0]
    if both.shape[1] < 2:
        return 1.0
    wanted = np.outer(both.sum(1), both.sum(0)) / both.sum()
    return float(chdtrc(both.shape[1] - 1, ((both - wanted) ** 2 / wanted).sum()))


def as_many(found: int, answers: int, before: int, seen: int) -> float:
    """The probability of ``found`` or more among so many ``answers`` where ``before`` of ``seen`` were found.

    Beta-binomial: the share is only known from the ``seen``, with Jeffreys' prior.
    """
    from scipy.special import betaln, gammaln

    a, b = before + 0.5, seen - before + 0.5
    k = np.arange(found, answers + 1)
    choose = gammaln(answers + 1) - gammaln(k + 1) - gammaln(answers - k + 1)
    return float(min(1.0, math.fsum(np.exp(choose + betaln(k + a, answers - k + b) - betaln(a, b)))))
