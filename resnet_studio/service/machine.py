"""What this server computes with, found out by importing torch in the background."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time

from resnet_studio.text import Language, say

QUIET_SECONDS = 2.5
NICER = 5


def device_name(device: str, language: Language) -> str:
    """A device as a run's log calls it, in the reader's language."""
    cores = re.fullmatch(r"CPU, (\d+) cores", device)
    return say("shell.cpu", language, cores=int(cores[1])) if cores else device


class Machine:
    """Imports torch in the background, before the first training needs it, and finds out the name of the device.

    Without ``warm`` it does neither, and the device has no name.
    """

    def __init__(self, *, warm: bool) -> None:
        self._name = ""
        self._known = threading.Event()
        self._lock = threading.Lock()
        self._begun = not warm
        if not warm:
            self._known.set()

    @property
    def known(self) -> bool:
        """Whether :meth:`name` can answer."""
        return self._known.is_set()

    def name(self, language: Language) -> str:
        """The device as a person calls it; empty while unknown."""
        if self._name == "cpu":
            return say("shell.cpu", language, cores=os.cpu_count() or 1)
        return self._name

    def get_ready(self) -> None:
        """Start importing, once: a page has been sent, and the browser is busy drawing it; or a class will come."""
        with self._lock:
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._warm, name="warm-up", daemon=True).start()

    def _warm(self) -> None:
        time.sleep(QUIET_SECONDS)
        if sys.platform == "linux":
            # a little behind the page; far behind would hold up a training that waits for the same import
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + NICER)
        try:
            from resnet_studio.model.device import choose_device
            from resnet_studio.training import hardware

            device = choose_device("auto")
            self._name = "cpu" if device.type == "cpu" else hardware.describe(device)
        except Exception:  # the boundary of a background thread: without torch the page says so when it trains
            logging.getLogger(__name__).exception("torch could not be loaded")
        finally:
            self._known.set()
