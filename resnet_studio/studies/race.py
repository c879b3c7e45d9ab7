"""Which network? Networks, starting weights, freeze levels and picture sizes, compared by cross-validation.

All pictures that a training would train on or validate with are scored out of fold; its test pictures are left alone.
Where all stages are frozen, the head is fitted to cached features. Where some are trained, the network is fine-tuned
for a few epochs instead of all, with the settings that a training would have. The same pictures are scored everywhere,
so that two cells are compared picture by picture. ``racing`` computes the cells; here is what follows from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from resnet_studio.config import DEPTHS, Depth, Freeze
from resnet_studio.evaluation.report import wilson_interval
from resnet_studio.model import anatomy, architecture, weights
from resnet_studio.text import Language, say

VERSION = 1
SIZES = (64, 96, 128, 160, 224)
MOST_SIZE_OF_STARTER = 160
LEVELS: tuple[Freeze, ...] = ("layer4", "layer3", "layer2")
FOLDS = 3
MOST_PICTURES = 2_000
SHORT_EPOCHS = 6
LITTLE = 0.01
"""A larger size or network that gains less than this, at the upper end of its interval, is clearly not worth it."""
NOTHING_LEFT = 0.005
RIGHT, WRONG, LEFT_OUT = "1", "0", "-"


@dataclass(frozen=True)
class Candidate:
    """A network of ``depth`` that starts from ``weights``, frozen up to ``freeze``, for pictures of ``size`` px."""

    depth: Depth
    weights: str
    freeze: Freeze
    size: int

    @property
    def key(self) -> str:
        """What it is called in a file."""
        return f"{self.depth}/{self.weights}/{self.freeze}/{self.size}"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a training that take it."""
        return {"family": "resnet", "depth": self.depth, "weights": self.weights, "freeze": self.freeze,
                "picture_size": self.size}  # fmt: skip

    @property
    def name(self) -> str:
        """The network's name."""
        return architecture.get(self.depth).title


@dataclass(frozen=True)
class Cell:
    """What a candidate came to: ``answers`` has one sign a picture of the race, right, wrong or left out.

    ``seconds`` is what the cell took here, ``milliseconds`` a prediction of one picture, ``memory_megabytes`` the
    numbers that a training holds (weights, gradients, moments, maps of a batch), ``megabytes`` the checkpoint.
    ``epochs`` is 0 where a head was fitted to cached features.
    """

    candidate: Candidate
    answers: str
    interval: tuple[float, float]
    seconds: float
    milliseconds: float
    megabytes: float
    memory_megabytes: float
    epochs: int

    @property
    def accuracy(self) -> float:
        """The share of the scored pictures that was right."""
        right = self.answers.count(RIGHT)
        return right / max(1, right + self.answers.count(WRONG))

    @property
    def cost(self) -> tuple[float, float, int]:
        """What decides where accuracies cannot be told apart: the file, the arithmetic of an answer, the training."""
        found = self.candidate
        return (
            self.megabytes,
            sum(anatomy.gflops(found.depth, found.size).values()),
            -LEVELS_BY_COST.index(found.freeze),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, without the answers."""
        values = {**asdict(self.candidate), "accuracy": self.accuracy, "interval": list(self.interval)}
        rest = ("seconds", "milliseconds", "megabytes", "memory_megabytes", "epochs")
        return {**values, **{name: getattr(self, name) for name in rest}}


LEVELS_BY_COST: tuple[Freeze, ...] = ("none", "stem", "layer1", "layer2", "layer3", "layer4")


class Skipped(NamedTuple):
    """A candidate, or a whole network (``size`` 0), that was not tried, and the text ``reason`` that says why."""

    name: str
    weights: str
    freeze: str
    size: int
    reason: str


@dataclass(frozen=True)
class Race:
    """What a race on ``pictures`` pictures came to so far; ``groups`` [pictures] says what was kept together."""

    id: str
    dataset: str
    classes: int
    pictures: int
    groups: tuple[str, ...]
    cells: tuple[Cell, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    complete: bool = False

    @property
    def best(self) -> Cell | None:
        """The cell with the highest accuracy, of equal ones the cheapest."""
        return max(self.cells, key=lambda cell: (cell.accuracy, [-each for each in cell.cost]), default=None)

    def alike(self) -> tuple[Cell, ...]:
        """The cells that cannot be told apart from the best: what they lack lies within its standard error.

        The rule of one standard error (Breiman et al., Classification and Regression Trees, 1984, section 3.4.3), of
        the differences picture by picture.
        """
        best = self.best
        if best is None:
            return ()
        return tuple(cell for cell in self.cells if cell is best or within_error(best, cell, self.groups))

    @property
    def pick(self) -> Cell | None:
        """The cheapest of those that cannot be told apart from the best."""
        return min(self.alike(), key=lambda cell: cell.cost, default=None)

    def sentence(self, language: Language = "en") -> str:
        """What to take, and why."""
        pick, best = self.pick, self.best
        if pick is None or best is None:
            return say("race.none", language)
        (low, high), count = pick.interval, len(self.alike())
        values = {"pick": said(pick.candidate, language), "best": said(best.candidate, language), "low": low,
                  "high": high, "accuracy": pick.accuracy, "count": count}  # fmt: skip
        kind = "alike" if count > 1 else "alone" if len(self.cells) > 1 else "only"
        return say(f"race.pick.{kind}", language, **values)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: ``cells`` and the ``pick`` among them, None without any."""
        alike = {cell.candidate.key for cell in self.alike()}
        rows = [{**cell.to_json(), "alike": cell.candidate.key in alike} for cell in self.cells]
        return {
            "race": self.id,
            "dataset": self.dataset,
            "pictures": self.pictures,
            "folds": FOLDS,
            "complete": self.complete,
            "cells": rows,
            "skipped": [{**each._asdict(), "reason": say(each.reason, "en")} for each in self.skipped],
            "pick": None if self.pick is None else self.pick.to_json(),
        }


def said(candidate: Candidate, language: Language = "en") -> str:
    """A candidate in words."""
    return say("race.candidate", language, network=candidate.name, size=candidate.size,
               weights=say(f"config.weights.{candidate.weights}", language),
               freeze=say(f"race.freeze.{candidate.freeze}", language))  # fmt: skip


def gains(first: Cell, second: Cell, groups: Sequence[str]) -> tuple[float, float]:
    """How much more often ``first`` is right than ``second``, of the pictures that both answered, and the standard
    error of that, in which pictures of one group count as one draw.
    """
    import numpy as np

    value = {RIGHT: 1, WRONG: 0}
    pairs = [(value[one] - value[other], group)
             for one, other, group in zip(first.answers, second.answers, groups, strict=True)
             if LEFT_OUT not in (one, other)]  # fmt: skip
    if not pairs:
        return 0.0, 1.0
    places = np.unique([group for _, group in pairs], return_inverse=True)[1]
    differences = np.array([difference for difference, _ in pairs], np.float64)
    mean = float(differences.mean())
    sums = np.bincount(places, weights=differences - mean)
    return mean, float(np.sqrt((sums**2).sum())) / len(pairs)


def within_error(best: Cell, other: Cell, groups: Sequence[str]) -> bool:
    """Whether what ``other`` lacks of ``best`` lies within the standard error of the difference, in which one more
    picture counts as answered differently: a single one says nothing.
    """
    mean, error = gains(best, other, groups)
    return mean <= math.hypot(error, 1 / max(1, len(groups)))


def no_use(larger: Cell, smaller: Cell, groups: Sequence[str]) -> bool:
    """Whether the ``larger`` of two cells clearly gains nothing to speak of: 95 % of its interval lie below."""
    mean, error = gains(larger, smaller, groups)
    return mean + 1.96 * error < LITTLE


def networks(
    depths: Sequence[Depth] | None = None, *, download: bool = False
) -> tuple[list[tuple[Depth, str]], list[Skipped]]:
    """The pretrained networks of ``depths`` (all), the smallest first, and those that are left out, with the reason.

    Random weights know nothing that features could tell, so that they are left out always; weights that are not on
    this machine unless they may be downloaded.
    """
    found: list[tuple[Depth, str]] = []
    left = [Skipped("", "scratch", "", 0, "race.skipped.scratch")]
    for depth in depths or DEPTHS["resnet"]:
        title = architecture.get(depth).title
        for choice in weights.available(depth):
            if choice.key == "scratch":
                continue
            if not choice.usable_now and not download:
                left.append(Skipped(title, choice.weights, "", 0, "race.skipped.download"))
            else:
                found.append((depth, choice.weights))
    return found, left


def sizes(median_side: int, start: str, wanted: Sequence[int] | None = None) -> tuple[int, ...]:
    """The sizes to try, ascending: up to the first that is as large as the pictures are, at least three; none that the
    starting weights ``start`` are not good for.
    """
    if wanted:
        return tuple(sorted(set(wanted)))
    allowed = [size for size in SIZES if start != "starter" or size <= MOST_SIZE_OF_STARTER]
    larger = [size for size in allowed if size >= median_side]
    last = allowed.index(larger[0]) if larger else len(allowed) - 1
    return tuple(allowed[: max(3, last + 1)])


def memory(candidate: Candidate, classes: int, batch: int) -> tuple[float, float]:
    """Megabytes of the checkpoint, and of the numbers that a training in fp32 holds: weights, for each trained one a
    gradient and two moments, and for each trained stage what its convolutions and BatchNorms put out for a batch.
    """
    network = architecture.get(candidate.depth)
    whole = sum(anatomy.parameters(network, classes=classes).values())
    trained = sum(anatomy.parameters(network, classes=classes, freeze=candidate.freeze).values())
    maps = anatomy.map_values(network, candidate.size)
    held = sum(maps[stage] for stage in anatomy.trained_stages(candidate.freeze))
    return 4 * whole / 1e6, 4 * (whole + 3 * trained + 2 * batch * held) / 1e6


def interval(answers: str, groups: Sequence[str]) -> tuple[float, float]:
    """Wilson's 95 % interval of the accuracy, which counts groups, not pictures, where these were kept together."""
    scored = [(sign == RIGHT, group) for sign, group in zip(answers, groups, strict=True) if sign != LEFT_OUT]
    if not scored:
        return 0.0, 1.0
    share, count = sum(right for right, _ in scored) / len(scored), len({group for _, group in scored})
    return wilson_interval(share * count, count)


def cell_from_json(values: Mapping[str, Any]) -> Cell:
    """Read what ``asdict`` made of a cell."""
    low, high = values["interval"]
    return Cell(**{**values, "candidate": Candidate(**values["candidate"]), "interval": (float(low), float(high))})
