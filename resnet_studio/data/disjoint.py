"""Disjoint sets: what belongs together, directly or by others."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key", str, int)


class DisjointSets(Generic[Key]):
    """Sets of keys that grow together; each is named after its smallest key.

    >>> sets = DisjointSets[int]()
    >>> sets.join(1, 2), sets.join(3, 2)
    (None, None)
    >>> sets.top(3), sets.top(4)
    (1, 4)
    """

    def __init__(self) -> None:
        self._above: dict[Key, Key] = {}

    def top(self, key: Key) -> Key:
        """The name of the set that ``key`` is in; of its own where it was never joined."""
        above = self._above
        while above.setdefault(key, key) != key:
            above[key] = above[above[key]]
            key = above[key]
        return key

    def join(self, one: Key, other: Key) -> None:
        """Make one set of those that ``one`` and ``other`` are in."""
        first, second = sorted((self.top(one), self.top(other)))
        self._above[second] = first
