"""One picture file: what its header says, and the one decoder that training, prediction and the page share."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from PIL import Image

from resnet_studio.data import formats, walkers
from resnet_studio.data.directories import is_bloated_exif
from resnet_studio.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Fault = Literal["empty_file", "not_a_picture", "truncated", "damaged", "too_large", "too_many_bytes", "unreadable"]

# what Pillow and the libraries below it were seen to raise on mutated files
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, EOFError, RuntimeError,
    MemoryError, AssertionError, struct.error, zlib.error, Image.DecompressionBombError, Warning,
)  # fmt: skip
_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}
_ORIENTATION = 0x0112


class BadPicture(DataError):  # noqa: N818 - says what the file is
    """A file that cannot be used as a picture; ``fault`` says why in one word."""

    def __init__(self, fault: Fault, file: str) -> None:
        super().__init__(f"error.picture.{fault}", file=file)
        self.fault = fault


@dataclass(frozen=True)
class PictureHeader:
    """Width and height in pixels as stored (not yet upright), the format, whether more frames or pages follow."""

    width: int
    height: int
    format: formats.Format
    animated: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height


def picture_header(source: Path | IO[bytes], *, name: str | None = None, decode_below: int = 0) -> PictureHeader:
    """What the header of ``source`` says, after checking that the file is whole.

    No pixel is decoded, but a picture of fewer than ``decode_below`` pixels is decoded for a trial. ``name`` is what
    an error calls the file. Raises :class:`BadPicture`.
    """
    with _opened(source, name) as (image, header):
        if header.width * header.height < decode_below:
            try:
                image.load()
            except _DECODER_ERRORS as error:
                raise BadPicture("damaged", _label(source, name)) from error
        return header


def read_picture(
    source: Path | IO[bytes], *, draft_side: int | None = None, checked: bool = False, name: str | None = None
) -> Image.Image:
    """The picture in ``source``: upright by its EXIF orientation, mode RGB, what is transparent composited on white.

    16-bit grey is divided by 257; 32-bit and floating grey is stretched to its own range. Of several frames the first
    is taken. With ``draft_side`` a JPEG may be decoded smaller, but never below twice that many pixels a side, which
    is much faster. ``checked`` leaves out counting a PNG's rows, a third of the time, where :func:`picture_header` has
    done so. ``name`` is what an error calls the file. Raises :class:`BadPicture`.
    """
    label = _label(source, name)
    with _opened(source, name, rows=not checked) as (image, _):
        try:
            if draft_side is not None:
                image.draft("RGB", (2 * draft_side, 2 * draft_side))
            image.load()
            return _rgb(_upright(image))
        except _DECODER_ERRORS as error:
            raise BadPicture("damaged", label) from error


@contextmanager
def _opened(
    source: Path | IO[bytes], name: str | None, *, rows: bool = True
) -> Iterator[tuple[Image.Image, PictureHeader]]:
    """``source`` opened by Pillow, nothing decoded yet, with all limits checked."""
    label = _label(source, name)
    if isinstance(source, Path):
        try:
            file: IO[bytes] = source.open("rb")
        except (OSError, ValueError) as error:
            raise BadPicture("unreadable", label) from error
        with file, _opened(file, label, rows=rows) as opened:
            yield opened
        return
    image, header = _examined(source, label, rows)
    with image:
        yield image, header


def _examined(file: IO[bytes], label: str, rows: bool) -> tuple[Image.Image, PictureHeader]:
    try:
        file.seek(0)
        start = file.read(formats.SNIFFED_BYTES)
        if not start:
            raise BadPicture("empty_file", label)
        kind = formats.sniff(start)
        if kind is None:
            raise BadPicture("not_a_picture", label)
        container = walkers.walk(file, kind, rows=rows)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        image = Image.open(file, formats=[kind])
        formats.check_pixels(*image.size)
        if kind == "TIFF":
            walkers.check_strips(getattr(image, "tag_v2", {}), size)
    except (formats.TooLargeError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadPicture("too_large", label) from error
    except formats.TooManyBytesError as error:
        raise BadPicture("too_many_bytes", label) from error
    except formats.TruncatedError as error:
        raise BadPicture("truncated", label) from error
    except BadPicture:
        raise
    except _DECODER_ERRORS as error:
        raise BadPicture("damaged", label) from error
    pages = kind == "TIFF" and bool(getattr(image, "is_animated", False))
    return image, PictureHeader(*image.size, kind, container.animated or pages)


def _label(source: Path | IO[bytes], name: str | None) -> str:
    if name is not None:
        return name
    return source.name if isinstance(source, Path) else Path(str(getattr(source, "name", "") or "picture")).name


def _upright(image: Image.Image) -> Image.Image:
    """``image`` turned as its EXIF orientation asks; a broken EXIF block turns nothing."""
    try:
        block = image.info.get("exif")
        if isinstance(block, bytes) and is_bloated_exif(block):
            return image
        orientation = image.getexif().get(_ORIENTATION, 1)
    except _DECODER_ERRORS:
        return image
    for turn in _TURNS.get(orientation, ()) if isinstance(orientation, int) else ():
        image = image.transpose(turn)
    return image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _grey(image).convert("RGB")
    if image.mode == "LAB":
        return _from_lab(image)
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(ground, picture).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _grey(image: Image.Image) -> Image.Image:
    """Grey with more than 8 bits, scaled to 8: Pillow itself would cut everything above 255 to white."""
    import numpy as np

    values: NDArray[np.float32] = np.nan_to_num(np.asarray(image, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and 255 < high <= 65_535):
        factor, low = 1 / 257, 0.0
    elif low >= 0 and high <= (1 if image.mode == "F" else 255):
        factor, low = 255.0 if image.mode == "F" else 1.0, 0.0
    else:
        factor = 255 / max(high - low, 1e-12)
    return Image.fromarray(np.rint((values - low) * factor).clip(0, 255).astype(np.uint8))


def _from_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    picture = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if picture is None:
        raise ValueError("no conversion from LAB")
    return picture
