"""Which pictures of a set are near-duplicates: the same one resized, recompressed, cropped, mirrored or brightened, or
the next frame of a video.

Two steps. Candidates are each picture's nearest neighbours by a perceptual hash, and in a small set the pictures that
it may lie in (:mod:`resnet_studio.data.inside`), in a large one its neighbours by a network's pooled features; a pair
counts where the one lies in the other: the correlation of their grey values, at the best place, scale and mirroring, is
high for such pictures. Neither half does it alone: the hash does not find crops, features do not tell apart pictures
that are all alike, and in any measure of likeness alone the threshold for photographs is wrong for drawings.

How high is high follows from the set itself, in the scale in which correlations are spread evenly (Fisher's z). Each
picture is compared with others of its set, whole with whole. A near-duplicate has to lie beyond what those others
bring about by chance (a picture of little detail correlates with many, a photograph with none), and beyond the crowd,
the thirtieth by likeness: handwritten digits each have hundreds nearly as close, and are not called out; in photographs
nothing comes near a copy. Neither measure depends on how many pictures have copies. Pictures of little detail, as
drawings on an empty ground, count only where they agree as a whole and nearly exactly: anything can be found in an
empty ground. ``benchmarks/near_duplicates.py`` has what was measured.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.data import inside
from resnet_studio.data.disjoint import DisjointSets
from resnet_studio.data.inside import LEAST_CONTRAST, SIDE, SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int64]

VERSION = 2
PIXELS_SIDE = 64
"""Side, px, of the squares that pictures are squeezed to before they are compared."""
LEAST = 0.88
"""Correlation below which no pair counts, whatever the set."""
CERTAIN = 0.9997
"""Correlation from which on a pair counts, whatever the set."""
CHANCE = 0.01
"""How many false pairs a set may bring about, were its correlations as evenly spread as the scale supposes."""
LEAST_COSINE = 0.3
NEIGHBOURS, HASH_NEIGHBOURS = 3, 2
HASH_BITS_APART = 12
REFERENCES, CROWD = 2048, 30
CROWDED, MARGINS = (0.6, 1.2), (1.0, 1.8)
"""How far beyond the crowd a near-duplicate lies, by how close that is: at most 0.7 in photographs without copies and
1.7 in handwritten digits, whose crowds are at 0.3 and 1.5; crops of 80 % in photographs from 1.5 on."""
LEAST_DETAIL, LEAST_BARE = 0.4, 0.998
LEAST_COLOURED = 0.85
_BLOCK = 1024
_PAIRS_AT_ONCE = 64


@dataclass(frozen=True)
class Pairs:
    """Near-duplicates ``first[i] < second[i]`` by their indices, with their correlation ``likeness`` in [0, 1]."""

    first: Indices
    second: Indices
    likeness: Floats

    def groups(self) -> list[list[int]]:
        """The groups of near-duplicates, directly or by others; each sorted."""
        sets = DisjointSets[int]()
        for one, other in zip(self.first.tolist(), self.second.tolist(), strict=True):
            sets.join(one, other)
        members = defaultdict(list)
        for place in sorted({*self.first.tolist(), *self.second.tolist()}):
            members[sets.top(place)].append(place)
        return sorted(members.values())


def cells_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``pixels`` [N, side, side, 3] averaged over cells: [N, 3, 24, 24]."""
    found = np.empty((len(pixels), 3, SIDE, SIDE), np.uint8)
    rows = _reduction(SIDE, pixels.shape[1])
    for start in range(0, len(pixels), _BLOCK):
        some = pixels[start : start + _BLOCK].transpose(0, 3, 1, 2).astype(np.float32)
        found[start : start + _BLOCK] = np.rint(rows @ some @ rows.T)
    return found


def grey(cells: NDArray[np.uint8]) -> Floats:
    """The grey values of ``cells`` [N, 3, 24, 24]: [N, 24, 24]."""
    found: Floats = np.einsum("nchw,c->nhw", cells, np.array([0.299, 0.587, 0.114], np.float32), dtype=np.float32)
    return found


def near_duplicates(
    cells: NDArray[np.uint8], features: Floats | None, on_progress: Callable[[int, int], None] = lambda *_: None
) -> Pairs:
    """The pairs of near-duplicates among N pictures.

    ``cells`` [N, 3, 24, 24] are as :func:`cells_of` makes them, ``features`` [N, C] what a network makes of the
    pictures; without these, crops are only found among few pictures (:data:`inside.MOST_PICTURES`). ``on_progress``
    gets the number of compared candidates and their total. Memory grows with N, not with its square.
    """
    values = grey(cells)
    usable = np.flatnonzero(values.std((1, 2)) >= LEAST_CONTRAST)
    cells, values = cells[usable], values[usable]
    if len(usable) < 2:
        return Pairs(usable[:0], usable[:0], np.empty(0, np.float32))
    first, second = _candidates(values, None if features is None else features[usable])
    alike = _compared(values[:, None], first, second, on_progress)
    good = np.flatnonzero(alike >= _needed(values, first, second))
    coloured = _compared(cells, first[good], second[good], lambda *_: None)
    good = good[coloured >= LEAST_COLOURED]
    return Pairs(usable[first[good]], usable[second[good]], alike[good])


def _compared(cells: NDArray[Any], first: Indices, second: Indices, on_progress: Callable[[int, int], None]) -> Floats:
    """The correlations of pairs of ``cells`` [N, C, 24, 24], in threads."""
    alike = np.empty(len(first), np.float32)
    whole = detail(grey(cells) if cells.shape[1] == 3 else cells[:, 0]) < LEAST_DETAIL
    starts = range(0, len(first), _PAIRS_AT_ONCE)

    def compare(start: int) -> None:
        one, other = first[start : start + _PAIRS_AT_ONCE], second[start : start + _PAIRS_AT_ONCE]
        pair = cells[one].astype(np.float32), cells[other].astype(np.float32)
        found, plain = overlap(*pair), whole[one] | whole[other]
        if plain.any():
            found[plain] = _best_window(pair[0][plain], pair[1][plain], (SIDE,))
        alike[start : start + _PAIRS_AT_ONCE] = found

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start, _ in zip(starts, pool.map(compare, starts), strict=True):
            on_progress(min(start + _PAIRS_AT_ONCE, len(first)), len(first))
    return alike


def _needed(values: Floats, first: Indices, second: Indices) -> Floats:
    """The correlation from which on each pair counts, given the grey ``values`` [N, 24, 24] of the pictures."""
    middle, spread, crowd = background(values)
    level = middle + unlikely(len(values)) * spread
    level = np.maximum(level, crowd + np.interp(crowd, CROWDED, MARGINS))
    needed = np.clip(np.tanh(np.maximum(level[first], level[second])), LEAST, CERTAIN)
    bare = detail(values) < LEAST_DETAIL
    needed[bare[first] | bare[second]] = np.maximum(needed, LEAST_BARE)[bare[first] | bare[second]]
    return needed


def detail(values: Floats) -> Floats:
    """The share of each picture [N, 24, 24] where grey values change, by a twentieth of their standard deviation."""
    across, down = np.abs(np.diff(values, axis=2))[:, :-1], np.abs(np.diff(values, axis=1))[:, :, :-1]
    found: Floats = (np.maximum(across, down) > 0.05 * values.std((1, 2), keepdims=True)).mean((1, 2))
    return found


def unlikely(count: int) -> float:
    """How many standard deviations ``count`` pictures' closest pair lies above the mean, but for a small chance."""
    return NormalDist().inv_cdf(1 - CHANCE / max(1.0, count * (count - 1) / 2))


def fisher(correlation: Floats) -> Floats:
    """Correlations in Fisher's scale, in which they are spread evenly whatever their mean."""
    return np.arctanh(np.clip(correlation, -0.9999, 0.9999))


def background(values: Floats) -> tuple[Floats, Floats, Floats]:
    """How alike each picture [N, 24, 24] is to others of its set, whole with whole, in Fisher's scale; [N] each.

    The median; the spread of the lower half, where no near-duplicates are, from the median to what a sixth stays below;
    and the crowd, the likeness of the thirtieth, of a small set the fourth part. At most as many pictures as
    :data:`REFERENCES`, evenly spread over the set, are compared with.
    """
    count = len(values)
    whole = _standard(values.reshape(count, -1))
    chosen = np.unique(np.linspace(0, count - 1, min(count, REFERENCES)).astype(np.int64))
    rank = max(1, round(min(CROWD, max(3, count // 4)) * len(chosen) / count))
    found = np.empty((3, count), np.float32)
    for start in range(0, count, _BLOCK):
        some = fisher(whole[start : start + _BLOCK] @ whole[chosen].T)
        rows = np.arange(start, start + len(some))
        some[rows[:, None] == chosen] = -9  # itself
        some.sort(axis=1)
        low, middle = (some[:, int(share * (len(chosen) - 1))] for share in (0.16, 0.5))
        found[:, rows] = middle, middle - low, some[:, -min(rank, len(chosen))]
    return found[0], found[1], found[2]


def overlap(one: Floats, other: Floats) -> Floats:
    """For each pair of pictures [P, C, 24, 24], the correlation of the one with the best window of the other, or the
    other way about, as it is or mirrored.
    """
    return np.maximum(_best_window(one, other, SIDES), _best_window(other, one, SIDES))


def _best_window(whole: Floats, part: Floats, sides: Sequence[int]) -> Floats:
    """The highest correlation of ``part``, squeezed to each of ``sides``, with a window of ``whole``; [P]."""
    best = np.full(len(whole), -1.0, np.float32)
    for side in sides:
        windows = np.lib.stride_tricks.sliding_window_view(whole, (side, side), (2, 3)).transpose(0, 2, 3, 1, 4, 5)
        windows = windows.reshape(len(whole), (SIDE - side + 1) ** 2, -1)
        size = windows.shape[2]
        means = windows.mean(2)
        spread = np.sqrt(np.maximum(np.einsum("pwc,pwc->pw", windows, windows) / size - means**2, 0))
        small = part if side == SIDE else _reduction(side) @ part @ _reduction(side).T
        both: Any = np.stack([small, small[..., ::-1]], 1).reshape(len(part) * 2, -1)
        turned = _standard(both).reshape(len(part), 2, -1).transpose(0, 2, 1)
        found = windows @ turned / np.maximum(spread * np.sqrt(size), 1e-6)[:, :, None]
        found[spread < LEAST_CONTRAST] = -1.0
        best = np.maximum(best, found.max((1, 2)))
    return best


@cache
def _reduction(side: int, whole: int = SIDE) -> Floats:
    """The matrix [side, whole] that makes ``side`` cells of more: means weighted by a triangle, to antialias."""
    scale = whole / side
    centres = (np.arange(side) + 0.5) * scale - 0.5
    weights = np.maximum(0, 1 - np.abs(centres[:, None] - np.arange(whole)) / scale)
    found: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return found


def _candidates(cells: Floats, features: Floats | None) -> tuple[Indices, Indices]:
    """Pairs that are worth a closer look, each once."""
    hashes, mirrored = hashes_of(cells), hashes_of(cells[:, :, ::-1])
    bits = hashes.shape[1]
    searches = [
        _nearest(hashes, hashes, HASH_NEIGHBOURS, bits - 2 * HASH_BITS_APART),
        _nearest(hashes, mirrored, HASH_NEIGHBOURS, bits - 2 * HASH_BITS_APART),
    ]
    if features is not None:
        centred = _standard(features, axis=0)
        searches.append(_nearest(centred, centred, NEIGHBOURS, LEAST_COSINE))
    elif len(cells) <= inside.MOST_PICTURES:
        searches.append(inside.candidates(cells, min(NEIGHBOURS, len(cells) - 1)))
    found = np.concatenate([np.stack(pair, 1) for search in searches for pair in search])
    found = np.unique(np.sort(found, axis=1), axis=0)
    return found[:, 0], found[:, 1]


def hashes_of(cells: Floats) -> Floats:
    """The perceptual hash of each picture [N, 24, 24] as signs [N, 63]: which of the low frequencies of its cosine
    transform, the mean left out, are above their median.
    """
    low = inside.low_frequencies(cells)
    return np.where(low > np.median(low, axis=1, keepdims=True), 1.0, -1.0).astype(np.float32)


def _nearest(rows: Floats, among: Floats, most: int, least: float) -> Iterator[tuple[Indices, Indices]]:
    """For each of ``rows`` up to ``most`` of the others with the highest product of at least ``least``, in blocks."""
    for start in range(0, len(rows), _BLOCK):
        products = rows[start : start + _BLOCK] @ among.T
        places = np.arange(len(products))
        products[places, start + places] = -np.inf  # itself
        for _ in range(min(most, len(rows) - 1)):
            best = products.argmax(1)
            good = products[places, best] >= least
            yield start + places[good], best[good]
            products[places, best] = -np.inf


def _standard(rows: Floats, axis: int | None = None) -> Floats:
    """``rows`` of length one, after their own mean was taken off, or with ``axis`` 0 that of all rows."""
    centred = rows - (rows.mean(1, keepdims=True) if axis is None else rows.mean(0))
    length: Any = np.linalg.norm(centred, axis=1, keepdims=True)
    found: Floats = centred / np.maximum(length, 1e-6)
    return found
