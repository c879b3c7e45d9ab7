"""Which labels are likely wrong: what a linear classifier says of pictures that it was not fitted to.

Out-of-fold probabilities of a logistic regression on pooled features; confident learning (Northcutt et al., arXiv
1911.00068, in the library cleanlab) ranks the labels by them and estimates how many are wrong. Where the classifier
errs more often than people do, that estimate counts its errors too. So no more are estimated than the share of labels
that it contradicts where it is surest, of a classifier that is often wrong by the lower end of that share's interval,
and of those only labels that are more likely wrong than right, given that share: taking all suggestions should not make
a set worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.errors import DataError
from resnet_studio.evaluation.report import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Whole = NDArray[np.int64]

Progress = Callable[[int, int], None]
FOLDS, REPEATS, MOST_REPEATED = 5, 3, 3_000
"""Small sets are cut into folds several times over, and the probabilities averaged."""
STRENGTH, USUAL = 0.77, 240
"""C is so much for one standardised feature: 0.001 for the 768 of a ResNet-18. Sets of fewer pictures than usual have
more, as C counts each picture."""
RARE = 10
"""A class with fewer pictures than this is too rare for its labels to be judged."""
SUREST = 0.1
LEAST_SURE = 30
RELIABLE = 0.8
"""A classifier has to agree with so many labels, or about half of its suggestions are its own errors: cats and dogs of
CIFAR-10 (0.75), its ten classes (0.64). At 0.81, ten classes of Tiny ImageNet, nearly all are right."""
HOPELESS = 0.5
"""Contradicting labels half as often as by guessing even where it is surest, a classifier tells nothing."""


@dataclass(frozen=True)
class Judged:
    """What was found of N labels.

    ``order`` [N] has their places, the likeliest wrong first; ``score`` [N] is how likely each is wrong, as far as
    ranks go, 0 to 1; ``suggested`` [N] the likeliest other class; ``probabilities`` [N, classes] are out of fold.
    ``estimate`` of the first in the order are more likely wrong than right. ``rare`` classes could not be judged.
    """

    order: Whole
    score: Floats
    suggested: Whole
    probabilities: Floats
    estimate: int
    rare: tuple[int, ...]


def judge(
    features: Floats,
    labels: Whole,
    classes: int,
    contents: Sequence[str],
    *,
    reviewed: Sequence[bool] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Judged:
    """Judge ``labels`` [N] by ``features`` [N, F]; pictures of equal ``contents`` are held out together.

    ``reviewed`` labels were looked at by a person: they come last and are not counted. Raises :class:`DataError` for
    fewer than two classes that can be judged.
    """
    from cleanlab.count import num_label_issues
    from cleanlab.rank import get_label_quality_scores

    counts = np.bincount(labels, minlength=classes)
    if (counts >= 2).sum() < 2:
        raise DataError("error.review.few")
    probabilities = out_of_fold(features, labels, classes, contents, seed, progress)
    quality = get_label_quality_scores(labels, _floored(probabilities), method="self_confidence")
    rare = tuple(int(label) for label in np.flatnonzero((counts > 0) & (counts < RARE)))
    unsure = np.isin(labels, rare)
    done = np.array(reviewed, bool) if len(reviewed) else np.zeros(len(labels), bool)
    order = np.lexsort((quality, unsure, done))
    others = probabilities.copy()
    others[np.arange(len(labels)), labels] = -1
    suggested = others.argmax(1)
    wanted = ~unsure & ~done
    contradicted, surely = _contradicted(probabilities, labels)
    if contradicted > HOPELESS * (1 - counts.max() / len(labels)):
        wanted[:] = False
    if (probabilities.argmax(1) == labels).mean() < RELIABLE:
        contradicted = surely
    share = min(num_label_issues(labels, _floored(probabilities)) / len(labels), contradicted)
    likely = wanted & (_wrong(probabilities, labels, share) > 0.5)
    estimate = min(int(likely.sum()), round(share * len(labels)))
    return Judged(order, 1 - quality, suggested, probabilities, estimate, rare)


def out_of_fold(
    features: Floats, labels: Whole, classes: int, contents: Sequence[str], seed: int, progress: Progress | None = None
) -> Floats:
    """Probabilities [N, classes] of each picture by classifiers that were fitted without it and its copies."""
    import torch

    from resnet_studio.training import probe

    values, answers = torch.from_numpy(np.asarray(features, np.float32)), torch.from_numpy(labels)
    repeats = REPEATS if len(labels) <= MOST_REPEATED else 1
    C = strength(*features.shape)
    total = np.zeros((len(labels), classes))
    for repeat in range(repeats):
        fold = folds(labels, contents, seed + repeat)
        for out in range(FOLDS):
            held = torch.from_numpy(fold == out)
            if not held.any() or held.all():
                continue
            fitted = probe.fit(values[~held], answers[~held], classes, seed, C=C)
            logits = (values[held] @ fitted.weight.T + fitted.bias).double()
            total[fold == out] += torch.softmax(logits, 1).numpy()
            if progress is not None:
                progress(repeat * FOLDS + out + 1, repeats * FOLDS)
    found: Floats = total / total.sum(1, keepdims=True)
    return found


def strength(pictures: int, features: int) -> float:
    """scikit-learn's C for this number of ``pictures`` and ``features``."""
    return STRENGTH / features * max(1.0, USUAL / pictures)


def folds(labels: Whole, contents: Sequence[str], seed: int) -> Whole:
    """A fold for each picture, as many of each class in each; equal ``contents`` share one."""
    draw = np.random.default_rng(seed)
    keys: dict[str, int] = {}
    group = np.array([keys.setdefault(content, len(keys)) for content in contents])
    _, first = np.unique(group, return_index=True)
    shuffled = draw.permutation(len(first))
    shuffled = shuffled[np.argsort(labels[first[shuffled]], kind="stable")]
    of_group = np.empty(len(first), np.int64)
    of_group[shuffled] = np.arange(len(first)) % FOLDS
    found: Whole = of_group[group]
    return found


def _floored(probabilities: Floats) -> Floats:
    """``probabilities``, none of exactly 0."""
    floored = np.maximum(probabilities, 1e-9)
    found: Floats = floored / floored.sum(1, keepdims=True)
    return found


def _contradicted(probabilities: Floats, labels: Whole) -> tuple[float, float]:
    """The share of labels that are contradicted where the classifier is surest: there its own errors are few; and the
    lower end of the interval of that share.
    """
    some = max(LEAST_SURE, round(SUREST * len(labels)))
    surest = np.argsort(-probabilities.max(1), kind="stable")[:some]
    count = int((probabilities[surest].argmax(1) != labels[surest]).sum())
    return count / len(surest), wilson_interval(count, len(surest))[0]


def _wrong(probabilities: Floats, labels: Whole, share: float) -> Floats:
    """How likely each label is wrong [N], where that ``share`` of all is, spread evenly over the other classes.

    A calibrated classifier gives the given label ``p (1 - share) + (1 - p) share / (classes - 1)``, where p is how
    likely it is the true one.
    """
    rows = np.arange(len(labels))
    given = _calibrated(probabilities, labels)[rows, labels]
    classes = probabilities.shape[1]
    by_chance = share / (classes - 1)
    true = np.clip((given - by_chance) / max(1e-9, 1 - share - by_chance), 0, 1)
    wrong: Floats = 1 - true * (1 - share) / np.maximum(given, 1e-9)
    return np.where(probabilities.argmax(1) == labels, 0.0, wrong)


def _calibrated(probabilities: Floats, labels: Whole) -> Floats:
    """``probabilities`` at the temperature that makes ``labels`` likeliest (Guo et al., arXiv 1706.04599)."""
    from scipy.optimize import minimize_scalar

    logs = np.log(np.maximum(probabilities, 1e-12))
    rows = np.arange(len(labels))

    def scaled(sharpness: float) -> Floats:
        values = logs * sharpness
        found: Floats = values - np.logaddexp.reduce(values, axis=1, keepdims=True)
        return found

    best = minimize_scalar(lambda each: -scaled(each)[rows, labels].mean(), bounds=(0.2, 5.0), method="bounded").x
    return np.exp(scaled(float(best)))


def nearest(features: Floats, labels: Whole, place: int, label: int, most: int = 4) -> list[int]:
    """The places of the pictures of ``label`` most like the one at ``place``, by the cosine of their features."""
    there = np.flatnonzero((labels == label) & (np.arange(len(labels)) != place))
    if not len(there):
        return []
    return [int(each) for each in there[np.argsort(-(features[there] @ features[place]), kind="stable")[:most]]]


def unit(features: Floats) -> Floats:
    """``features`` [N, F], standardised, each row of length 1."""
    standard = (features - features.mean(0)) / (features.std(0) + 1e-6)
    found: Floats = standard / np.maximum(np.linalg.norm(standard, axis=1, keepdims=True), 1e-9)
    return found
