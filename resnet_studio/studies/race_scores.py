"""What the cells of a race are compared by: the accuracy or, where a training would balance the classes, the mean of
the shares of each class that was right; with its intervals, differences, and what guessing would reach.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from resnet_studio.evaluation.report import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

Measure = Literal["accuracy", "balanced_accuracy"]

LITTLE = 0.01
"""A larger size or network that gains less than this, at the upper end of its interval, is clearly not worth it."""
RIGHT, WRONG, LEFT_OUT = "1", "0", "-"


@dataclass(frozen=True)
class Scoring:
    """How answers, a sign a picture, are scored: ``groups`` [pictures] says what was kept together, ``labels``
    [pictures] which class each is of, ``even`` whether all classes count alike. Without ``labels`` no guess is known.
    """

    groups: Sequence[str]
    labels: Sequence[int] = ()
    even: bool = False

    @property
    def measure(self) -> Measure:
        """What the score is called."""
        return "balanced_accuracy" if self.even else "accuracy"

    @property
    def guess(self) -> float:
        """The score of guessing: always the largest class or, where all classes count alike, any."""
        counts = Counter(self.labels).values()
        if not counts:
            return 0.0
        return 1 / len(counts) if self.even else max(counts) / sum(counts)

    def score(self, answers: str) -> float:
        """The share of the scored pictures that was right; 0 without any."""
        right, weights, *_ = self._scored(answers)
        return float(right @ weights)

    def interval(self, answers: str) -> tuple[float, float]:
        """Wilson's 95 % interval of the score, which counts groups, not pictures, where these were kept together.

        Where all classes count alike, it is that of as many pictures as have the same variance, were all classes
        equally hard (Kish, Survey Sampling, 1965, section 11.7).
        """
        right, weights, strata, groups = self._scored(answers)
        if not len(right):
            return 0.0, 1.0
        known = np.unique(strata)
        independent = len(known) ** 2 / sum(1 / len(np.unique(groups[strata == each])) for each in known)
        return wilson_interval(float(right @ weights) * independent, independent)

    def beats_guessing(self, answers: str) -> bool:
        """Whether the answers are better than a guess by more than chance: their interval lies above it."""
        return self.interval(answers)[0] > self.guess

    def gains(self, first: str, second: str) -> tuple[float, float]:
        """How much better the ``first`` answers score than the ``second``, of the pictures that both have, and the
        standard error of that, in which pictures of one group count as one draw.
        """
        both = "".join(LEFT_OUT if LEFT_OUT in (one, other) else one for one, other in zip(first, second, strict=True))
        right, weights, strata, groups = self._scored(both)
        if not len(right):
            return 0.0, 1.0
        other = np.array([sign == RIGHT for sign, kept in zip(second, both, strict=True) if kept != LEFT_OUT], float)
        differences = right - other
        expected = np.zeros(len(differences))
        for each in np.unique(strata):
            expected[strata == each] = differences[strata == each].mean()
        sums = np.bincount(groups, weights=weights * (differences - expected))
        return float(weights @ differences), float(np.sqrt((sums**2).sum()))

    def within_error(self, best: str, other: str) -> bool:
        """Whether what ``other`` lacks of ``best`` lies within the standard error of the difference, in which one more
        picture counts as answered differently, one that weighs most: a single one says nothing.
        """
        mean, error = self.gains(best, other)
        most = max(self._scored(RIGHT * len(self.groups))[1], default=1.0)
        return mean <= math.hypot(error, most)

    def no_use(self, larger: str, smaller: str) -> bool:
        """Whether the ``larger`` of two cells clearly gains nothing to speak of: 95 % of its interval lie below."""
        mean, error = self.gains(larger, smaller)
        return mean + 1.96 * error < LITTLE

    def _scored(
        self, answers: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Of the pictures with an answer: whether it is right, what the picture weighs, its stratum, its group."""
        places = np.array([place for place, sign in enumerate(answers) if sign != LEFT_OUT], np.int64)
        right = np.array([answers[place] == RIGHT for place in places], np.float64)
        if not len(places):
            return right, np.zeros(0), places, places
        strata = np.asarray(self.labels, np.int64)[places] if self.even else np.zeros(len(places), np.int64)
        known, numbers, counts = np.unique(strata, return_inverse=True, return_counts=True)
        groups = np.unique([self.groups[place] for place in places], return_inverse=True)[1]
        return right, 1 / (len(known) * counts[numbers]), strata, groups
