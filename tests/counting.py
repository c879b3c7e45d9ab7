"""How much work something is, counted instead of timed: the same on every machine, however busy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import resnet_studio

PACKAGE = str(Path(resnet_studio.__file__).parent)


def lines_run(work: Callable[[], Any]) -> int:
    """How many lines of the package run in this thread while ``work`` is done."""
    count = 0

    def follow(frame: Any, event: str, argument: object) -> Any:
        nonlocal count
        if event == "call":
            return follow if frame.f_code.co_filename.startswith(PACKAGE) else None
        count += event == "line"
        return follow

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Callable[[], Any]], size: int) -> float:
    """How many times as much is done for twice the ``size``: 2 where work grows evenly, 4 where with the square.

    ``work(size)`` prepares what is not counted and returns what is.
    """
    once, twice = (lines_run(work(each)) for each in (size, 2 * size))
    assert once > size / 2, "nothing of it was counted"
    return twice / once
