"""The range of the numbers in the pictures of a training, measured file by file; see :mod:`.levels`."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from resnet_studio.data.reading import Ranges

if TYPE_CHECKING:
    from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.pictures import BadPicture, measured_range

VERSION = 1
MOST_MEASURED = 2000
_PICTURES_OUTSIDE = 0.01
_FULL_COLOUR = 2**14
_CHUNK = 64


def measure(
    files: Sequence[Path], contents: Sequence[str] = (), cache: ArrayCache | None = None
) -> Generator[int, None, Ranges]:
    """The range that the pictures in ``files`` use, by kind; yields how many files are done.

    Of very many files a number is measured, evenly spread. With a ``cache`` and the ``contents`` (a hash of each file's
    bytes), files measured before are not measured again.
    """
    key = cache.key("ranges", VERSION, list(contents)) if cache else ""
    if cache and (entry := cache.get(key)) is not None:
        return {kind: (low, high) for kind, (low, high) in entry.notes["ranges"].items()}
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    chosen = files[:: -(-len(files) // MOST_MEASURED) or 1]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, len(chosen), _CHUNK):
            for ranges in pool.map(ranges_in, chosen[start : start + _CHUNK]):
                for kind, ends in ranges.items():
                    found[kind].append(ends)
            yield min(start + _CHUNK, len(chosen))
    together = {kind: _together(ends) for kind, ends in found.items()}
    if together.get("rgb16", (0, 0))[1] >= _FULL_COLOUR:
        del together["rgb16"]
    if cache:
        with cache.building(key, {}) as building:
            building.notes["ranges"] = together
    return together


def ranges_in(file: Path) -> Ranges:
    """The range of numbers that a deep picture uses, for each of its kinds; nothing for pictures of 8 bits."""
    try:
        with file.open("rb") as opened:
            start = opened.read(32)
        # most files say at once that they have 8 bits
        if start.startswith((b"\xff\xd8", b"GIF8", b"RIFF", b"BM")) or (
            start[1:4] == b"PNG" and start[24:25] != b"\x10"
        ):
            return {}
        return measured_range(file)
    except (BadPicture, OSError):
        return {}


def _together(ends: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The range of pictures with these ``ends``, without the few that go far beyond all others."""
    lows, highs = zip(*ends, strict=True)
    low = float(np.quantile(lows, _PICTURES_OUTSIDE, method="lower"))
    high = float(np.quantile(highs, 1 - _PICTURES_OUTSIDE, method="higher"))
    return low, high if high > low else low + 1
