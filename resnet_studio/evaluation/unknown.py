"""Pictures unlike all that a run was trained on: what its checkpoint would say of its own test pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from resnet_studio.errors import CheckpointError, RunError
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.model.acceptance import CURRENT, Acceptance
from resnet_studio.model.card import read_card
from resnet_studio.model.unlike import METHODS
from resnet_studio.text import Language, say
from resnet_studio.workspace import Run

FILE = "unlike.json"
"""In a run's folder: the score of test pictures, and whether their class was right."""
SHARES = (1.0, 0.99, 0.98, 0.97, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)
METHOD = "mahalanobis"


@dataclass(frozen=True)
class AcceptancePoint:
    """Where a share ``accept`` of known pictures is to be accepted: the largest accepted score (None for all), the
    share ``accepted`` of the test pictures, and their ``accuracy``, None where none is.
    """

    accept: float
    threshold: float | None
    accepted: float
    accuracy: float | None


@dataclass(frozen=True)
class Unknown:
    """How the checkpoint of a run tells pictures unlike all others: ``chosen`` now, by so many ``validation`` pictures.

    ``few``: too few for the share that was chosen. ``separation`` is how well it tells written characters and rendered
    things from its own pictures (area under the ROC curve, None where not measured); where that is too little it is not
    ``usable`` and accepts everything. The ``curve`` is risk against coverage (El-Yaniv and Wiener 2010) on
    ``test`` pictures; none where the run has none. ``version`` is that of the method, which looks at ``stages``.
    """

    chosen: AcceptancePoint
    curve: tuple[AcceptancePoint, ...]
    validation: int
    test: int
    few: bool
    separation: float | None = None
    usable: bool = True
    version: int = CURRENT
    method: str = METHOD
    stages: tuple[str, ...] = METHODS[CURRENT].stages

    def sentence(self, language: Language = "en") -> str:
        """Whether it can be relied on; empty where that was not measured."""
        if self.separation is None:
            return ""
        key = "trust.unknown.usable" if self.usable else "trust.unknown.unusable"
        return say(key, language, separation=self.separation)


class UnknownPart(Part[Unknown]):
    """Computed anew whenever it is asked for, as the share that is accepted may be changed."""

    name = "unknown"

    def compute(self, report: RunReport) -> Unknown | None:
        """See :class:`Part`; None for runs of older versions."""
        try:
            known = read_card(report.run.best).unlike
            scored = [(float(score), bool(right)) for score, right in report.run.read_json(FILE)["test"]]
        except (CheckpointError, RunError, LookupError, TypeError, ValueError):
            return None
        if known is None:
            return None
        shares = SHARES if known.usable else SHARES[:1]
        curve = tuple(_point(known.at(share), scored) for share in shares) if scored else ()
        chosen = _point(known if known.usable else known.at(1.0), scored)
        return Unknown(
            chosen, curve, len(known.scores), len(scored), known.few, known.separation, known.usable, known.version,
            stages=METHODS[known.version].stages,
        )  # fmt: skip

    def load(self, report: RunReport) -> Unknown | None:  # noqa: ARG002 - as its base
        """Nothing, see above."""
        return None

    def to_json(self, value: Unknown) -> dict[str, Any]:
        """See :class:`Part`."""
        return {**asdict(value), "verdict": value.sentence()}

    def from_json(self, stored: Any) -> Unknown:
        """See :class:`Part`."""
        points = [AcceptancePoint(**each) for each in (stored["chosen"], *stored["curve"])]
        stored = {name: stored[name] for name in stored if name != "verdict"}
        return Unknown(**{**stored, "chosen": points[0], "curve": tuple(points[1:]), "stages": tuple(stored["stages"])})


def _point(known: Acceptance, scored: Sequence[tuple[float, bool]]) -> AcceptancePoint:
    accepted = [right for score, right in scored if score <= known.threshold]
    return AcceptancePoint(
        known.accept,
        None if known.accept >= 1 else known.threshold,
        len(accepted) / len(scored) if scored else 0.0,
        sum(accepted) / len(accepted) if accepted else None,
    )


def set_accepted(run: Run, accept: float) -> Unknown | None:
    """Change which share of known pictures the checkpoint of ``run`` accepts, from the next prediction on.

    Raises :class:`CheckpointError` where it cannot tell unlike pictures.
    """
    from resnet_studio.model import checkpoint

    checkpoint.set_accepted(run.best, accept)
    return RunReport(run).update(UNKNOWN)


UNKNOWN = UnknownPart()
