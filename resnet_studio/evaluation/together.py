"""What an ensemble of runs gains on the test pictures that they share, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from resnet_studio.config import Stem
from resnet_studio.evaluation.calibration import Calibration, calibrated
from resnet_studio.evaluation.compare import SIGNIFICANT
from resnet_studio.evaluation.paired_tests import mcnemar, paired_bootstrap
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import PictureScore
from resnet_studio.model import anatomy, architecture
from resnet_studio.text import Language, say


@dataclass(frozen=True)
class EnsembleCost:
    """What answering takes: ``megabytes`` of checkpoints, and ``times`` the work of the first model alone."""

    models: int
    megabytes: float
    times: float

    def sentence(self, language: Language = "en") -> str:
        """That in words."""
        return say("ensemble.cost", language, models=self.models, megabytes=self.megabytes, times=self.times)


@dataclass(frozen=True)
class Gain:
    """An ensemble on the ``pictures`` that are in the test part of all its runs, so that no member has seen them.

    ``single`` is the accuracy there of the run ``best``, which the validation pictures found best; ``difference`` is
    the ensemble's minus that, with the 95 % interval of a paired bootstrap; ``p_value`` is of McNemar's exact test.
    Without a shared picture the figures are None.
    """

    pictures: int
    best: str
    accuracy: float | None = None
    single: float | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None
    p_value: float | None = None

    @property
    def tells(self) -> bool:
        """Whether these pictures can tell the ensemble from the best run."""
        return self.p_value is not None and self.p_value < SIGNIFICANT

    def sentence(self, language: Language = "en") -> str:
        """What it gains, in words; or that no gain can be measured."""
        if self.difference is None or self.interval is None:
            return say("ensemble.none_shared", language)
        low, high = (f"{100 * each:+.1f}" for each in self.interval)
        kind = "chance" if not self.tells else "better" if self.difference > 0 else "worse"
        return say(
            f"ensemble.{kind}", language, count=self.pictures, accuracy=self.accuracy, single=self.single, low=low,
            high=high, best=self.best,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, with the sentence in English."""
        return {**asdict(self), "tells": self.tells, "verdict": self.sentence()}


def cost_of(reports: Sequence[RunReport]) -> EnsembleCost:
    """What the runs of ``reports`` cost together."""
    size = sum(report.run.best.stat().st_size for report in reports) / 1e6
    work = []
    for report in reports:
        config = report.run.config
        size_px = config.picture_size or 224
        stem: Stem = "standard" if config.stem == "auto" else config.stem
        costs = anatomy.gflops(architecture.of(config), size_px, stem)
        work.append(float(sum(costs.values())))
    return EnsembleCost(len(reports), size, sum(work) / work[0])


def gain_of(reports: Sequence[RunReport]) -> Gain:
    """What the runs of ``reports`` gain by answering together."""
    best = max(reports, key=_validation_accuracy)
    name = str(best.run.about["name"])
    shared = _shared(reports)
    if not shared:
        return Gain(0, name)
    place = list(reports).index(best)
    together = [_means(reports, answers) for answers in shared]
    ours = [max(means, key=means.__getitem__) == _true(reports[0], answers[0])
            for means, answers in zip(together, shared, strict=True)]  # fmt: skip
    theirs = [answers[place].true == answers[place].predicted for answers in shared]
    only_ours = sum(a and not b for a, b in zip(ours, theirs, strict=True))
    only_theirs = sum(b and not a for a, b in zip(ours, theirs, strict=True))
    count = len(shared)
    return Gain(
        count, name, sum(ours) / count, sum(theirs) / count, (only_ours - only_theirs) / count,
        paired_bootstrap(only_ours, only_theirs, count), mcnemar(only_ours, only_theirs),
    )  # fmt: skip


def calibration_of(reports: Sequence[RunReport]) -> Calibration | None:
    """How often the answers of the ensemble are right on the shared test pictures; None where there are none."""
    shared = _shared(reports)
    answers = []
    for each in shared:
        means = _means(reports, each)
        named = max(means, key=means.__getitem__)
        answers.append((means[named], named == _true(reports[0], each[0])))
    return calibrated(answers) if answers else None


def _validation_accuracy(report: RunReport) -> float:
    state = report.run.state()
    found = state.finished or state.best
    return found.validation_accuracy if found else 0.0


def _shared(reports: Sequence[RunReport]) -> list[tuple[PictureScore, ...]]:
    """The answers of each run for every test picture that all have, by content (else data set and name)."""
    found = [_by_picture(report) for report in reports]
    keys = [key for key in found[0] if all(key in other for other in found[1:])]
    alike = [key for key in keys if len({_true(r, by[key]) for r, by in zip(reports, found, strict=True)}) == 1]
    return [tuple(by[key] for by in found) for key in alike]


def _by_picture(report: RunReport) -> dict[str, PictureScore]:
    if report.report is None:
        return {}
    columns, dataset = report.run.split.get("test", {}), report.run.about.get("dataset")
    contents = dict(zip(columns.get("name", ()), columns.get("content", ()), strict=False))
    return {contents.get(each.name) or f"{dataset}/{each.name}": each for each in report.report.pictures}


def _true(report: RunReport, picture: PictureScore) -> str:
    assert report.report is not None
    return report.report.classes[picture.true]


def _means(reports: Sequence[RunReport], answers: Sequence[PictureScore]) -> Mapping[str, float]:
    """The mean probability of each class."""
    first = reports[0].report
    assert first is not None
    members = []
    for report, answer in zip(reports, answers, strict=True):
        assert report.report is not None
        members.append(dict(zip(report.report.classes, answer.scores, strict=True)))
    return {name: float(np.mean([member[name] for member in members])) for name in first.classes}
