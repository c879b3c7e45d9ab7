"""How often the answers of a network were right, by the probability that it gave them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.evaluation.parts import Part, RunReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIMILAR = 0.1
MOST_SIMILAR = 30
ENOUGH = 10
BINS = 15
RESAMPLES = 200
EVEN = ("balanced", "adjusted")  # weightings of classes after which all of them count alike


@dataclass(frozen=True)
class Record:
    """Of ``count`` test answers with a similar probability, ``right`` were right."""

    count: int
    right: int

    @property
    def share(self) -> float:
        """The share that was right."""
        return self.right / self.count


@dataclass(frozen=True)
class CalibrationBin:
    """The answers with probabilities above ``low`` up to ``high``: number, mean probability, share right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Reliability:
    """``error``: the expected calibration error over 15 equal bins (Guo et al. 2017, arXiv 1706.04599, equation 3).

    ``bins`` are those that hold answers.
    """

    error: float
    bins: tuple[CalibrationBin, ...]


@dataclass(frozen=True)
class Calibration(Reliability):
    """The reliability of the probabilities that predictions have: at the ``temperature`` of the checkpoint's card.

    ``answers`` are (probability of the best class, whether it was right) of each test picture, by rising probability.
    ``before`` is the reliability without the temperature, which was fitted to ``fitted_on`` validation pictures; None
    where none was fitted, as in runs of older versions, or where the logits are gone. ``even``: the probabilities are
    those of classes that are equally frequent, which those of the test pictures may not be.
    """

    answers: tuple[tuple[float, bool], ...]
    temperature: float = 1.0
    before: Reliability | None = None
    fitted_on: int = 0
    even: bool = False

    @cached_property
    def by_chance(self) -> float:
        """The error that so many answers would show if their probabilities were exactly right, in the mean.

        With few pictures the shares of right answers scatter, so that no error of less than this means anything
        (Vaicenavicius et al. 2019, arXiv 1902.06977, section 5: resampling under the hypothesis of calibration).
        """
        confidence = np.array([each for each, _ in self.answers])
        if not len(confidence):
            return 0.0
        place, draw = _places(confidence), np.random.default_rng(0)
        errors = []
        for _ in range(RESAMPLES):
            off = np.bincount(place, (draw.random(len(confidence)) < confidence) - confidence)
            errors.append(float(np.abs(off).sum()))
        return sum(errors) / RESAMPLES / len(confidence)

    def near(self, probability: float) -> Record | None:
        """Of the 30 answers nearest to ``probability``, and within 0.1 of it; None where fewer than 10 are."""
        answers = self.answers
        first = bisect_left(answers, probability - SIMILAR, key=itemgetter(0))
        last = bisect_right(answers, probability + SIMILAR, key=itemgetter(0))
        while last - first > MOST_SIMILAR:
            if probability - answers[first][0] > answers[last - 1][0] - probability:
                first += 1
            else:
                last -= 1
        found = answers[first:last]
        return Record(len(found), sum(right for _, right in found)) if len(found) >= ENOUGH else None


def calibrated(answers: Sequence[tuple[float, bool]]) -> Calibration:
    """The calibration that ``answers`` show; there must be some.

    As scikit-learn's ``calibration_curve``, which is not imported for it: that would take a second.
    """
    ordered = tuple(sorted(answers))
    confidence = np.array([each for each, _ in ordered])
    right = np.array([each for _, each in ordered])
    place = _places(confidence)
    counts = np.bincount(place)
    means, shares = np.bincount(place, confidence), np.bincount(place, right)
    bins = [
        CalibrationBin(at / BINS, (at + 1) / BINS, int(count), float(means[at] / count), float(shares[at] / count))
        for at, count in enumerate(counts)
        if count
    ]
    error = sum(each.count * abs(each.accuracy - each.confidence) for each in bins) / len(ordered)
    return Calibration(error, tuple(bins), ordered)


def _places(confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each answer: (low, high], as in the paper."""
    found: NDArray[np.int64] = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence)
    return found


UNTESTED = Calibration(0.0, (), ())
"""Of a network that nothing is known of."""


class CalibrationPart(Part[Calibration]):
    """On the test pictures. Version 2: the probabilities of the answers are at the card's temperature."""

    name = "calibration"
    version = 2

    def compute(self, report: RunReport) -> Calibration | None:
        """See :class:`Part`; runs of older versions kept the probabilities of the best classes in full, too."""
        if report.report is None:
            return None
        scores, temperature = report.report, report.report.temperature
        found = calibrated([(picture.probability, picture.true == picture.predicted) for picture in scores.pictures])
        found = replace(found, even=report.run.config.class_weighting in EVEN)
        if temperature == 1 or scores.outputs is None:
            return replace(found, temperature=temperature)
        raw = scores.outputs.probabilities
        right = (raw.argmax(1) == scores.outputs.labels).tolist()
        before = calibrated(list(zip(raw.max(1).tolist(), right, strict=True)))
        validation = report.outputs.get("validation")
        return replace(
            found, temperature=temperature, before=Reliability(before.error, before.bins),
            fitted_on=len(validation) if validation is not None else 0,
        )  # fmt: skip

    def to_json(self, value: Calibration) -> dict[str, Any]:
        """See :class:`Part`."""
        return {**asdict(value), "by_chance": value.by_chance}

    def from_json(self, stored: Any) -> Calibration:
        """See :class:`Part`."""
        answers = tuple((float(probability), bool(right)) for probability, right in stored["answers"])
        found, before = _reliability(stored), stored["before"]
        return Calibration(
            found.error, found.bins, answers, float(stored["temperature"]),
            None if before is None else _reliability(before), int(stored["fitted_on"]),
            bool(stored.get("even", False)),
        )  # fmt: skip


def _reliability(stored: Any) -> Reliability:
    return Reliability(float(stored["error"]), tuple(CalibrationBin(**each) for each in stored["bins"]))


CALIBRATION = CalibrationPart()
