"""Drawings become pictures like the ones that a model was trained on: same paper, the drawing as large as there."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops

from resnet_studio.data.drawings import are_drawings
from resnet_studio.data.pictures import read_picture
from resnet_studio.data.reading import AS_SEEN
from resnet_studio.errors import DataError, StudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_DRAWING = 4 * 2**20
LOOKED_AT = 24
SIDE = 64


@dataclass(frozen=True)
class Paper:
    """What the training pictures are drawn on. ``fill`` is the share of the side that the drawing takes.

    ``drawn`` says that they look like drawings: grey, on plain paper.
    """

    dark: bool = False
    fill: float = 0.75
    drawn: bool = False


def paper_of(files: Sequence[Path]) -> Paper:
    """The paper that the pictures in ``files`` seem to be drawn on, by their corners; white for photographs."""
    step = max(1, len(files) // LOOKED_AT)
    looks = [look for file in files[::step][:LOOKED_AT] if (look := _look(file)) is not None]
    if not looks:
        return Paper()
    plain = [look for look in looks if look.spread < 40]
    if len(plain) < len(looks) / 2:
        return Paper()
    fills = [look.fill for look in plain if look.fill]
    fill = min(0.95, max(0.4, median(fills))) if fills else 0.75
    drawn = are_drawings(np.stack([look.picture for look in looks]))
    return Paper(dark=median(look.brightness for look in plain) < 128, fill=fill, drawn=drawn)


@dataclass(frozen=True)
class _Look:
    """``brightness`` of the corners and its ``spread``, the share of the side that the drawing ``fill``s, and the
    ``picture`` [64, 64, 3] itself.
    """

    brightness: float
    spread: float
    fill: float
    picture: NDArray[np.uint8]


def _look(file: Path) -> _Look | None:
    try:
        read = read_picture(file, draft_side=SIDE, reading=AS_SEEN).convert("RGB")
    except StudioError:
        return None
    small = read.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    grey = small.convert("L")
    pixels = np.asarray(grey)
    corner = SIDE // 8
    ends = (slice(None, corner), slice(-corner, None))
    corners = np.concatenate([pixels[rows, columns].ravel() for rows in ends for columns in ends])
    middle = float(np.median(corners))
    box = _ink(grey, middle)
    fill = max(box[2] - box[0], box[3] - box[1]) / SIDE if box else 0.0
    return _Look(middle, float(corners.std()), fill, np.asarray(small))


def _ink(grey: Image.Image, paper: float) -> tuple[int, int, int, int] | None:
    """The box around everything that differs clearly from the ``paper``."""
    difference = ImageChops.difference(grey, Image.new("L", grey.size, round(paper)))
    return difference.point(lambda value: 255 if value > 64 else 0).getbbox()


def decoded(address: str) -> Image.Image:
    """The drawing in a ``data:`` address as the page sends it. Raises :class:`DataError` for anything else."""
    start, _, body = address.partition(",")
    if start != "data:image/png;base64" or len(body) > LARGEST_DRAWING:
        raise DataError("error.predict.drawing")
    try:
        content = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataError("error.predict.drawing") from error
    return read_picture(io.BytesIO(content), name="drawing.png")


def centred(drawing: Image.Image, paper: Paper) -> Image.Image | None:
    """``drawing`` moved to the middle and made as large as in the training pictures; None where nothing is drawn."""
    grey = drawing.convert("L")
    box = _ink(grey, float(np.asarray(grey)[0, 0]))
    if box is None:
        return None
    drawn = drawing.crop(box)
    side = max(1, round(max(drawn.size) / paper.fill))
    picture = Image.new("RGB", (side, side), drawing.getpixel((0, 0)))
    picture.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
    return picture
