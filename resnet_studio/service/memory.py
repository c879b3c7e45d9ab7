"""Memory that is free inside the process goes back to the system, so that a server that is left running stays small.

Trainings and predictions come and go in many threads, and glibc keeps what they have freed, apart for each thread: a
server with three pupils had 400 MB of it after ten trainings.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from functools import cache

LOOK_SECONDS = 30.0
WORKED_SECONDS = 2.0
"""Less CPU time since the last time has freed nothing that is worth it."""


def give_back() -> bool:
    """Give free memory back to the system, which takes some hundredths of a second; false where its C library has no
    way to. Other threads go on meanwhile.
    """
    trim = _trim()
    if trim is not None:
        trim(0)
    return trim is not None


def keep_small(stop: threading.Event) -> threading.Thread | None:
    """Do so in a thread of its own after work was done, until ``stop`` is set; None where there is no way to."""
    if _trim() is None:
        return None

    def work() -> None:
        last = 0.0
        while not stop.wait(LOOK_SECONDS):
            if time.process_time() - last >= WORKED_SECONDS:
                give_back()
                last = time.process_time()

    thread = threading.Thread(target=work, name="memory", daemon=True)
    thread.start()
    return thread


@cache
def _trim() -> Callable[[int], int] | None:
    """``malloc_trim`` of glibc; None for other C libraries."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
