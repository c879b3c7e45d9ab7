"""How many more pictures? What a training on more pictures should bring, from heads on parts of the present ones.

Linear heads are fitted to 10, 25, 50 and 100 % of the training pictures, on features of the network that the run
started from: its own have seen all of them. They are scored on the validation and test pictures together; nothing is
chosen by these scores. A power law is put through the errors, and its uncertainty is that of resampled draws and
resampled pictures (a bootstrap, Efron 1979), in groups where pictures were kept together.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.names import shown
from resnet_studio.evaluation import heads
from resnet_studio.evaluation.extrapolation import Scored, Target, extrapolate
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.slow_parts import PartProgress, SlowPart, Step
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.data.dataset import Sample

SHARES = (0.1, 0.25, 0.5, 1.0)
DRAWS = (8, 6, 4, 1)
DRAWS_OF_A_CLASS = (6, 5, 4, 1)
WEAKEST = 3
FEWEST_TRAIN, FEWEST_SCORED = 40, 20
FEWEST_OF_CLASS, FEWEST_SCORED_OF_CLASS = 8, 5
MOST_TRAIN, MOST_SCORED = 6_000, 4_000
CHUNK = 256
MORE = (0.25, 0.5, 1.0, 3.0)
WORTH = 0.03
NINE_OF_TEN = 1.645
"""Standard deviations of a normal distribution on either side of its middle."""


@dataclass(frozen=True)
class ForecastPoint:
    """Heads on ``count`` pictures (of the class, where it is about one): their mean ``score``, and its spread."""

    count: int
    score: float
    lowest: float
    highest: float
    draws: int


@dataclass(frozen=True)
class Ahead:
    """After ``extra`` more pictures: the ``gain`` in score that is to be expected, with the 90 % band of this mean.

    ``score`` is that of the run with the gain; nine of ten trainings on so many pictures should score within its band,
    in a test of as many pictures as now, of the same or of others. That is what one sees, so that is what is said: the
    mean's band, which says how sure the direction is, holds far fewer of single trainings
    (``benchmarks/forecast.py``).
    """

    extra: int
    gain: float
    gain_band: tuple[float, float]
    score: float
    score_band: tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """``name``: the class that it is about, empty for all; ``measure``: accuracy, or F1 of the class.

    ``score`` is what the run scored in its test. ``law`` is (a, b, c) of the error ``a * n ** -b + c``, n in pictures.
    ``ahead`` looks at 25 % more pictures, 50 %, twice and four times as many; ``advice`` is the fewest more that bring
    3 points, or twice as many. ``verdict``: ``gain`` where the band of the advice lies above half a point, ``little``
    where it lies below one, else ``unclear``.
    """

    name: str
    measure: str
    score: float
    points: tuple[ForecastPoint, ...]
    law: tuple[float, float, float]
    ahead: tuple[Ahead, ...]
    advice: Ahead
    verdict: str

    def sentence(self, language: Language = "en") -> str:
        """What more pictures should bring, or that these cannot tell."""
        low, high = self.advice.score_band
        kind = "class" if self.name else "all"
        return say(
            f"forecast.{kind}.{self.verdict}", language, name=shown(self.name), extra=self.advice.extra,
            gain=f"{100 * self.advice.gain:.1f}", low=low, high=high,
        )  # fmt: skip


@dataclass(frozen=True)
class Forecast:
    """``overall``, and the ``weakest`` classes of the test; ``trained`` pictures taught the heads, ``scored`` were
    scored. ``reason`` is why there is no curve: ``train`` or ``scored`` for too few of those pictures.
    """

    trained: int
    scored: int
    overall: Curve | None
    weakest: tuple[Curve, ...]
    reason: str = ""

    def sentences(self, language: Language = "en") -> list[str]:
        """What is to be said of all pictures, then of each weak class."""
        if self.overall is None:
            return [say(f"forecast.too_few.{self.reason}", language, trained=self.trained, scored=self.scored)]
        return [curve.sentence(language) for curve in (self.overall, *self.weakest)]


class ForecastPart(SlowPart[Forecast]):
    """What more pictures should bring."""

    name = "forecast"

    def steps(self, report: RunReport, progress: PartProgress) -> Generator[Step, None, Forecast | None]:
        """See :class:`SlowPart`."""
        if report.report is None:
            return None
        split, scored = report.split, (*report.split.validation, *report.split.test)
        if len(split.train) < FEWEST_TRAIN or len(scored) < FEWEST_SCORED:
            reason = "train" if len(split.train) < FEWEST_TRAIN else "scored"
            return Forecast(len(split.train), len(scored), None, (), reason)
        weak = weakest(report)
        jobs = [(label, place) for label in (None, *weak) for place in range(len(SHARES))]
        total = len(split.train) + len(scored) + CHUNK * len(jobs)
        data = yield from _features(report, total)
        found: dict[int | None, list[heads.HeadPredictions]] = {}
        for number, (label, place) in enumerate(jobs):
            yield Step(total - CHUNK * (len(jobs) - number), total)
            name = f"{'all' if label is None else label}-{place}"
            answers = progress.load(name)
            if answers is None:
                draws = (DRAWS if label is None else DRAWS_OF_A_CLASS)[place]
                answers = heads.answers(data, SHARES[place], draws, label, seed=place)
                progress.save(name, answers.to_json())
            else:
                answers = heads.HeadPredictions.from_json(answers)
            found.setdefault(label, []).append(answers)
        return _forecast(report, data, found)

    def to_json(self, value: Forecast) -> dict[str, Any]:
        """See :class:`Part`; with the sentences in English."""
        return {**asdict(value), "sentences": value.sentences()}

    def from_json(self, stored: Any) -> Forecast:
        """See :class:`Part`."""
        overall = stored["overall"]
        return Forecast(
            int(stored["trained"]), int(stored["scored"]), None if overall is None else _curve(overall),
            tuple(map(_curve, stored["weakest"])), str(stored["reason"]),
        )  # fmt: skip


FORECAST = ForecastPart()


def weakest(report: RunReport) -> list[int]:
    """The labels of the classes with the lowest F1 in the test, where there are enough pictures to draw from.

    With two classes what helps one helps the other, so the curve over all says it.
    """
    if report.report is None or len(report.report.classes) < 3:
        return []
    trained = np.bincount([each.label for each in report.split.train], minlength=len(report.report.classes))
    scored = np.bincount(
        [each.label for each in (*report.split.validation, *report.split.test)], minlength=len(trained)
    )
    known = [
        (row.f1, label)
        for label, row in enumerate(report.report.per_class)
        if row.support and trained[label] >= FEWEST_OF_CLASS and scored[label] >= FEWEST_SCORED_OF_CLASS
    ]
    return [label for f1, label in sorted(known)[:WEAKEST] if f1 < 0.995]


def _features(report: RunReport, total: int) -> Generator[Step, None, heads.Features]:
    """The pictures of the run as features, computed or from the cache; very many training pictures are sampled."""
    from resnet_studio.evaluation.embedding import Backbone, embed

    split = report.split
    train, scored = _some(split.train, MOST_TRAIN), _some((*split.validation, *split.test), MOST_SCORED)
    samples = [*train, *scored]
    backbone, cache = Backbone.of_run(report.run), ArrayCache(report.run.folder.parent.parent / "cache")
    rows: list[NDArray[np.float32]] = []
    for start in range(0, len(samples), CHUNK):
        yield Step(start, total)
        some = samples[start : start + CHUNK]
        rows.append(embed(backbone, [split.path(each) for each in some], [e.content or e.file for e in some], cache))
    features = np.concatenate(rows)
    features = features[:, features.shape[1] // 3 :]  # the last stage: what a head is put on
    labels = np.array([each.label for each in samples], np.int64)
    groups = np.unique([e.group or e.content or e.file for e in samples], return_inverse=True)[1]
    readable = np.isfinite(features).all(1)
    first = np.arange(len(samples)) < len(train)
    of_train, of_scored = readable & first, readable & ~first
    return heads.Features(
        features[of_train], labels[of_train], features[of_scored], labels[of_scored], groups[of_scored],
        len(split.classes), len(split.train),
    )  # fmt: skip


def _some(samples: Sequence[Sample], most: int) -> list[Sample]:
    """All ``samples``, or about ``most`` of them, as many of each class as its share."""
    if len(samples) <= most:
        return list(samples)
    places = heads.stratified([each.label for each in samples], most / len(samples), np.random.default_rng(0))
    return [samples[place] for place in places]


def _forecast(
    report: RunReport, data: heads.Features, found: dict[int | None, list[heads.HeadPredictions]]
) -> Forecast:
    assert report.report is not None
    curves = []
    for label, answers in found.items():
        score, name, tested = report.report.accuracy, "", report.report.count
        if label is not None:
            row = report.report.per_class[label]
            score, name, tested = row.f1, row.name, row.support
        curves.append(curve_of(name, score, data, answers, label, tested=tested))
    return Forecast(len(data.train_labels), len(data.labels), curves[0], tuple(curves[1:]))


def curve_of(
    name: str,
    score: float,
    data: heads.Features,
    answers: Sequence[heads.HeadPredictions],
    label: int | None,
    *,
    tested: int,
    extras: Sequence[int] | None = None,
) -> Curve:
    """The curve through the ``answers`` of heads on ever more pictures; ``score`` is what the run itself reached
    with so many ``tested`` pictures.

    ``extras`` are the numbers of more pictures that are looked at, else shares of those that there are.
    """
    scored = Scored(
        np.array([each.count for each in answers], float), [each.predicted for each in answers], data.labels,
        data.groups, label,
    )  # fmt: skip
    fitted = extrapolate(scored)
    present = round(answers[-1].count * data.trained / len(data.train_labels))

    def look(extra: int) -> Ahead:
        return _ahead(fitted.target(present, extra), score, tested)

    ahead = tuple(look(extra) for extra in extras or [max(1, round(present * share)) for share in MORE])
    worth_it = (found for extra in _round_numbers(present) if (found := look(extra)).gain >= WORTH)
    advice = next(worth_it, None) or look(present)
    points = tuple(
        ForecastPoint(each.count, float(of_draw.mean()), float(of_draw.min()), float(of_draw.max()), len(of_draw))
        for each, of_draw in zip(answers, scored.scores, strict=True)
    )
    low, high = advice.gain_band
    verdict = "gain" if low > 0.005 and advice.gain > 0.005 else "little" if high < 0.01 else "unclear"
    return Curve(name, "f1" if name else "accuracy", score, points, fitted.law, ahead, advice, verdict)


def _round_numbers(most: int) -> Sequence[int]:
    """Up to twenty round numbers up to ``most``, the number of pictures that there are."""
    steps = (base * 10**power for power in range(9) for base in (1, 2, 5))
    step = next(each for each in steps if each >= 5 and each * 20 >= most)
    return range(step, most + 1, step)


def _ahead(target: Target, score: float, tested: int) -> Ahead:
    def then(gain: float) -> float:
        return float(min(1.0, max(0.0, score + gain)))

    expected = then(target.gain)
    by_chance = NINE_OF_TEN * np.sqrt(2 * expected * (1 - expected) / max(1, tested))  # of both tests
    low, high = (end - target.gain for end in target.measured)
    band = then(target.gain - float(np.hypot(low, by_chance))), then(target.gain + float(np.hypot(high, by_chance)))
    return Ahead(target.extra, target.gain, target.band, expected, band)


def _curve(values: Any) -> Curve:
    def ahead(each: Any) -> Ahead:
        return Ahead(**{**each, "gain_band": tuple(each["gain_band"]), "score_band": tuple(each["score_band"])})

    return Curve(**{
        **values, "points": tuple(ForecastPoint(**each) for each in values["points"]), "law": tuple(values["law"]),
        "ahead": tuple(map(ahead, values["ahead"])), "advice": ahead(values["advice"]),
    })  # fmt: skip
