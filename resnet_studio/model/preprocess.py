"""How a picture becomes the model's input: a description kept in every checkpoint, and the function that follows it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resnet_studio.data.reading import Reading, checked_ranges

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_LARGEST_SIDE = 4096
_LARGEST_ASPECT = 32


@dataclass(frozen=True)
class Preprocessing:
    """Resize the short side to ``resize`` px, cut out the central ``crop`` x ``crop`` px, scale to 0..1, normalise.

    ``mean`` and ``std`` are per channel (red, green, blue) on the 0..1 scale. ``colour_managed`` and ``ranges`` say how
    files are read before that, see :class:`resnet_studio.data.reading.Reading`; checkpoints of before have neither.
    Raises ``ValueError`` for anything that no model of the studio can have.
    """

    resize: int
    crop: int
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    interpolation: str = "bilinear"
    colour_managed: bool = False
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (type(self.resize) is type(self.crop) is int and 1 <= self.crop <= self.resize <= _LARGEST_SIDE):
            raise ValueError(f"resize {self.resize!r} and crop {self.crop!r} do not go together")
        for name in ("mean", "std"):
            numbers = tuple(float(number) for number in getattr(self, name))
            if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
                raise ValueError(f"{name} must be three numbers")
            object.__setattr__(self, name, numbers)
        if min(self.std) <= 0:
            raise ValueError("std must be positive")
        if self.interpolation != "bilinear":
            raise ValueError(f"unknown interpolation {self.interpolation!r}")
        if type(self.colour_managed) is not bool:
            raise ValueError("colour_managed must be true or false")
        object.__setattr__(self, "ranges", checked_ranges(self.ranges))

    @property
    def reading(self) -> Reading:
        """How picture files are read."""
        return Reading(self.ranges, self.colour_managed)


def preprocess(picture: Image.Image, preprocessing: Preprocessing) -> Tensor:
    """The model's input [3, crop, crop], fp32, for an upright RGB ``picture``.

    Does what ``Resize``, ``CenterCrop``, ``ToTensor`` and ``Normalize`` of torchvision do. Of a picture more than 32
    times as long as wide only the middle is kept first, as resizing all of it could take gigabytes.
    """
    from torchvision.transforms import functional as F

    cropped = centre_crop(picture, preprocessing.resize, preprocessing.crop)
    values: Tensor = F.normalize(F.to_tensor(cropped), list(preprocessing.mean), list(preprocessing.std))
    return values


def centre_crop(picture: Image.Image, resize: int, crop: int) -> Image.Image:
    """``picture`` with its short side resized to ``resize`` px, and of that the central ``crop`` x ``crop`` px."""
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms import functional as F

    resized = F.resize(_middle(picture), [resize], InterpolationMode.BILINEAR, antialias=True)
    middle: Image.Image = F.center_crop(resized, [crop, crop])
    return middle


def _middle(picture: Image.Image) -> Image.Image:
    """``picture``, or the central part of it that is ``_LARGEST_ASPECT`` times as long as wide."""
    width, height = picture.size
    longest = _LARGEST_ASPECT * min(width, height)
    if max(width, height) <= longest:
        return picture
    left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)
    return picture.crop((left, top, left + min(width, longest), top + min(height, longest)))
