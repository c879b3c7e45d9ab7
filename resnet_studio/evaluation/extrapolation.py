"""From the answers of heads on fewer pictures to the score on more, with a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.evaluation import power_law
from resnet_studio.evaluation.power_law import PowerLaws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 1_000
BAND = (5.0, 95.0)


@dataclass(frozen=True, eq=False)
class Scored:
    """``predicted`` has for each of the ``counts`` [S] of pictures the answers [draws, M] of heads on so many.

    ``labels`` [M] are the true ones, ``groups`` [M] say what was kept together. The score is the accuracy, or the F1 of
    the class ``label``.
    """

    counts: Floats
    predicted: Sequence[NDArray[np.int64]]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    label: int | None = None

    @cached_property
    def scores(self) -> list[Floats]:
        """For each count the score of each draw."""
        everything = np.ones((1, len(self.labels)))
        return [self.weighted(each, everything)[0] for each in self.predicted]

    def weighted(self, predicted: NDArray[np.int64], weights: Floats) -> Floats:
        """The scores [R, draws] of ``predicted`` [draws, M] where pictures count by ``weights`` [R, M]."""
        if self.label is None:
            accuracy: Floats = (weights @ (predicted == self.labels).T) / weights.sum(1, keepdims=True)
            return accuracy
        said, is_it = predicted == self.label, self.labels == self.label
        both = 2 * (weights @ (said & is_it).T)
        all_of = weights @ said.T + (weights @ is_it)[:, None]
        f1: Floats = both / np.maximum(all_of, 1)
        return f1


@dataclass(frozen=True)
class Target:
    """What ``extra`` pictures bring: the expected ``gain`` and its 90 % ``band``. What another training then gains when
    it is ``measured`` on the same pictures differs by more, as two trainings on as many pictures differ.
    """

    extra: int
    gain: float
    band: tuple[float, float]
    measured: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Fitted:
    """The curve through the mean scores, and those through resampled ones; ``now`` [R] are their scores at the end.

    ``noise``: the standard deviation of a score from one draw of training pictures to another.
    """

    central: PowerLaws
    resampled: PowerLaws
    now: Floats
    count: float
    noise: float

    @property
    def law(self) -> tuple[float, float, float]:
        """a, b and c of the error ``a * n ** -b + c``."""
        return float(self.central.a[0]), float(self.central.b[0]), float(self.central.c[0])

    def target(self, present: float, extra: float) -> Target:
        """What ``extra`` pictures should bring beside the ``present``, which may be more than heads were fitted to."""
        draw, count = np.random.default_rng(1), present + extra
        before, after = self.resampled.error(present), self.resampled.error(count)
        noise = draw.normal(0, self.noise, len(after))
        now = self.now if present == self.count else 1 - before
        gain = float(self.central.error(present)[0] - self.central.error(count)[0])
        low, high = np.percentile(before - after, BAND)
        lowest, highest = np.percentile(1 - after + noise - now, BAND)
        band = float(min(low, gain)), float(max(high, gain))
        return Target(round(extra), gain, band, (float(min(lowest, gain)), float(max(highest, gain))))


def extrapolate(scored: Scored, *, seed: int = 0) -> Fitted:
    """Fit the curve to the scores; pictures that were kept together are resampled together, draws among draws."""
    draw = np.random.default_rng(seed)
    weights = group_weights(scored.groups, RESAMPLES, draw)
    noise = _noise(scored)
    columns = []
    for predicted in scored.predicted:
        of_draws = scored.weighted(predicted, weights)
        chosen = draw.integers(0, len(predicted), of_draws.shape)
        column = np.take_along_axis(of_draws, chosen, 1).mean(1)
        if len(predicted) == 1:  # one draw does not show how much another one would differ
            column = column + draw.normal(0, noise, len(column))
        columns.append(column)
    resampled = np.stack(columns, 1)
    means = np.array([[each.mean() for each in scored.scores]])
    return Fitted(
        power_law.fit(scored.counts, 1 - means), power_law.fit(scored.counts, 1 - resampled),
        resampled[:, -1], float(scored.counts[-1]), noise,
    )  # fmt: skip


def _noise(scored: Scored) -> float:
    """See :attr:`Fitted.noise`: from the draws of the largest part that has several.

    Draws without replacement share many pictures, so they differ by too little, by the finite population correction
    (Cochran 1977, section 2.6). A handful of scores shows a spread badly; how often the draws disagree on a picture
    gives the spread that these disagreements alone make. The larger of the two counts.
    """
    last = scored.counts[-1]
    several = [at for at, each in enumerate(scored.predicted) if len(each) > 1 and scored.counts[at] < last]
    if not several:
        return 0.0
    predicted, part = scored.predicted[several[-1]], scored.counts[several[-1]] / last
    of_draws = float(scored.scores[several[-1]].var(ddof=1))
    right = predicted == scored.labels
    counted = np.ones(len(scored.labels), bool)
    if scored.label is not None:  # F1 of a class: of what is of this class, or was called so
        counted = (scored.labels == scored.label) | (predicted == scored.label).any(0)
    of_flips = float(right[:, counted].var(0, ddof=1).sum()) / max(1, int(counted.sum())) ** 2
    return float(np.sqrt(max(of_draws, of_flips) / (1 - part)))


def group_weights(groups: NDArray[Any], resamples: int, draw: np.random.Generator) -> Floats:
    """How often each of M pictures is in each of so many resamples of the ``groups`` [M]: [resamples, M]."""
    names, place = np.unique(groups, return_inverse=True)
    drawn = draw.multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    found: Floats = drawn[:, place].astype(float)
    return found
