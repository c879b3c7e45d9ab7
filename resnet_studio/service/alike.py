"""Orders of data sets by likeness, worked out in the background."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_studio.stepwise import result_of

if TYPE_CHECKING:
    from resnet_studio.data.editing import EditedSet
    from resnet_studio.workspace import Workspace

KEPT = 4


@dataclass
class Ordering:
    """An order in its thread: ``done`` of ``total`` pictures, then the ``ranks`` of all places, or the ``error``."""

    total: int
    done: int = 0
    ranks: list[int] | None = None
    error: Exception | None = None


class Alike:
    """The last few orders. Safe to use from many threads; one is worked out at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._orders: OrderedDict[tuple[str, int], Ordering] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def begin(self, opened: EditedSet) -> Ordering:
        """The order of all pictures of ``opened``, whatever class they are in by now; begun in a thread of its own."""
        key = opened.state.base.id, len(opened.state.pictures)
        with self._lock:
            known = self._orders.get(key)
            if known is not None:
                if known.error is not None:  # said once; whoever asks after that tries again
                    del self._orders[key]
                return known
            begun = self._orders[key] = Ordering(key[1])
            while len(self._orders) > KEPT:
                self._orders.popitem(last=False)
        threading.Thread(target=self._work, args=(begun, opened), name="likeness", daemon=True).start()
        return begun

    def _work(self, begun: Ordering, opened: EditedSet) -> None:
        import numpy as np

        from resnet_studio.data import alike, compared, decode
        from resnet_studio.data.cache import ArrayCache

        pictures, base = opened.state.pictures[: begun.total], opened.state.base

        def at(done: int) -> None:
            begun.done = done

        try:
            files = [base.path(sample) for sample in pictures]
            contents = [decode.content(sample, file) for sample, file in zip(pictures, files, strict=True)]
            with self._turn:
                looking = compared.compared(files, contents, ArrayCache(self._workspace.cache), "auto")
                found = result_of(looking, at)
            rows = found.cells.reshape(begun.total, -1) if found.features is None else found.features
            ranks = np.empty(begun.total, np.int64)
            ranks[alike.order_of(rows.astype(np.float32))] = np.arange(begun.total)
            begun.ranks = ranks.tolist()
        except Exception as error:  # noqa: BLE001 - shown by whoever asks for it
            begun.error = error
