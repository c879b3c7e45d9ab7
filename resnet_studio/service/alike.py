"""Orders of data sets by likeness, worked out in the background."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from resnet_studio.service.orders import Orders
from resnet_studio.stepwise import result_of

if TYPE_CHECKING:
    from resnet_studio.data.editing import EditedSet
    from resnet_studio.workspace import Workspace


@dataclass
class Ordering:
    """An order in its thread: ``done`` of ``total`` pictures, then the ``ranks`` of all places, or the ``error``."""

    total: int
    done: int = 0
    ranks: list[int] | None = None
    error: Exception | None = None


class Alike:
    """The last few orders by data set."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._orders: Orders[Ordering] = Orders("likeness")

    def begin(self, opened: EditedSet) -> Ordering:
        """The order of all pictures of ``opened``, whatever class they are in by now; begun in a thread of its own."""
        key = opened.state.base.id, len(opened.state.pictures)
        return self._orders.begin(key, Ordering(key[1]), partial(self._order, opened))

    def _order(self, opened: EditedSet, begun: Ordering, turn: threading.Lock) -> None:
        import numpy as np

        from resnet_studio.data import alike, compared, decode
        from resnet_studio.data.cache import ArrayCache

        pictures, base = opened.state.pictures[: begun.total], opened.state.base

        def at(done: int) -> None:
            begun.done = done

        files = [base.path(sample) for sample in pictures]
        contents = [decode.content(sample, file) for sample, file in zip(pictures, files, strict=True)]
        with turn:
            looking = compared.compared(files, contents, ArrayCache(self._workspace.cache), "auto")
            found = result_of(looking, at)
        rows = found.cells.reshape(begun.total, -1) if found.features is None else found.features
        ranks = np.empty(begun.total, np.int64)
        ranks[alike.order_of(rows.astype(np.float32))] = np.arange(begun.total)
        begun.ranks = ranks.tolist()
