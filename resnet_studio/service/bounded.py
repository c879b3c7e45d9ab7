"""A cache that is bounded in memory and notices when the file behind an entry was written again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

Value = TypeVar("Value")


class Bounded:
    """A least-recently-used cache; safe to use from several threads.

    ``room`` is what the weights of all entries add up to at most; the latest stays whatever it weighs.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self._entries: OrderedDict[Hashable, tuple[Hashable, int, Any]] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable, stamp: Hashable, weight: int, make: Callable[[], Value]) -> Value:
        """The value of ``key`` that was made for the same ``stamp``, else one that ``make`` makes now.

        What ``make`` raises is passed to the caller, and nothing is cached then.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry[0] == stamp:
                self._entries.move_to_end(key)
                return cast(Value, entry[2])
        value = make()
        with self._lock:
            self._drop(key)
            self._entries[key] = (stamp, weight, value)
            self._weight += weight
            while self._weight > self.room and len(self._entries) > 1:
                self._drop(next(iter(self._entries)))
        return value

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        self._weight -= entry[1] if entry else 0
