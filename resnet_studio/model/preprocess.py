"""How a picture becomes the input of a model: a description stored in every checkpoint, and a function for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from resnet_studio.data.reading import Reading, checked_ranges
from resnet_studio.data.views import FITS, Framed, Shown

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

LATER: Mapping[str, Any] = {
    "colour_managed": False,
    "ranges": {},
    "fit": "crop",
    "native_side": 0,
    "reduces": "drawings",
}
"""Fields that cards of version 1 do not have, and the values that mean what such a card means."""

_LARGEST_SIDE = 4096


@dataclass(frozen=True)
class Preprocessing:
    """Resize the short side to ``resize`` px, cut out the central ``crop`` x ``crop`` px, scale to 0..1, normalise.

    With ``fit`` pad or squeeze the whole picture is brought to ``crop`` x ``crop`` px instead, see
    :class:`resnet_studio.data.views.Framed`. ``native_side`` is the usual short side, px, of training pictures that
    were enlarged, 0 otherwise; what is much sharper and ``reduces`` names is brought to it first.
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
    fit: Shown = "crop"
    native_side: int = 0
    reduces: Literal["drawings", "all"] = "drawings"

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
        if self.fit not in FITS:
            raise ValueError(f"unknown fit {self.fit!r}")
        if type(self.native_side) is not int or not 0 <= self.native_side <= _LARGEST_SIDE:
            raise ValueError("native_side is out of range")
        if self.reduces not in ("drawings", "all"):
            raise ValueError(f"unknown pictures to reduce {self.reduces!r}")
        if type(self.colour_managed) is not bool:
            raise ValueError("colour_managed must be true or false")
        object.__setattr__(self, "ranges", checked_ranges(self.ranges))

    @property
    def reading(self) -> Reading:
        """How picture files are read."""
        return Reading(self.ranges, self.colour_managed)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values. What came later than version 1 of a card is left out where it has its default."""
        values = asdict(self)
        return {key: value for key, value in values.items() if key not in LATER or value != LATER[key]}


def preprocess(picture: Image.Image, preprocessing: Preprocessing, *, drawing: bool = False) -> Tensor:
    """The model's input [3, crop, crop], fp32, for an upright RGB ``picture``, or a ``drawing`` made for the model.

    With ``fit`` crop this is what ``Resize``, ``CenterCrop``, ``ToTensor`` and ``Normalize`` of torchvision do.
    """
    from torchvision.transforms import functional as F

    framed = Framed.of(preprocessing, drawing=drawing).picture(picture)
    values: Tensor = F.normalize(F.to_tensor(framed), list(preprocessing.mean), list(preprocessing.std))
    return values
