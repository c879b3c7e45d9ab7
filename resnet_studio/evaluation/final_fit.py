"""What training on validation pictures too was worth: both networks of a run on its test pictures, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from resnet_studio.errors import RunError
from resnet_studio.evaluation.paired_tests import paired_bootstrap, surely_fewer
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.evaluation.report import Report, wilson_interval
from resnet_studio.text import Language, joined, say

FILE = "final_fit.json"
"""In a run's folder: what the first training ended with, and both networks' test scores."""


@dataclass(frozen=True)
class Tested:
    """Of ``count`` test pictures that both networks answered: how many the ``first`` and the ``second`` had right, and
    the second alone (``ahead``) or the first alone (``behind``).
    """

    count: int
    first: int
    second: int
    ahead: int
    behind: int

    @classmethod
    def of(cls, right: Mapping[str, bool] | None, report: Report | None) -> Tested | None:
        """From which pictures the first network had ``right``, by file, and the ``report`` on the second one."""
        if right is None or report is None:
            return None
        now = {each.file: each.true == each.predicted for each in report.pictures if each.file in right}
        if not now:
            return None
        ahead = sum(good and not right[file] for file, good in now.items())
        behind = sum(right[file] and not good for file, good in now.items())
        return cls(len(now), sum(right[file] for file in now), sum(now.values()), ahead, behind)

    def to_json(self) -> dict[str, int]:
        """Plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class FinalFitted:
    """The model was trained anew on ``pictures`` training and validation pictures for ``epochs``, or where these are 0
    the linear probe fitted anew, which no epoch had beaten; ``tested`` is None without test pictures. Validation
    scores, temperature and "none of these" are the first network's.
    """

    epochs: int
    pictures: int
    seconds: float
    tested: Tested | None

    @property
    def gain(self) -> float | None:
        """Points of test accuracy won, as a share."""
        return None if self.tested is None else (self.tested.second - self.tested.first) / self.tested.count

    @property
    def gain_interval(self) -> tuple[float, float] | None:
        """95 %, by resampling the test pictures that the networks answer differently."""
        of = self.tested
        return None if of is None else paired_bootstrap(of.ahead, of.behind, of.count)

    def sentence(self, language: Language = "en") -> str:
        """What was done, what it changed, and what still comes from the first network."""
        key = "final_fit.done" if self.epochs else "final_fit.done.probe"
        said = say(key, language, pictures=self.pictures, epochs=self.epochs)
        if self.tested is None:
            gained = say("final_fit.untested", language)
        else:
            of = self.tested
            before, after = wilson_interval(of.first, of.count), wilson_interval(of.second, of.count)
            verdict = "same"
            if surely_fewer(of.behind, of.ahead) or surely_fewer(of.ahead, of.behind):
                verdict = "more" if of.ahead > of.behind else "less"
            gained = say(
                f"final_fit.{verdict}", language, first=of.first / of.count, second=of.second / of.count,
                first_low=before[0], first_high=before[1], low=after[0], high=after[1], count=of.count,
            )  # fmt: skip
        return joined([said, gained, say("final_fit.from_first", language)], language)


class FinalFitPart(Part[FinalFitted]):
    """Read from what the training wrote; never stored a second time."""

    name = "final_fit"

    def load(self, report: RunReport) -> FinalFitted | None:  # noqa: ARG002 - as its base
        """None: see :class:`FinalFitPart`."""
        return None

    def store(self, report: RunReport, value: FinalFitted) -> None:
        """Nothing is stored."""

    def compute(self, report: RunReport) -> FinalFitted | None:
        """See :class:`Part`; None where there was no second training, or it did not come to its end."""
        try:
            values = report.run.read_json(FILE)
            tested = values["tested"]
            return FinalFitted(
                values["settled"]["epochs"], values["pictures"], values["seconds"], Tested(**tested) if tested else None
            )
        except (RunError, LookupError, TypeError):
            return None

    def to_json(self, value: FinalFitted) -> dict[str, Any]:
        """See :class:`Part`."""
        interval = value.gain_interval
        return {**asdict(value), "gain": value.gain, "gain_interval": list(interval) if interval else None,
                "text": value.sentence()}  # fmt: skip

    def from_json(self, stored: Any) -> FinalFitted:
        """See :class:`Part`."""
        tested = stored["tested"]
        return FinalFitted(
            stored["epochs"], stored["pictures"], stored["seconds"], Tested(**tested) if tested else None
        )


FINAL_FIT = FinalFitPart()
