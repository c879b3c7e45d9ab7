"""Linear heads on parts of the training pictures: how good would the answers be with fewer of them?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CS = (1e-4, 1e-3, 1e-2, 1e-1)
"""Inverse strengths of the L2 penalty, as the linear probe of a training tries them."""
FOLDS = 3
LEAST = 2
ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class Features:
    """``train`` [N, F] with labels [N], and ``scored`` [M, F] with ``labels`` and ``groups`` [M], which were kept
    together; of ``classes`` classes. The run was trained on ``trained`` pictures, of which N may be a sample.
    """

    train: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    scored: NDArray[np.float32]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: int
    trained: int


@dataclass(frozen=True, eq=False)
class HeadPredictions:
    """What heads on ``count`` pictures ``predicted`` [draws, M]; of one class, ``count`` are those of this class."""

    count: int
    predicted: NDArray[np.int64]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"count": self.count, "predicted": self.predicted.tolist()}

    @classmethod
    def from_json(cls, values: Any) -> HeadPredictions:
        """Read what :meth:`to_json` wrote."""
        return cls(int(values["count"]), np.array(values["predicted"], np.int64))


def stratified(labels: Sequence[int], share: float, draw: np.random.Generator) -> NDArray[np.int64]:
    """The places of a ``share`` of each class, at least two pictures where it has them, in their order."""
    given = np.asarray(labels)
    chosen = []
    for label in np.unique(given):
        members = np.flatnonzero(given == label)
        count = min(len(members), max(LEAST, round(share * len(members))))
        chosen.append(draw.permutation(members)[:count])
    return np.sort(np.concatenate(chosen))


def answers(data: Features, share: float, draws: int, label: int | None, *, seed: int) -> HeadPredictions:
    """Of heads on a ``share`` of all classes, or of the class ``label`` alone beside all pictures of the others.

    A class with few pictures is seldom answered for that reason alone; so that a head shows what it learned from them,
    classes then count alike, and the penalty is that which is best with all pictures.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # several threads wait for each other longer than such small products take
        return _answers(data, share, draws, label, np.random.default_rng([seed, 0 if label is None else label + 1]))


def _answers(data: Features, share: float, draws: int, label: int | None, draw: np.random.Generator) -> HeadPredictions:
    middle, scale = data.train.mean(0), data.train.std(0) + 1e-6
    train, scored = (data.train - middle) / scale, (data.scored - middle) / scale
    predicted, strength, count = [], None if label is None else _strength(train, data.train_labels, draw), 0
    for _ in range(draws):
        chosen = _drawn(data.train_labels, share, label, draw)
        features, labels = train[chosen], data.train_labels[chosen]
        count = int((labels == label).sum()) if label is not None else len(chosen)
        strength = _strength(features, labels, draw) if strength is None else strength
        predicted.append(_predict(features, labels, scored, strength, balanced=label is not None))
    return HeadPredictions(count, np.stack(predicted))


def _drawn(labels: NDArray[np.int64], share: float, label: int | None, draw: np.random.Generator) -> NDArray[np.int64]:
    if label is None:
        return stratified(labels.tolist(), share, draw)
    members, others = np.flatnonzero(labels == label), np.flatnonzero(labels != label)
    count = min(len(members), max(LEAST, round(share * len(members))))
    return np.sort(np.concatenate([draw.permutation(members)[:count], others]))


def _strength(features: NDArray[np.float32], labels: NDArray[np.int64], draw: np.random.Generator) -> float:
    """The C that does best by cross-validation within these pictures; the largest where a class has too few."""
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    if np.bincount(labels)[np.unique(labels)].min() < FOLDS:
        return CS[-1]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=int(draw.integers(2**31)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = GridSearchCV(_regression(1.0), {"C": CS}, cv=folds).fit(features, labels)
    return float(search.best_params_["C"])


def _predict(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    scored: NDArray[np.float32],
    strength: float,
    *,
    balanced: bool,
) -> NDArray[np.int64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an early end of the search is fine here
        found: NDArray[np.int64] = _regression(strength, balanced=balanced).fit(features, labels).predict(scored)
    return found


def _regression(strength: float, *, balanced: bool = False) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=ITERATIONS, class_weight="balanced" if balanced else None)
