"""Exchanging a place of pictures for that of another class: where answers follow, the place gives the class away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Place = Literal[
    "top_left", "top_right", "bottom_left", "bottom_right", "top", "bottom", "left", "right", "border", "cast"
]
PLACES: tuple[Place, ...] = get_args(Place)
CORNERS, EDGES = PLACES[:4], PLACES[4:8]
DEPTH, RIM = 0.25, 0.12
"""How far corners and edges, and the border, reach into the picture."""
USUAL: Mapping[Place, float] = {
    **dict.fromkeys(CORNERS, 0.15), **dict.fromkeys(EDGES, 0.35), "border": 0.8, "cast": 0.15,
}  # fmt: skip
"""The share of answers that may follow the place in sets without a mark: what was measured on photographs, CIFAR-10 and
Tiny ImageNet, rounded up. In small pictures the border is much of the things themselves."""
LEVEL = 0.05


@dataclass(frozen=True)
class ExchangeTest:
    """Of ``count`` pictures that were not called ``label``, ``followed`` were, once they had that class's ``place``.

    The class is the one whose place convinces most; ``called`` where that is more than sets without a mark have, by a
    binomial test with Bonferroni's correction.
    """

    place: Place
    label: int
    followed: int
    count: int
    called: bool

    @property
    def share(self) -> float:
        """Of the pictures whose answer followed."""
        return self.followed / self.count if self.count else 0.0


def region(place: Place, side: int) -> NDArray[np.bool_]:
    """Where ``place`` lies in a view, bool [side, side]."""
    found = np.zeros((side, side), bool)
    deep, rim, quarter = max(1, round(DEPTH * side)), max(1, round(RIM * side)), side // 4
    if place == "border":
        found[:] = True
        found[rim : side - rim, rim : side - rim] = False
        return found
    middle = slice(quarter, side - quarter)
    rows = slice(0, deep) if "top" in place else slice(side - deep, side) if "bottom" in place else middle
    columns = slice(0, deep) if "left" in place else slice(side - deep, side) if "right" in place else middle
    found[rows, columns] = True
    return found


def exchanged(views: NDArray[np.uint8], others: NDArray[np.uint8], place: Place) -> NDArray[np.uint8]:
    """``views`` [N, side, side, 3] with the ``place`` of ``others`` [N, side, side, 3]; or with their colour cast."""
    if place != "cast":
        found: NDArray[np.uint8] = np.where(region(place, views.shape[1])[None, :, :, None], others, views)
        return found
    own, theirs = _cast(views), _cast(others)
    return np.clip(np.round(views * (theirs / own)), 0, 255).astype(np.uint8)


def chosen_donors(labels: NDArray[Any], seed: int = 0) -> NDArray[np.int64]:
    """For each picture the place of one of another class: each class gives about equally often."""
    draw = np.random.default_rng(seed)
    classes = np.unique(labels)
    found = np.empty(len(labels), np.int64)
    for turn, at in enumerate(draw.permutation(len(labels))):
        others = classes[classes != labels[at]]
        found[at] = draw.choice(np.flatnonzero(labels == others[turn % len(others)]))
    return found


def _cast(views: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean of each channel by the mean of all, [N, 1, 1, 3]."""
    means = views.mean((1, 2), keepdims=True) + 1
    found: NDArray[np.float64] = means / means.mean(-1, keepdims=True)
    return found


Followers = dict[int, tuple[int, int]]
"""For a class: how many answers became it with its place, of how many that were another."""


def followers(given: NDArray[Any], before: NDArray[Any], after: NDArray[Any]) -> Followers:
    """``given`` [N] are the classes of the donors."""
    found = {}
    for label in np.unique(given).tolist():
        asked = (given == label) & (before != label)
        if asked.any():
            found[label] = int((asked & (after == label)).sum()), int(asked.sum())
    return found


def convincing(place: Place, given: Mapping[Place, Followers], classes: int) -> ExchangeTest:
    """The class that ``place`` convinces most of, and whether that is called out."""
    chances = {label: _chance(place, label, given) for label in given[place]}
    if not chances:
        return ExchangeTest(place, 0, 0, 0, called=False)
    label = min(chances, key=lambda each: (chances[each], -given[place][each][0]))
    called = chances[label] * classes * len(PLACES) < LEVEL
    return ExchangeTest(place, label, *given[place][label], called)


def _chance(place: Place, label: int, given: Mapping[Place, Followers]) -> float:
    """The p-value of so many followers where there is no mark.

    A mark lies in one corner, or at one edge: there the answers must follow more often than at the others of its kind
    (Fisher's exact test), and in any case more often than is usual (binomial test).
    """
    from scipy.stats import binomtest, fisher_exact

    followed, count = given[place][label]
    unusual = float(binomtest(followed, count, USUAL[place], "greater").pvalue)
    kind = next((each for each in (CORNERS, EDGES) if place in each), None)
    if kind is None:
        return unusual
    others = [given[other].get(label, (0, 0)) for other in kind if other != place]
    rest, asked = sum(each[0] for each in others), sum(each[1] for each in others)
    table = [[followed, count - followed], [rest, asked - rest]]
    return max(float(fisher_exact(table, "greater").pvalue), unusual)
