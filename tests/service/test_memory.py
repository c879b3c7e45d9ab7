"""Free memory goes back to the system."""

import os
import threading
from pathlib import Path

import pytest
from waiting import wait_for

from resnet_studio.service import memory

STATUS = Path("/proc/self/statm")
PIECE = 50_000
"""Bytes: glibc takes so much from the heap, and gives it back only where the end of the heap is free."""


def resident_mb() -> int:
    return int(STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def full_of_holes() -> list[bytes]:
    """200 MB are taken, and all but a fiftieth is free again, which lies between the free pieces."""
    taken = [bytes([number % 256]) * PIECE for number in range(4_000)]
    return taken[::50]


@pytest.mark.skipif(not (memory.give_back() and STATUS.exists()), reason="needs glibc and /proc")
def test_what_is_free_between_what_is_used_goes_back_after_work_was_done(monkeypatch):
    monkeypatch.setattr(memory, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(memory, "WORKED_SECONDS", 0.0)
    kept, grown, stop = full_of_holes(), resident_mb(), threading.Event()
    thread = memory.keep_small(stop)
    wait_for(lambda: resident_mb() < grown - 100)
    stop.set()
    thread.join(10)
    assert not thread.is_alive() and len(kept) == 80


def test_a_server_that_does_nothing_is_left_alone(monkeypatch):
    given, stop = [], threading.Event()
    monkeypatch.setattr(memory, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(memory, "WORKED_SECONDS", 1e9)
    monkeypatch.setattr(memory, "give_back", lambda: given.append(1))
    thread = memory.keep_small(stop)
    if thread is not None:
        thread.join(0.2)
        stop.set()
    assert given == []
