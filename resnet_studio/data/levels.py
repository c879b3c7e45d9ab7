"""Which numbers pictures of more than 8 bits really use: 12 bits in a file of 16 leave fifteen sixteenths of it empty.

The range is measured on training pictures, is the same for all pictures of a model, and is kept with it: brightness
stays comparable from picture to picture.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.data.pixels import deep_kind, deep_numbers, low_tiles
from resnet_studio.data.reading import Ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from resnet_studio.data.cache import ArrayCache

VERSION = 1
MOST_MEASURED = 2000
_OUTSIDE = 0.0005
"""Share of a picture's numbers that may lie outside on either side: dead and hot pixels of a sensor."""
_PICTURES_OUTSIDE = 0.01
_LOOKED_AT = 1 << 20
_FULL_COLOUR = 2**14
"""Colour that goes beyond is read by its high bytes, as it costs twice the time otherwise."""
_CHUNK = 64


def is_deep(image: Image.Image) -> bool:
    """Whether the opened, unread ``image`` has numbers of more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;") or low_tiles(image) is not None


def own_range(image: Image.Image, low: Image.Image | None = None) -> Ranges:
    """The range of the loaded ``image`` by its kind, nothing where it has 8 bits; ``low`` holds the low bytes."""
    if low is not None:
        pairs = [(image.getchannel(name), low.getchannel(name)) for name in "RGB"]
        colours = [np.asarray(high, np.uint16)[:: _step(image)] * 256 + np.asarray(rest)[:: _step(image)]
                   for high, rest in pairs]  # fmt: skip
        return {"rgb16": _ends(np.stack(colours))}
    if not is_deep(image):
        return {}
    bands = (deep_numbers(image, top, min(image.height, top + 256)) for top in range(0, image.height, 256))
    return {deep_kind(image): _ends(np.concatenate([band[:: _step(image)] for band in bands]))}


def measure(
    files: Sequence[Path], contents: Sequence[str] = (), cache: ArrayCache | None = None
) -> Generator[int, None, Ranges]:
    """The range that the pictures in ``files`` use, by kind; yields how many files are done.

    Of very many files so many are measured, evenly spread. With a ``cache`` and the ``contents`` (a hash of each file's
    bytes), files measured before are not measured again.
    """
    key = cache.key("ranges", VERSION, list(contents)) if cache else ""
    if cache and (entry := cache.get(key)) is not None:
        return {kind: (low, high) for kind, (low, high) in entry.notes["ranges"].items()}
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    chosen = files[:: -(-len(files) // MOST_MEASURED) or 1]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, len(chosen), _CHUNK):
            for ranges in pool.map(_measured, chosen[start : start + _CHUNK]):
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


def _measured(file: Path) -> Ranges:
    from resnet_studio.data.pictures import BadPicture, measured_range

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


def _step(image: Image.Image) -> int:
    """Every how many rows suffice."""
    return max(1, image.width * image.height // _LOOKED_AT)


def _ends(numbers: NDArray[Any]) -> tuple[float, float]:
    """The range of ``numbers``, those that are none left out, without the few at either end."""
    finite = numbers[np.isfinite(numbers)] if numbers.dtype.kind == "f" else numbers.ravel()
    if not finite.size:
        return 0.0, 1.0
    low = float(np.quantile(finite, _OUTSIDE, method="lower"))
    high = float(np.quantile(finite, 1 - _OUTSIDE, method="higher"))
    return low, high if high > low else low + 1
