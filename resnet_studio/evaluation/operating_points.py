"""From which probability on a class is answered: "find all of these", or "only when sure", and what mistakes cost.

A threshold is chosen on the validation pictures and scored on the test pictures. The rule that it stands for is
:func:`resnet_studio.thresholds.decide`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.errors import ConfigError
from resnet_studio.evaluation.outputs import Outputs
from resnet_studio.evaluation.parts import Part, RunReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

THRESHOLDS = tuple(step / 100 for step in range(101))
FIND_ALL = 0.95
FEWEST = 5


@dataclass(frozen=True)
class Counts:
    """At each of :data:`THRESHOLDS`: pictures of the class that were ``found``, and ``false`` alarms among the others.

    ``pictures`` are of the class, ``others`` are not.
    """

    pictures: int
    others: int
    found: tuple[int, ...]
    false: tuple[int, ...]

    def recall(self, place: int) -> float:
        """The share of its pictures that is found at threshold number ``place``."""
        return self.found[place] / self.pictures if self.pictures else 0.0

    def precision(self, place: int) -> float:
        """The share of the pictures called so that are of the class; 1 where none is."""
        called = self.found[place] + self.false[place]
        return self.found[place] / called if called else 1.0

    def cost(self, place: int, missing: float, alarm: float) -> float:
        """What the mistakes cost, a picture on average."""
        cost = missing * (self.pictures - self.found[place]) + alarm * self.false[place]
        return cost / max(1, self.pictures + self.others)


@dataclass(frozen=True)
class Chosen:
    """A ``threshold`` chosen on the validation pictures for a reason, and what it does to the test pictures.

    ``usual_cost`` is the cost at 0.5.
    """

    reason: str
    threshold: float
    missing: float
    alarm: float
    precision: float
    recall: float
    cost: float
    usual_cost: float


@dataclass(frozen=True)
class ClassPoints:
    """One class; ``chosen`` to find 95 % of it, and for mistakes that cost alike. Empty with too few pictures."""

    name: str
    validation: Counts
    test: Counts
    chosen: tuple[Chosen, ...]

    def cheapest(self, missing: float, alarm: float) -> Chosen:
        """The threshold with the lowest cost on the validation pictures, where missing one costs so much, and an
        ``alarm`` for another picture so much. Of equal ones the middle is taken.
        """
        costs = [round(self.validation.cost(place, missing, alarm), 12) for place in range(len(THRESHOLDS))]
        lowest = [place for place, cost in enumerate(costs) if cost == min(costs)]
        return self._at(lowest[len(lowest) // 2], "cost", missing, alarm)

    def finding(self, share: float = FIND_ALL) -> Chosen:
        """The highest threshold at which that ``share`` of the validation pictures of the class is found."""
        places = [at for at in range(len(THRESHOLDS)) if self.validation.recall(at) >= share]
        return self._at(places[-1] if places else 0, "find", 1.0, 1.0)

    def _at(self, place: int, reason: str, missing: float, alarm: float) -> Chosen:
        test, usual = self.test, len(THRESHOLDS) // 2
        return Chosen(
            reason, THRESHOLDS[place], missing, alarm, test.precision(place), test.recall(place),
            test.cost(place, missing, alarm), test.cost(usual, missing, alarm),
        )  # fmt: skip


class OperatingPointsPart(Part[tuple[ClassPoints, ...]]):
    """Thresholds against precision and recall, for each class."""

    name = "operating_points"

    def compute(self, report: RunReport) -> tuple[ClassPoints, ...] | None:
        """See :class:`Part`; None where the logits of validation and test pictures are not stored."""
        validation, test = report.outputs.get("validation"), report.outputs.get("test")
        if report.report is None or validation is None or test is None or not len(validation) or not len(test):
            return None
        names = report.report.classes
        counted = [counts_of(outputs, len(names)) for outputs in (validation, test)]
        return tuple(_points(name, *of_class) for name, *of_class in zip(names, *counted, strict=True))

    def to_json(self, value: tuple[ClassPoints, ...]) -> dict[str, Any]:
        """See :class:`Part`."""
        return {"thresholds": list(THRESHOLDS), "classes": [asdict(each) for each in value]}

    def from_json(self, stored: Any) -> tuple[ClassPoints, ...]:
        """See :class:`Part`."""
        if tuple(stored["thresholds"]) != THRESHOLDS:
            raise ValueError("other thresholds")
        return tuple(
            ClassPoints(
                row["name"], _counts(row["validation"]), _counts(row["test"]),
                tuple(Chosen(**each) for each in row["chosen"]),
            )
            for row in stored["classes"]
        )  # fmt: skip


OPERATING_POINTS = OperatingPointsPart()


def counts_of(outputs: Outputs, classes: int) -> list[Counts]:
    """For each class what every threshold finds; pictures are called so from it on, as
    :func:`resnet_studio.thresholds.decide` does.
    """
    probabilities = outputs.probabilities
    edges = np.array(THRESHOLDS)
    found = []
    for label in range(classes):
        of_class = probabilities[:, label]
        is_it = outputs.labels == label
        hits, alarms = (_at_least(of_class[part], edges) for part in (is_it, ~is_it))
        found.append(Counts(int(is_it.sum()), int((~is_it).sum()), hits, alarms))
    return found


def _at_least(values: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[int, ...]:
    ordered = np.sort(values)
    return tuple(int(each) for each in len(ordered) - np.searchsorted(ordered, edges - 1e-12, side="left"))


def _points(name: str, validation: Counts, test: Counts) -> ClassPoints:
    made = ClassPoints(name, validation, test, ())
    if min(validation.pictures, test.pictures) < FEWEST:
        return made
    return ClassPoints(name, validation, test, (made.finding(), made.cheapest(1.0, 1.0)))


def _counts(values: Any) -> Counts:
    return Counts(values["pictures"], values["others"], tuple(values["found"]), tuple(values["false"]))


def parse_costs(given: Sequence[str], classes: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Costs written as ``CLASS=5:1``: of missing a picture of the class, and of a false alarm."""
    found = {}
    for text in given:
        name, _, numbers = text.rpartition("=")
        first, _, second = numbers.partition(":")
        try:
            costs = float(first), float(second)
        except ValueError:
            costs = -1.0, -1.0
        if name not in classes:
            raise ConfigError("error.threshold.no_class", name=name or text, known=list(classes)[:10])
        if not (min(costs) >= 0 and 0 < max(costs) < 1e9):
            raise ConfigError("error.threshold.costs", name=name, numbers=numbers)
        found[name] = costs
    return found
