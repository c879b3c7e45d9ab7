"""What a training of a set will need, computed while its pictures are still being recorded, at low priority."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from resnet_studio.data.cache import ArrayCache

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.workspace import Workspace

NICENESS = 15


class Warming:
    """Looks for the near-duplicates of the data set that changed last, one set at a time.

    Its decoded pictures and features are the first thing that a training waits for. While ``busy`` says that something
    is being trained, nothing is done. Safe to use from many threads.
    """

    def __init__(self, workspace: Workspace, busy: Callable[[], bool] = lambda: False) -> None:
        self._cache = ArrayCache(workspace.cache)
        self._busy = busy
        self._lock = threading.Lock()
        self._next: Dataset | None = None
        self.working = False

    def changed(self, dataset: Dataset) -> None:
        """Begin with ``dataset``; a set that waited for its turn is left out."""
        with self._lock:
            self._next = dataset
            if self.working:
                return
            self.working = True
        threading.Thread(target=self._work, name="warm up", daemon=True).start()

    def _work(self) -> None:
        _step_back()
        while True:
            with self._lock:
                dataset, self._next = self._next, None
                if dataset is None:
                    self.working = False
                    return
            try:
                self._search(dataset)
            except Exception:
                # the training says what is wrong with the pictures
                logging.getLogger(__name__).info("a set could not be prepared", exc_info=True)

    def _search(self, dataset: Dataset) -> None:
        """Stops early where the set has changed meanwhile, or a training begins: that does the rest itself."""
        from resnet_studio.data import near

        if len(dataset.classes) < 2 or self._busy():
            return
        search = near.near_groups(
            dataset.samples, [dataset.path(sample) for sample in dataset.samples], self._cache, "cpu"
        )
        for _ in search:
            if self._next is not None or self._busy():
                search.close()
                return


def _step_back() -> None:
    """Let everything else on the machine come first, where the system knows priorities of threads."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
