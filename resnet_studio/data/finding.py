"""One thing to know about a data set, in a sentence, with what one can do about it at one click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from resnet_studio.text import Language, say

Severity = Literal["info", "warning"]
NAMED = 5


@dataclass(frozen=True)
class Offer:
    """Another way to read the pictures: ``changes`` are fields of :class:`resnet_studio.data.choices.Choices`."""

    key: str
    changes: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, language: Language = "en") -> str:
        """What a button for it says."""
        return say(self.key, language, **filled(self.values, language))


@dataclass(frozen=True)
class Finding:
    """One thing to know. ``files`` are the pictures (or folders) concerned, sorted; ``values`` fill the sentence.

    Lists among the values are written with at most ``named`` items.
    """

    kind: str
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    severity: Severity = "warning"
    offers: tuple[Offer, ...] = ()
    named: int = NAMED

    def sentence(self, language: Language = "en") -> str:
        """The finding in the reader's language."""
        return say(self.key, language, **filled(self.values, language, self.named))


def filled(values: Mapping[str, Any], language: Language, most: int = NAMED) -> dict[str, Any]:
    """``values`` with tuples written as lists of at most ``most`` items.

    A pair in one is a name and the key of what it stands for; an offer stands for its sentence.
    """
    return {
        name: _listed(value, language, most) if isinstance(value, tuple) else value for name, value in values.items()
    }


def _listed(names: tuple[Any, ...], language: Language, most: int) -> str:
    between = "、" if language == "zh" else ", "
    items = [_item(name, language) for name in names]
    text = between.join(items[:most])
    return text if len(items) <= most else say("finding.and_more", language, names=text, count=len(items) - most)


def _item(name: Any, language: Language) -> str:
    if isinstance(name, Offer):
        return name.sentence(language)
    if isinstance(name, tuple):
        return ("{}（{}）" if language == "zh" else "{} ({})").format(name[0], say(name[1], language))
    return str(name)
