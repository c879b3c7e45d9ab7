"""Which pictures of a small set may lie inside which: every window of each is compared with all pictures as a whole.

The comparison is the low-pass half of the one that decides in the end (:func:`resnet_studio.data.likeness.overlap`):
the correlation of 63 coefficients of the cosine transform. All of it is one matrix product a block, which for a few
hundred pictures costs a hundredth of a network's features; but it grows with the square of the number of pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int64]

SIDE = 24
SIDES = (24, 23, 22, 21, 20, 19, 18)
"""Of 24 cells a side, how many a crop may have kept."""
LEAST_CONTRAST = 4.0
"""Standard deviation, of 255, below which a picture is of one colour and like no other one."""
WAVES = 8
MOST_PICTURES = 4000
"""About where a network's features become as fast."""
LEAST = 0.8
_BLOCK_NUMBERS = 2**22


def candidates(cells: Floats, most: int) -> Iterator[tuple[Indices, Indices]]:
    """For each of the pictures, as grey values [N, 24, 24], up to ``most`` others that it may lie in, mirrored or not;
    as index pairs.
    """
    count, windows = len(cells), sum((SIDE - side + 1) ** 2 for side in SIDES)
    parts = np.concatenate([_whole(cells), _whole(cells[:, :, ::-1])]).T
    best = np.full((most, count), -1.0, np.float32)
    inside = np.zeros((most, count), np.int64)
    step = max(1, _BLOCK_NUMBERS // (windows * 2 * count))
    for start in range(0, count, step):
        some = _windows(cells[start : start + step])
        alike = (some.reshape(-1, parts.shape[0]) @ parts).reshape(len(some), windows * 2, count).max(1)
        places = np.arange(start, start + len(some))
        alike[places - start, places] = -1.0  # itself
        merged = np.concatenate([best, alike])
        owners = np.concatenate([inside, np.broadcast_to(places[:, None], alike.shape)])
        order = np.argpartition(-merged, most - 1, axis=0)[:most]
        best, inside = np.take_along_axis(merged, order, 0), np.take_along_axis(owners, order, 0)
    for rank in range(most):
        good = np.flatnonzero(best[rank] >= LEAST)
        yield good, inside[rank][good]


def low_frequencies(cells: Floats) -> Floats:
    """The low frequencies of ``cells`` [N, 24, 24] by the cosine transform, their mean left out: [N, 63]."""
    waves: Any = cosines(WAVES, SIDE)
    found: Floats = (waves @ cells @ waves.T).reshape(len(cells), -1)[:, 1:]
    return found


@cache
def cosines(count: int, length: int) -> Floats:
    """The first ``count`` rows of the orthonormal cosine transform (DCT-II) of ``length`` values: [count, length]."""
    waves = np.cos(np.pi / length * np.outer(np.arange(count), np.arange(length) + 0.5))
    scale = np.where(np.arange(count) == 0, 1, np.sqrt(2))[:, None] / np.sqrt(length)
    found: Floats = (waves * scale).astype(np.float32)
    return found


def _whole(cells: Floats) -> Floats:
    low = low_frequencies(cells)
    found: Floats = low / np.maximum(np.linalg.norm(low, axis=1, keepdims=True), 1e-6)
    return found


def _windows(cells: Floats) -> Floats:
    """The same of every window of each of ``cells``: [N, windows, 63]; zeros where a window is of one colour."""
    found = []
    for side in SIDES:
        places = SIDE - side + 1
        moved = np.zeros((places, WAVES, SIDE), np.float32)
        for place in range(places):
            moved[place, :, place : place + side] = cosines(WAVES, side)
        flat = moved.reshape(places * WAVES, SIDE)
        low = (flat @ cells @ flat.T).reshape(-1, places, WAVES, places, WAVES).transpose(0, 1, 3, 2, 4)
        low = low.reshape(len(cells), places**2, WAVES**2)[:, :, 1:]
        length = np.linalg.norm(low, axis=2, keepdims=True)
        found.append(np.where(length < LEAST_CONTRAST * side, 0, low / np.maximum(length, 1e-6)))
    return np.concatenate(found, axis=1)
