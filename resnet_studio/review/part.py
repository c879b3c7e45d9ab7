"""The labels that may be wrong, as a part of the report of a run; above the others, since a review trains heads."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass
from typing import Any

from resnet_studio.errors import StudioError
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.slow_parts import PartProgress, SlowPart, Step
from resnet_studio.workspace import Workspace

SHOWN = 50


@dataclass(frozen=True)
class SuspectedLabel:
    """A picture whose ``label`` may be wrong; ``suggested`` is rather what it shows, ``score`` low where that is so."""

    picture: str
    label: str
    suggested: str
    score: float


@dataclass(frozen=True)
class SuspectedLabels:
    """Of ``reviewed`` pictures, ``estimate`` may have a wrong label; ``first`` are the likeliest, at most 50."""

    reviewed: int
    estimate: int
    first: tuple[SuspectedLabel, ...]


class SuspectsPart(SlowPart[SuspectedLabels]):
    """See :mod:`resnet_studio.review.report`."""

    name = "suspects"

    def steps(
        self,
        report: RunReport,
        progress: PartProgress,  # noqa: ARG002 - features are cached by picture
    ) -> Generator[Step, None, SuspectedLabels | None]:
        """See :class:`SlowPart`."""
        from resnet_studio.review.report import review_run

        yield Step(0, 1)
        run = report.run
        if run.config.picture_size is None or run.config.fit == "auto":
            return None  # its settings were never resolved: it did not get as far as its first epoch
        try:
            found = review_run(Workspace(run.folder.parent.parent), run)
        except StudioError:
            return None  # its pictures or its starting weights are gone
        first = tuple(
            SuspectedLabel(each.sample.name, each.label, each.suggested, float(each.score))
            for each in found.suspects[: min(SHOWN, found.estimate)]
        )
        return SuspectedLabels(len(found.samples), found.estimate, first)

    def to_json(self, value: SuspectedLabels) -> dict[str, Any]:
        """See :class:`Part`."""
        return asdict(value)

    def from_json(self, stored: Any) -> SuspectedLabels:
        """See :class:`Part`."""
        first = tuple(SuspectedLabel(**each) for each in stored["first"])
        return SuspectedLabels(int(stored["reviewed"]), int(stored["estimate"]), first)


SUSPECTS = SuspectsPart()
