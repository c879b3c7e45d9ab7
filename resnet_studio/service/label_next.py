"""Which pictures without a label to label next, by the newest model of their data set; worked out in the background."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.data import editing

if TYPE_CHECKING:
    from resnet_studio.data.editing import EditedSet
    from resnet_studio.service.run_data import RunData

KEPT = 4


@dataclass
class NextLabels:
    """An order in its thread: the ``ranks`` of places, and what the model ``suggested`` for each with its probability,
    once they are known, or the ``error``.
    """

    ranks: Mapping[int, int] | None = None
    suggested: Mapping[int, tuple[str, float]] = field(default_factory=dict)
    error: Exception | None = None


class LabelNext:
    """The last few orders. Safe to use from many threads; one is worked out at a time."""

    def __init__(self, runs: RunData) -> None:
        self._runs = runs
        self._orders: OrderedDict[tuple[str, int, str], NextLabels] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

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
        key = opened.state.base.id, len(opened.state.pictures), str(model)
        with self._lock:
            known = self._orders.get(key)
            if known is not None:
                if known.error is not None:  # said once; whoever asks after that tries again
                    del self._orders[key]
                return known
            begun = self._orders[key] = NextLabels()
            while len(self._orders) > KEPT:
                self._orders.popitem(last=False)
        threading.Thread(target=self._work, args=(begun, opened, model), name="label next", daemon=True).start()
        return begun

    def suggested(self, opened: EditedSet, place: int) -> tuple[str, float] | None:
        """What was suggested last for the picture at ``place``, and how likely that is."""
        with self._lock:
            mine = [order for key, order in self._orders.items() if key[0] == opened.state.base.id]
        return mine[-1].suggested.get(place) if mine else None

    def _work(self, begun: NextLabels, opened: EditedSet, model: Path) -> None:
        from resnet_studio.review.next_labels import rank
        from resnet_studio.training.hardware import lower_priority

        state = opened.state
        try:
            lower_priority()
            places = [place for place in range(len(state.pictures)) if state.status_of(place) == "unlabelled"]
            with self._turn:
                found = rank(model, [state.base.path(state.pictures[place]) for place in places])
            ordered = [(places[each.place], each) for each in found.ranked]
            begun.suggested = {place: (each.suggested, round(each.probability, 4)) for place, each in ordered}
            begun.ranks = {place: number for number, (place, _) in enumerate(ordered)}
        except Exception as error:  # noqa: BLE001 - shown by whoever asks for it
            begun.error = error
