"""Which pictures without a label to label next, by the newest model of their data set; worked out in the background."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.data import editing
from resnet_studio.service.orders import Orders

if TYPE_CHECKING:
    from resnet_studio.data.editing import EditedSet
    from resnet_studio.service.run_data import RunData


@dataclass
class NextLabels:
    """An order in its thread: the ``ranks`` of places, and what the model ``suggested`` for each with its probability,
    once they are known, or the ``error``.
    """

    ranks: Mapping[int, int] | None = None
    suggested: Mapping[int, tuple[str, float]] = field(default_factory=dict)
    error: Exception | None = None


class LabelNext:
    """The last few orders by data set and model."""

    def __init__(self, runs: RunData) -> None:
        self._runs = runs
        self._orders: Orders[NextLabels] = Orders("label next")

    def model(self, opened: EditedSet) -> Path | None:
        """The newest model that was trained on the data set and that whoever acts may see; None before any."""
        base = opened.state.base.id
        for each in self._runs.overviews():
            if (
                editing.base_of(str(each.about.get("dataset"))) == base
                and each.state.finished
                and each.run.best.exists()
            ):
                return each.run.best
        return None

    def begin(self, opened: EditedSet) -> NextLabels | None:
        """The order of the pictures of ``opened`` without a label; begun in a thread of its own. None without a model.

        It stays as it is while they are labelled one after the other, until there is a newer model.
        """
        model = self.model(opened)
        if model is None:
            return None
        return self._orders.begin(_key(opened, model), NextLabels(), partial(_rank, opened, model))

    def suggested(self, opened: EditedSet) -> Mapping[int, tuple[str, float]]:
        """What the model that whoever acts may see suggests for pictures by their places, and how likely that is; empty
        where nobody has asked for an order.
        """
        if not self._orders:
            return {}
        model = self.model(opened)
        order = None if model is None else self._orders.get(_key(opened, model))
        return {} if order is None else order.suggested


def _key(opened: EditedSet, model: Path) -> tuple[str, int, str]:
    return opened.state.base.id, len(opened.state.pictures), str(model)


def _rank(opened: EditedSet, model: Path, begun: NextLabels, turn: threading.Lock) -> None:
    from resnet_studio.review.next_labels import rank
    from resnet_studio.training.hardware import lower_priority

    state = opened.state
    lower_priority()
    places = [place for place in range(len(state.pictures)) if state.status_of(place) == "unlabelled"]
    with turn:
        found = rank(model, [state.base.path(state.pictures[place]) for place in places])
    ordered = [(places[each.place], each) for each in found.ranked]
    begun.suggested = {place: (each.suggested, round(each.probability, 4)) for place, each in ordered}
    begun.ranks = {place: number for number, (place, _) in enumerate(ordered)}
