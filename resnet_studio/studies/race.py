"""Which network? Networks, starting weights, freeze levels and picture sizes, compared by cross-validation.

All pictures that a training would train on or validate with are scored out of fold; its test pictures are left alone.
Where all stages are frozen, the head is fitted to cached features. Where some are trained, the network is fine-tuned
for a few epochs instead of all, with the settings that a training would have. The same pictures are scored everywhere,
so that two cells are compared picture by picture. ``racing`` computes the cells; here is what follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from resnet_studio.config import DEPTHS, Depth, Freeze
from resnet_studio.model import anatomy, architecture, weights
from resnet_studio.studies.race_scores import RIGHT, WRONG, Scoring
from resnet_studio.text import Language, say

VERSION = 1
SIZES = (64, 96, 128, 160, 224)
MOST_SIZE_OF_STARTER = 160
LEVELS: tuple[Freeze, ...] = ("layer4", "layer3", "layer2")
FOLDS = 3
MOST_PICTURES = 2_000
SHORT_EPOCHS = 6
NOTHING_LEFT = 0.005


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
    ``epochs`` is 0 where a head was fitted to cached features. ``interval`` is that of the ``accuracy``, also where a
    race compares balanced accuracies.
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
    """What a race on ``pictures`` pictures came to so far; ``scoring`` says what its cells are compared by."""

    id: str
    dataset: str
    classes: int
    pictures: int
    scoring: Scoring
    cells: tuple[Cell, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    complete: bool = False

    @property
    def best(self) -> Cell | None:
        """The cell with the highest score, of equal ones the cheapest."""
        return max(self.cells, key=lambda cell: (self.score(cell), [-each for each in cell.cost]), default=None)

    def score(self, cell: Cell) -> float:
        """What ``cell`` is compared by: its accuracy, or its balanced accuracy."""
        return self.scoring.score(cell.answers)

    def interval(self, cell: Cell) -> tuple[float, float]:
        """The 95 % interval of the score of ``cell``."""
        return self.scoring.interval(cell.answers)

    def alike(self) -> tuple[Cell, ...]:
        """The cells that cannot be told apart from the best: what they lack lies within its standard error.

        The rule of one standard error (Breiman et al., Classification and Regression Trees, 1984, section 3.4.3), of
        the differences picture by picture.
        """
        best = self.best
        if best is None:
            return ()
        within = self.scoring.within_error
        return tuple(cell for cell in self.cells if cell is best or within(best.answers, cell.answers))

    @property
    def pick(self) -> Cell | None:
        """The cheapest of those that cannot be told apart from the best; None where none is better than guessing."""
        some = [cell for cell in self.alike() if self.scoring.beats_guessing(cell.answers)]
        return min(some, key=lambda cell: cell.cost, default=None)

    def sentence(self, language: Language = "en") -> str:
        """What to take, and why."""
        pick, best = self.pick, self.best
        if best is None:
            return say("race.none", language)
        measure = self.scoring.measure
        if pick is None:
            low, high = self.interval(best)
            return say(f"race.guess.{measure}", language, best=said(best.candidate, language), low=low, high=high,
                       score=self.score(best), guess=self.scoring.guess)  # fmt: skip
        (low, high), count = self.interval(pick), len(self.alike())
        values = {"pick": said(pick.candidate, language), "best": said(best.candidate, language), "low": low,
                  "high": high, "score": self.score(pick), "count": count,
                  "measure": say(f"race.measure.{measure}", language)}  # fmt: skip
        kind = "alike" if count > 1 else "alone" if len(self.cells) > 1 else "only"
        return say(f"race.pick.{kind}", language, **values)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: ``cells`` and the ``pick`` among them, None without any that is better than guessing.

        ``score`` and ``score_interval`` are of the ``measure``; ``accuracy`` and ``interval`` are never balanced.
        """
        alike = {cell.candidate.key for cell in self.alike()}
        rows = [{**self._row(cell), "alike": cell.candidate.key in alike} for cell in self.cells]
        return {
            "race": self.id,
            "dataset": self.dataset,
            "pictures": self.pictures,
            "folds": FOLDS,
            "complete": self.complete,
            "measure": self.scoring.measure,
            "guess": self.scoring.guess,
            "better_than_guessing": self.pick is not None,
            "cells": rows,
            "skipped": [{**each._asdict(), "reason": say(each.reason, "en")} for each in self.skipped],
            "pick": None if self.pick is None else self._row(self.pick),
        }

    def _row(self, cell: Cell) -> dict[str, Any]:
        return {**cell.to_json(), "score": self.score(cell), "score_interval": list(self.interval(cell))}


def said(candidate: Candidate, language: Language = "en") -> str:
    """A candidate in words."""
    return say("race.candidate", language, network=candidate.name, size=candidate.size,
               weights=say(f"config.weights.{candidate.weights}", language),
               freeze=say(f"race.freeze.{candidate.freeze}", language))  # fmt: skip


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


def cell_from_json(values: Mapping[str, Any]) -> Cell:
    """Read what ``asdict`` made of a cell."""
    low, high = values["interval"]
    return Cell(**{**values, "candidate": Candidate(**values["candidate"]), "interval": (float(low), float(high))})
