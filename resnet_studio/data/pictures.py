"""One picture file: what its header says, and the one decoder that training, prediction and the page share."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Literal

from PIL import Image, ImageFile

from resnet_studio.data import formats, levels, walkers
from resnet_studio.data.openers import opened_by_pillow
from resnet_studio.data.pixels import from_deep_colour, low_tiles, reduce_jpeg, rendered
from resnet_studio.data.reading import Ranges, Reading
from resnet_studio.errors import DataError

Fault = Literal[
    "empty_file", "not_a_picture", "heic", "truncated", "damaged", "unsupported", "too_large", "too_many_bytes",
    "unreadable",
]  # fmt: skip

# what Pillow and the libraries below it were seen to raise on mutated files
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, EOFError, RuntimeError,
    MemoryError, AssertionError, struct.error, zlib.error, Image.DecompressionBombError, Warning,
)  # fmt: skip
_NO_SIDE = 2**16  # of a picture that nobody wants smaller
_LARGE_PIXELS = 2**24
_LARGE = Lock()
"""Held while a picture of more than 16 megapixels is decoded: it can take 256 MB, and each thread would add as much."""


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
    with _opened(source, name) as opened:
        if opened.header.width * opened.header.height < decode_below:
            try:
                opened.image.load()
            except _DECODER_ERRORS as error:
                raise BadPicture("damaged", _label(source, name)) from error
        return opened.header


def read_picture(
    source: Path | IO[bytes],
    *,
    draft_side: int | None = None,
    reading: Reading = Reading(),  # noqa: B008 - frozen
    checked: bool = False,
    name: str | None = None,
) -> Image.Image:
    """The picture in ``source``: upright by its EXIF orientation, mode RGB, what is transparent composited on white.

    ``reading`` says how deep grey and colour profiles are converted, see :func:`resnet_studio.data.pixels.rendered`. Of
    several frames the first is used. With ``draft_side`` a JPEG may be decoded smaller, but not below twice that many
    pixels a side, which is much faster, unless it would take more than 16 megapixels even then. ``checked`` leaves out
    counting a PNG's rows, a third of the time, where :func:`picture_header` has done so. ``name`` is what an error
    calls the file. Raises :class:`BadPicture`.
    """
    label = _label(source, name)
    with _opened(source, name, rows=not checked) as opened:
        try:
            reduce_jpeg(opened.image, draft_side or _NO_SIDE)
            with _alone(opened.image):
                picture, ranges = _loaded(opened, reading)
                return rendered(picture, ranges, reading.colour_managed, draft_side or _NO_SIDE)
        except _DECODER_ERRORS as error:
            raise BadPicture(_fault(error), label) from error


def measured_range(source: Path | IO[bytes]) -> Ranges:
    """The range of the numbers in ``source`` where it holds more than 8 bits, by kind; see :mod:`.levels`.

    Raises :class:`BadPicture`.
    """
    with _opened(source, None, rows=False) as opened:
        if not levels.is_deep(opened.image):
            return {}
        try:
            with _alone(opened.image):
                return _loaded(opened, Reading(own=True))[1]
        except _DECODER_ERRORS as error:
            raise BadPicture(_fault(error), _label(source, None)) from error


@dataclass(frozen=True)
class _Opened:
    """A picture file, nothing decoded yet; ``again`` opens it once more."""

    image: ImageFile.ImageFile
    header: PictureHeader
    again: Callable[[], ImageFile.ImageFile]


def _loaded(opened: _Opened, reading: Reading) -> tuple[Image.Image, Ranges]:
    """The picture decoded, with colour of 16 bits brought to 8, and the ranges that grey is to be read with."""
    image: Image.Image = opened.image
    ranges, low = reading.ranges, None
    if (reading.own or "rgb16" in ranges) and low_tiles(image):
        low = opened.again()
        low.tile = low_tiles(low) or []
        low.load()
    image.load()
    if reading.own:
        ranges = levels.own_range(image, low)
    if low is not None and "rgb16" in ranges:
        image = from_deep_colour(image, low, ranges["rgb16"])
    return image, ranges


def _alone(image: Image.Image) -> AbstractContextManager[object]:
    return _LARGE if image.width * image.height > _LARGE_PIXELS else nullcontext()


@contextmanager
def _opened(source: Path | IO[bytes], name: str | None, *, rows: bool = True) -> Iterator[_Opened]:
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
    opened = _examined(source, label, rows)
    with opened.image:
        yield opened


def _examined(file: IO[bytes], label: str, rows: bool) -> _Opened:
    try:
        file.seek(0)
        start = file.read(formats.SNIFFED_BYTES)
        kind = formats.sniff(start)
        if kind is None:
            raise BadPicture(formats.refusal(start), label)
        container = walkers.walk(file, kind, rows=rows)
        image = opened_by_pillow(file, kind, container)
    except BadPicture:
        raise
    except _DECODER_ERRORS as error:
        raise BadPicture(_fault(error), label) from error
    pages = kind in ("TIFF", "AVIF") and bool(getattr(image, "is_animated", False))
    header = PictureHeader(*image.size, kind, container.animated or pages)
    return _Opened(image, header, lambda: opened_by_pillow(file, kind, container))


def _fault(error: BaseException) -> Fault:
    """What is wrong with a file that raised ``error``."""
    faults: tuple[tuple[tuple[type[BaseException], ...], Fault], ...] = (
        ((formats.TooLargeError, Image.DecompressionBombError, Image.DecompressionBombWarning), "too_large"),
        ((formats.TooManyBytesError,), "too_many_bytes"),
        ((formats.TruncatedError,), "truncated"),
        ((formats.UnsupportedError,), "unsupported"),
    )
    return next((fault for kinds, fault in faults if isinstance(error, kinds)), "damaged")


def _label(source: Path | IO[bytes], name: str | None) -> str:
    if name is not None:
        return name
    return source.name if isinstance(source, Path) else Path(str(getattr(source, "name", "") or "picture")).name
