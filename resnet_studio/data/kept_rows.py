"""Rows of arrays kept by the content of the picture that they are of: after an edit only new pictures are computed."""

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

CONTENTS = "contents"
FAMILY = "family"


def family_of(cache: ArrayCache, *parts: object) -> str:
    """The name of all entries that hold rows of the same kind: what they follow from besides the pictures."""
    return cache.key(*parts)


def shapes_with_contents(shapes: Mapping[str, tuple[tuple[int, ...], str]], rows: int) -> dict[str, Any]:
    """``shapes`` of an entry, and that of the contents of its ``rows`` pictures."""
    return {**shapes, CONTENTS: ((rows,), "S64")}


def sign(building: Building, family: str, contents: Sequence[str]) -> None:
    """Write into an entry of which ``family`` it is, and the pictures that its rows are of, in their order."""
    building.notes[FAMILY] = family
    building.arrays[CONTENTS][:] = np.array([each.encode() for each in contents], "S64")


@dataclass(frozen=True)
class Found:
    """Rows that are there already: picture ``places[i]`` of those asked for is row ``rows[i]`` of ``arrays``."""

    arrays: Mapping[str, NDArray[Any]]
    places: NDArray[np.int64]
    rows: NDArray[np.int64]


def find(cache: ArrayCache, family: str, contents: Sequence[str]) -> list[Found]:
    """The rows of pictures with these ``contents`` in the entries of ``family``, each picture once."""
    wanted: dict[bytes, list[int]] = {}
    for place, content in enumerate(contents):
        wanted.setdefault(content.encode(), []).append(place)
    found = []
    for key in _entries(cache, family):
        entry = cache.get(key)
        if not wanted or entry is None or CONTENTS not in entry.arrays:
            continue
        places: list[int] = []
        rows: list[int] = []
        for row, content in enumerate(entry.arrays[CONTENTS].tolist()):
            for place in wanted.pop(content, ()):
                places.append(place)
                rows.append(row)
        if places:
            arrays = {name: array for name, array in entry.arrays.items() if name != CONTENTS}
            found.append(Found(arrays, np.array(places), np.array(rows)))
    return found


def _entries(cache: ArrayCache, family: str) -> list[str]:
    """The entries of ``family``, the newest first."""
    found = []
    for path in cache.folder.glob("*/notes.json"):
        with suppress(OSError, ValueError):
            if json.loads(path.read_text(encoding="utf-8")).get(FAMILY) == family:
                found.append((path.stat().st_mtime, path.parent.name))
    return [name for _, name in sorted(found, reverse=True)]
