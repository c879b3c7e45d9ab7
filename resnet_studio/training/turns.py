"""Whose turn it is: people take turns at a device, each with the trainings of their own in the order of asking.

Next is always whoever waits and was served the longest ago, and of several that were never served who asked first; so
one person with many trainings is overtaken by another with one, and nobody waits for more than one training of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from resnet_studio.errors import RunError

if TYPE_CHECKING:
    from resnet_studio.workspace import Run

T = TypeVar("T")


class Turns(Generic[T]):
    """The turns at one device. ``owner_of`` says whose a thing is that waits."""

    def __init__(self, owner_of: Callable[[T], str]) -> None:
        self._owner_of = owner_of
        self._served: dict[str, int] = {}
        self._count = 0

    def took(self, thing: T) -> None:
        """It is the turn of ``thing`` now."""
        self._count = self._serve(self._served, self._owner_of(thing), self._count)

    def order(self, waiting: Sequence[T]) -> list[T]:
        """What waits, given in the order of asking, in the order in which it will be served."""
        served, count = dict(self._served), self._count
        queues: dict[str, list[T]] = {}
        for thing in waiting:
            queues.setdefault(self._owner_of(thing), []).append(thing)
        ordered = []
        while queues:
            owner = min(queues, key=lambda each: served.get(each, 0))  # of equals the first that asked
            ordered.append(queues[owner].pop(0))
            if not queues[owner]:
                del queues[owner]
            count = self._serve(served, owner, count)
        return ordered

    @staticmethod
    def _serve(served: dict[str, int], owner: str, count: int) -> int:
        served[owner] = count + 1
        return count + 1


def owner_of(run: Run) -> str:
    """Whose ``run`` is, as its ``about`` says: the ``owner``, else who started it; empty where that is not known."""
    try:
        about = run.about
    except RunError:
        return ""
    return str(about.get("owner") or about.get("started_by") or "")
