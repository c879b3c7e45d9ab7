"""What a training of a set will need, computed while its pictures are still being recorded, at low priority."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from resnet_studio.errors import StudioError

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.workspace import Workspace

NICENESS = 15
MOST_PICTURES = 2_000
"""Of a set that is prepared: larger ones are rarely made by hand, and take minutes."""


class Warming:
    """Prepares a training of the data set that changed last, one set at a time: its near-duplicates are looked for, its
    pictures decoded, their features computed.

    While ``busy`` says that something is being trained, nothing is done. Safe to use from many threads.
    """

    def __init__(self, workspace: Workspace, busy: Callable[[], bool] = lambda: False) -> None:
        self._workspace = workspace
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
        measuring = threading.Thread(target=self._measure, name="measure", daemon=True)  # its helpers keep its priority
        measuring.start()
        measuring.join()
        _step_back()
        while True:
            with self._lock:
                dataset, self._next = self._next, None
                if dataset is None:
                    self.working = False
                    return
            try:
                self._prepare(dataset)
            except Exception:
                # the training says what is wrong with the pictures
                logging.getLogger(__name__).info("a set could not be prepared", exc_info=True)

    def _measure(self) -> None:
        """At the priority that trainings have: what is found is used from now on."""
        if not self._busy():
            from resnet_studio.training import ahead

            with suppress(OSError, StudioError):
                ahead.measure_machine(self._workspace)

    def _prepare(self, dataset: Dataset) -> None:
        """Goes on where the set has changed meanwhile, as all of it is still there; a training that begins does the
        rest itself.
        """
        from resnet_studio.training import ahead
        from resnet_studio.training.control import Control

        if len(dataset.classes) < 2 or len(dataset.samples) > MOST_PICTURES or self._busy():
            return
        control = Control()
        for _ in ahead.prepare_ahead(dataset, self._workspace, control):
            if self._busy():
                control.pause()


def _step_back() -> None:
    """Let everything else on the machine come first, where the system knows priorities of threads."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
