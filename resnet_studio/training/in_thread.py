"""Work that reports its progress by a callback, as a generator."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

Progress = Callable[[int, int], None]


def in_thread(work: Callable[[Progress], Any]) -> Generator[tuple[int, int], None, Any]:
    """Run ``work`` in a thread and yield the progress that it reports; returns its result, raises its error."""
    reports: queue.Queue[tuple[int, int] | None] = queue.Queue()
    outcome: dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["result"] = work(lambda done, total: reports.put((done, total)))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            outcome["error"] = error
        finally:
            reports.put(None)

    threading.Thread(target=run, name="starting-weights", daemon=True).start()
    yield from _latest(reports)
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]


def _latest(reports: queue.Queue[tuple[int, int] | None]) -> Iterator[tuple[int, int]]:
    """The newest report, again and again, until None comes."""
    while (report := reports.get()) is not None:
        if reports.empty():
            yield report
