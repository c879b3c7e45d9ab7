"""Which numbers pictures of more than 8 bits really use: 12 bits in a file of 16 leave fifteen sixteenths of it empty.

The range is measured on training pictures, is the same for all pictures of a model, and is stored with it: brightness
stays comparable from picture to picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.data.pixels import deep_kind, deep_numbers, low_tiles
from resnet_studio.data.reading import Ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image


_OUTSIDE = 0.0005
"""Share of a picture's numbers that may lie outside on either side: dead and hot pixels of a sensor."""
_LOOKED_AT = 1 << 20
"""Colour that goes beyond is read by its high bytes, as it costs twice the time otherwise."""


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
