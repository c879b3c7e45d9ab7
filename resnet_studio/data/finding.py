"""One thing to know about a data set, in a sentence, with what one can do about it at one click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from resnet_studio.text import Language, say

Severity = Literal["info", "warning"]
_NAMED = 5


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
    """One thing to know. ``files`` are the pictures (or folders) concerned, sorted; ``values`` fill the sentence."""

    kind: str
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    severity: Severity = "warning"
    offers: tuple[Offer, ...] = ()

    def sentence(self, language: Language = "en") -> str:
        """The finding in the reader's language."""
        return say(self.key, language, **filled(self.values, language))


def filled(values: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """``values`` with tuples as one writes lists; a pair in one is a name and the key of what it stands for."""
    return {name: _listed(value, language) if isinstance(value, tuple) else value for name, value in values.items()}


def _listed(names: tuple[Any, ...], language: Language) -> str:
    """At most five of ``names``, as one writes a list."""
    between = "、" if language == "zh" else ", "
    pairs = "{}（{}）" if language == "zh" else "{} ({})"
    told = [pairs.format(name[0], say(name[1], language)) if isinstance(name, tuple) else name for name in names]
    text = between.join(told[:_NAMED])
    return text if len(told) <= _NAMED else say("finding.and_more", language, names=text, count=len(told) - _NAMED)
