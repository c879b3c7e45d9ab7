"""What pictures are compared by to find near-duplicates, cached by their contents: only new ones are read again."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from resnet_studio.data import cached_rows, decode, inside, likeness
from resnet_studio.data.reading import AS_SEEN
from resnet_studio.data.views import Squeezed
from resnet_studio.model import starter_features
from resnet_studio.stepwise import map_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.data.cache import ArrayCache, Building

VERSION = 2
CHUNK, STORED_AT_ONCE = 512, 2048
"""Pictures that are decoded at once, and that an entry of the cache holds."""
CELLS, FEATURES = "cells", "features"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Compared:
    """Of N pictures the ``cells`` [N, 3, 24, 24] and, of many where there is a starter network, its ``features``
    [N, 128]; zeros for a picture that cannot be read.
    """

    cells: NDArray[np.uint8]
    features: NDArray[np.float32] | None


def compared(
    files: Sequence[Path], contents: Sequence[str], cache: ArrayCache, device: str, checked: Sequence[bool] = ()
) -> Generator[int, None, Compared]:
    """What the pictures ``files`` with these ``contents`` are compared by; yields how many are done. For ``checked``
    see :func:`resnet_studio.data.decode.decode`.

    Whoever closes this in between loses a chunk at most.
    """
    with_features = len(files) > inside.MOST_PICTURES and starter_features.starter_file() is not None
    cells = np.zeros((len(files), *_SHAPES[CELLS][0]), np.uint8)
    features = np.zeros((len(files), *_SHAPES[FEATURES][0]), np.float32) if with_features else None
    targets: dict[str, NDArray[Any]] = {CELLS: cells} | ({} if features is None else {FEATURES: features})
    by = starter_features.identity() if with_features else None
    family = cache.key("compared", VERSION, likeness.VERSION, decode.VERSION, by)
    known, new = cached_rows.find(cache, family, CELLS, contents)
    for found in known:
        for name, target in targets.items():
            found.copy(name, target)
    done = len(files) - len(new)
    for start in range(0, len(new), STORED_AT_ONCE):
        some = new[start : start + STORED_AT_ONCE]
        yield from _add_done(_compute(files, contents, some, targets, cache, family, device, checked), done + start)
    return Compared(cells, features)


_SHAPES: dict[str, tuple[tuple[int, ...], str]] = {
    CELLS: ((3, inside.SIDE, inside.SIDE), "u1"), FEATURES: ((starter_features.CHANNELS,), "<f4"),
}  # fmt: skip


def _compute(
    files: Sequence[Path], contents: Sequence[str], places: Sequence[int], targets: dict[str, NDArray[Any]],
    cache: ArrayCache, family: str, device: str, checked: Sequence[bool],
) -> Generator[int, None, None]:  # fmt: skip
    """Fill the rows ``places`` of ``targets`` and store them in ``cache``, where there is room; yields how many are
    done.
    """
    good: list[int] = []
    for start in range(0, len(places), CHUNK):
        some = np.array(places[start : start + CHUNK])
        decoding = decode.decode(
            [files[place] for place in some], Squeezed(likeness.PIXELS_SIDE), reading=AS_SEEN,
            checked=[checked[place] for place in some] if checked else (),
        )  # fmt: skip
        decoded = yield from _add_done(decoding, start, halved=True)
        rows = some[list(decoded.indices)]
        good += rows.tolist()
        targets[CELLS][rows] = likeness.cells_of(decoded.pixels)
        if FEATURES in targets and len(rows):
            looking = starter_features.extract(decoded.pixels, device)
            targets[FEATURES][rows] = yield from _add_done(looking, start + len(some) // 2, halved=True)
        yield start + len(some)
    shapes = {name: ((len(good), *_SHAPES[name][0]), _SHAPES[name][1]) for name in targets}
    if not good or not cache.has_room(sum(target[:1].nbytes * len(good) for target in targets.values())):
        return
    shapes[cached_rows.contents_of(CELLS)] = cached_rows.shape_of_contents(len(good))
    stored = [contents[place] for place in good]
    with cache.building(cache.key(family, stored), shapes) as building:
        _store(building, family, targets, good, stored)


def _store(
    building: Building, family: str, targets: dict[str, NDArray[Any]], places: list[int], contents: list[str]
) -> None:
    for name, target in targets.items():
        building.arrays[name][:] = target[places]
    cached_rows.record_contents(building, family, **{CELLS: contents})


def _add_done(work: Generator[int, None, Result], before: int, *, halved: bool = False) -> Generator[int, None, Result]:
    """Yield ``before`` plus how much ``work`` says is done, or half of it; returns what it returns."""
    return (yield from map_steps(work, lambda done: before + (done // 2 if halved else done)))
