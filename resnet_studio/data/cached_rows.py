"""Cached rows of arrays by the content of their picture, so that after an edit only new pictures are computed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.data.cache import ArrayCache, Building

FAMILY = "family"
_COPIED_AT_ONCE = 256


def contents_of(name: str) -> str:
    """The array that says which pictures the rows of the array ``name`` are of."""
    return f"{name}_contents"


def shape_of_contents(rows: int) -> tuple[tuple[int, ...], str]:
    """The shape and the type of the array of :func:`contents_of`."""
    return (rows,), "S64"


def record_contents(building: Building, family: str, **contents: Sequence[str]) -> None:
    """Write into an entry of which ``family`` it is, and for arrays by name the pictures that their rows are of.

    A picture without a content is not shared.
    """
    building.notes[FAMILY] = family
    for name, each in contents.items():
        building.arrays[contents_of(name)][:] = np.array([content.encode() for content in each], "S64")


@dataclass(frozen=True)
class Found:
    """Rows that are there already: picture ``places[i]`` of the requested ones is row ``rows[i]`` of ``arrays``."""

    arrays: Mapping[str, NDArray[Any]]
    places: NDArray[np.int64]
    rows: NDArray[np.int64]

    def copy(self, name: str, target: NDArray[Any], axis: int = 0) -> None:
        """Copy the rows of the array ``name`` to their places in ``target``; rows are counted along ``axis``."""
        source, into = np.moveaxis(self.arrays[name], axis, 0), np.moveaxis(target, axis, 0)
        for start in range(0, len(self.places), _COPIED_AT_ONCE):
            some = slice(start, start + _COPIED_AT_ONCE)
            into[self.places[some]] = source[self.rows[some]]


def find(cache: ArrayCache, family: str, name: str, contents: Sequence[str]) -> tuple[list[Found], list[int]]:
    """The rows of the array ``name`` of pictures with these ``contents`` in the entries of ``family``, each picture
    once; and the places of those pictures that are in none.
    """
    wanted: dict[bytes, list[int]] = {}
    for place, content in enumerate(contents):
        wanted.setdefault(content.encode(), []).append(place)
    unknown = [*wanted.pop(b"", ()), *wanted.pop(b"missing", ())]
    found = []
    for key in _entries(cache, family):
        entry = cache.get(key)
        if not wanted or entry is None or contents_of(name) not in entry.arrays:
            continue
        places: list[int] = []
        rows: list[int] = []
        for row, content in enumerate(entry.arrays[contents_of(name)].tolist()):
            for place in wanted.pop(content, ()):
                places.append(place)
                rows.append(row)
        if places:
            found.append(Found(entry.arrays, np.array(places), np.array(rows)))
    return found, sorted([*unknown, *(place for places in wanted.values() for place in places)])


def _entries(cache: ArrayCache, family: str) -> list[str]:
    """The entries of ``family``, the newest first."""
    found = []
    for path in cache.folder.glob("*/notes.json"):
        with suppress(OSError, ValueError, AttributeError):
            if json.loads(path.read_text(encoding="utf-8")).get(FAMILY) == family:
                found.append((path.stat().st_mtime, path.parent.name))
    return [name for _, name in sorted(found, reverse=True)]
