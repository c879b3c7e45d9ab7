"""Work that says how far it is: a generator that yields its steps and returns its result."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

Step = TypeVar("Step")
Converted = TypeVar("Converted")
Result = TypeVar("Result")


def result_of(work: Generator[Step, None, Result], on_step: Callable[[Step], object] | None = None) -> Result:
    """What ``work`` returns at its end; ``on_step`` is called with each step."""
    while True:
        try:
            step = next(work)
        except StopIteration as stop:
            result: Result = stop.value
            return result
        if on_step is not None:
            on_step(step)


def map_steps(
    work: Generator[Step, None, Result], convert: Callable[[Step], Converted]
) -> Generator[Converted, None, Result]:
    """Yield ``convert(step)`` for each step of ``work``; returns what ``work`` returns."""
    while True:
        try:
            step = next(work)
        except StopIteration as stop:
            result: Result = stop.value
            return result
        yield convert(step)
