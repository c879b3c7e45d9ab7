"""What a network sees of a picture: the one place for resizing, cropping, letterboxing and picture sizes.

Validation, test and prediction show the network a :class:`Framed` picture. Training keeps a whole picture squeezed to a
square (:class:`Squeezed`) together with its aspect ratio, so that random crops can come from anywhere in it with true
proportions; where no crops are taken it keeps what is shown in the end. The exported code mirrors :class:`Framed`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.config import TrainConfig
    from resnet_studio.data.augment import AugmentationRecipe
    from resnet_studio.data.dataset import Dataset, Sample, Split
    from resnet_studio.model.preprocess import Preprocessing

Shown = Literal["crop", "pad", "squeeze"]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom edge in shares of a picture's width and height."""
FITS: tuple[Shown, ...] = get_args(Shown)
OVERSCAN = 8 / 7
"""Training pictures are stored this much larger than what the network sees: 256 px for 224."""
SMALL_SIDE = 64
"""Pictures of this side or less, px, are small: from scratch they are shown at their own size."""
WIDE = 1.6
"""Pictures whose long side is more than this many times the short one lose much to a crop."""
STRIDE = 32
"""A ResNet with the standard stem halves a picture five times."""
PADDING = (124, 116, 104)
"""What a letterbox is filled with: ImageNet's mean colour, about zero once normalised."""
LARGEST_ASPECT = 32
SHARPER = 1.25
"""A picture whose short side is more than this many times that of the training pictures is much sharper than they."""
USUAL = 0.9
"""The share of the training pictures that are no larger than their usual size."""


class View(Protocol):
    """How one upright RGB picture becomes pixels of a fixed size."""

    @property
    def side(self) -> int:
        """Side of the square, px."""

    @property
    def draft_side(self) -> int:
        """Short side, px, that a JPEG must keep when it is decoded at reduced size."""

    def pixels(self, picture: Image.Image) -> NDArray[np.uint8]:
        """uint8 ``[side, side, 3]``."""

    def aspect(self, picture: Image.Image) -> float:
        """Width over height of what the square of pixels stands for."""


@dataclass(frozen=True)
class Squeezed:
    """The whole picture as a square of ``side`` px to take random crops from.

    With ``fit`` crop the picture is squeezed and crops undo that by its aspect ratio; with squeeze they do not; with
    pad it is letterboxed.
    """

    side: int
    fit: Shown = "crop"

    @property
    def draft_side(self) -> int:
        """See :class:`View`; half of what the reader leaves to others, as these pictures are varied anyway."""
        return (self.side + 1) // 2

    def pixels(self, picture: Image.Image) -> NDArray[np.uint8]:
        """See :class:`View`; Pillow's bilinear filter, which averages when it shrinks."""
        if self.fit == "pad":
            return np.asarray(letterboxed(picture, self.side))
        return np.asarray(picture.resize((self.side, self.side), Image.Resampling.BILINEAR))

    def aspect(self, picture: Image.Image) -> float:
        """See :class:`View`."""
        return picture.width / picture.height if self.fit == "crop" else 1.0


@dataclass(frozen=True)
class Framed:
    """What the network is shown in the end, a square of ``side`` px.

    ``fit`` crop: the short side resized to ``resize`` px, of that the middle, as torchvision's ``Resize`` and
    ``CenterCrop`` do; pad: the whole picture, letterboxed; squeeze: the whole picture, its proportions given up.

    A picture that is much sharper than the training pictures were is reduced to their short side of ``native_side`` px
    first, where that is not 0.
    """

    resize: int
    side: int
    fit: Shown = "crop"
    native_side: int = 0

    @classmethod
    def of(cls, preprocessing: Preprocessing, *, drawing: bool = False) -> Framed:
        """What a checkpoint's ``preprocessing`` shows its network of a ``drawing`` made for it, or of a picture."""
        reduces = drawing or preprocessing.reduces == "all"
        native = preprocessing.native_side if reduces else 0
        return cls(preprocessing.resize, preprocessing.crop, preprocessing.fit, native)

    @property
    def draft_side(self) -> int:
        """See :class:`View`."""
        return self.resize

    def picture(self, picture: Image.Image) -> Image.Image:
        """``picture``, upright and RGB, as a square of ``side`` px."""
        picture = reduced(picture, self.native_side)
        if self.fit == "pad":
            return letterboxed(picture, self.side)
        if self.fit == "squeeze":
            return picture.resize((self.side, self.side), Image.Resampling.BILINEAR)
        return _centre_crop(picture, self.resize, self.side)

    def pixels(self, picture: Image.Image) -> NDArray[np.uint8]:
        """See :class:`View`."""
        return np.asarray(self.picture(picture))

    def aspect(self, picture: Image.Image) -> float:  # noqa: ARG002 - the square is what it stands for
        """See :class:`View`."""
        return 1.0

    def place(self, width: int, height: int) -> Box:
        """Where the square lies in a picture of ``width`` x ``height`` px: its left, top, right and bottom edge.

        In shares of the picture's width and height; what lies beyond 0..1 is padding.
        """
        if self.fit == "squeeze":
            return 0.0, 0.0, 1.0, 1.0
        if self.fit == "pad":
            scale = self.side / max(width, height)
            across, down = (_padded(max(1, round(length * scale)), self.side) for length in (width, height))
        else:
            across, down = (_cropped(length, min(width, height), self) for length in (width, height))
        return across[0], down[0], across[1], down[1]

    def share(self, aspect: float) -> float:
        """The share of its area that a picture whose long side is ``aspect`` times its short one shows."""
        return (self.side / self.resize) ** 2 / aspect if self.fit == "crop" else 1.0


def _padded(length: int, side: int) -> tuple[float, float]:
    """Where a square of ``side`` px begins and ends along a picture of ``length`` px in its middle, in shares of it."""
    before = (side - length) // 2
    return -before / length, (side - before) / length


def _cropped(length: int, short: int, view: Framed) -> tuple[float, float]:
    """Where a centre crop begins and ends along a side of ``length`` px of a picture with the short side ``short``."""
    kept = min(length, LARGEST_ASPECT * short)  # what _middle leaves
    resized = view.resize if kept == short else int(view.resize * kept / short)
    first, skipped = round((resized - view.side) / 2), max(0, (length - kept) // 2)
    scale = kept / resized
    return (skipped + first * scale) / length, (skipped + (first + view.side) * scale) / length


def reduced(picture: Image.Image, native_side: int) -> Image.Image:
    """``picture`` with a short side of ``native_side`` px where it is much sharper; as it is for 0."""
    short = min(picture.size)
    if not native_side or short <= SHARPER * native_side:
        return picture
    size = (picture.width * native_side // short, picture.height * native_side // short)
    return picture.resize(size, Image.Resampling.BILINEAR)


def letterboxed(picture: Image.Image, side: int) -> Image.Image:
    """``picture`` as large as fits into a square of ``side`` px, in its middle, on :data:`PADDING`."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    square = Image.new("RGB", (side, side), PADDING)
    whole = picture.resize(size, Image.Resampling.BILINEAR)
    square.paste(whole, ((side - whole.width) // 2, (side - whole.height) // 2))
    return square


def _centre_crop(picture: Image.Image, resize: int, crop: int) -> Image.Image:
    """``picture`` with its short side resized to ``resize`` px, and of that the central ``crop`` x ``crop`` px.

    Of a picture more than 32 times as long as wide only the middle is resized, as all of it could take gigabytes.
    """
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms import functional as F

    resized = F.resize(_middle(picture), [resize], InterpolationMode.BILINEAR, antialias=True)
    middle: Image.Image = F.center_crop(resized, [crop, crop])
    return middle


def _middle(picture: Image.Image) -> Image.Image:
    """``picture``, or the central part of it that is :data:`LARGEST_ASPECT` times as long as wide."""
    width, height = picture.size
    longest = LARGEST_ASPECT * min(width, height)
    if max(width, height) <= longest:
        return picture
    left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)
    return picture.crop((left, top, left + min(width, longest), top + min(height, longest)))


def final_view(config: TrainConfig, pictures: Dataset | Split) -> Framed:
    """What a network trained with a resolved ``config`` will be shown.

    Pictures that are larger than the network's input lose an eighth of their side at a crop, as is usual.
    """
    side = config.picture_size
    assert side is not None and config.fit != "auto"
    whole = config.fit != "crop" or pictures.median_side <= side
    return Framed(side if whole else round(side * OVERSCAN), side, config.fit)


def native_side(samples: Sequence[Sample], resize: int) -> int:
    """The usual short side, px, of training pictures that are enlarged to ``resize`` px; 0 where they are not."""
    sides = sorted(side for sample in samples if (side := min(sample.width, sample.height)) > 0)
    usual = sides[math.ceil(USUAL * len(sides)) - 1] if sides else 0
    return usual if usual < resize else 0


def training_view(end: Framed, augmentation: AugmentationRecipe) -> View:
    """The stored view of training pictures for ``augmentation``: the final view ``end`` where nothing is cropped, so
    that training sees the same part of a picture in the same proportions.
    """
    return end if augmentation.area == (1.0, 1.0) else Squeezed(round(end.side * OVERSCAN), end.fit)


def is_small(config: TrainConfig, median_side: int) -> bool:
    """Whether a resolved ``config`` shows pictures of 64 px or less at (about) their own size."""
    assert config.picture_size is not None
    return config.picture_size <= SMALL_SIDE and config.picture_size * OVERSCAN >= median_side


def median_aspect(samples: Sequence[Sample]) -> float:
    """The median of long over short side of pictures whose size is known; 1 where none is."""
    return statistics.median([aspect for sample in samples if (aspect := aspect_of(sample))] or [1.0])


def aspect_of(sample: Sample) -> float | None:
    """Long over short side; None where the size is not known."""
    short, long = sorted((sample.width, sample.height))
    return long / short if short > 0 else None


def strided(size: float) -> int:
    """The multiple of :data:`STRIDE` next to ``size`` px, at least one stride."""
    return max(1, round(size / STRIDE)) * STRIDE


def size_at(first: int, full: int, grown: float) -> int:
    """The side, px, of the training pictures that grow evenly from ``first`` to ``full``, ``grown`` of the way.

    In steps of a stride, or of 8 px where ``first`` or ``full`` is no multiple of it. Progressive resizing, as taught
    by fast.ai.
    """
    if first >= full or grown >= 1:
        return full
    step = STRIDE if first % STRIDE == full % STRIDE == 0 else 8
    return min(full, round((first + (full - first) * grown) / step) * step)
