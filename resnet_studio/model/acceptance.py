"""Up to which score a picture counts as one of the classes: by the scores of validation pictures, without torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

ACCEPT = 0.97
"""The share of pictures of the known classes that is accepted, unless somebody chose another."""
KEPT = 400
CURRENT = 2
"""The version of the method by which pictures are scored, see :data:`resnet_studio.model.unlike.METHODS`."""
USABLE = 0.85
"""The separation that it takes: networks trained from scratch on hard sets have 0.7, all that work 0.97 and more."""


@dataclass(frozen=True)
class Acceptance:
    """``scores`` of validation pictures by rising unlikeness, at most 400; a share of ``accept`` is accepted, 1 is all.

    ``separation`` is the area under the ROC curve with which the scores tell pictures of no class from these; None
    where that was not measured. ``version`` is that of the method. ``ValueError`` for what no checkpoint can have.
    """

    scores: tuple[float, ...]
    accept: float = ACCEPT
    separation: float | None = None
    version: int = CURRENT

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", tuple(float(each) for each in self.scores))
        if not 1 <= len(self.scores) <= KEPT or not all(map(math.isfinite, self.scores)):
            raise ValueError("scores must be 1 to 400 numbers")
        if list(self.scores) != sorted(self.scores):
            raise ValueError("scores must rise")
        if type(self.accept) not in (int, float) or not 0 < self.accept <= 1:
            raise ValueError("accept must be a share")
        if self.separation is not None and not 0 <= self.separation <= 1:
            raise ValueError("separation must be a share")
        if type(self.version) is not int or not 1 <= self.version <= CURRENT:
            raise ValueError("version is not known")

    @classmethod
    def of(cls, scores: Sequence[float], separation: float | None = None) -> Acceptance:
        """That of the validation pictures with these ``scores``; of more than 400, evenly spaced ones by rank."""
        ordered = sorted(scores)
        if len(ordered) > KEPT:
            ordered = [ordered[round(at * (len(ordered) - 1) / (KEPT - 1))] for at in range(KEPT)]
        return cls(tuple(ordered), separation=separation)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Acceptance:
        """What :meth:`to_json` gave."""
        return cls(tuple(values["scores"]), values["accept"], values.get("separation"), values.get("version", 1))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        optional: dict[str, Any] = {} if self.separation is None else {"separation": round(self.separation, 4)}
        optional |= {"version": self.version} if self.version > 1 else {}
        return {"scores": [round(each, 5) for each in self.scores], "accept": self.accept, **optional}

    def at(self, accept: float) -> Acceptance:
        """The same, with another share accepted."""
        return replace(self, accept=accept)

    @property
    def usable(self) -> bool:
        """Whether the scores tell anything; where they do not, every picture is accepted."""
        return self.separation is None or self.separation >= USABLE

    @property
    def few(self) -> bool:
        """Whether there are too few validation pictures to tell where so large a share ends."""
        return self.accept < 1 and math.ceil((len(self.scores) + 1) * self.accept) > len(self.scores)

    @property
    def threshold(self) -> float:
        """The largest accepted score, as in split conformal prediction (Vovk et al. 2005): rank ceil((n + 1) accept).

        With too few pictures it is the largest of theirs, and more than the wanted share may be rejected.
        """
        if self.accept >= 1 or not self.usable:
            return math.inf
        return self.scores[min(len(self.scores), math.ceil((len(self.scores) + 1) * self.accept)) - 1]
