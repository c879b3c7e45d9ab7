"""The accepted picture formats, how their files begin and end in a name, and how large they may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import IO, Literal

Format = Literal["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "JPEG2000", "PPM", "HEIF"]
FORMATS: tuple[Format, ...] = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "JPEG2000", "PPM")
EXTENSIONS: Mapping[Format, str] = {
    "JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif", "AVIF": ".avif",
    "JPEG2000": ".jp2", "PPM": ".ppm", "HEIF": ".heic",
}  # fmt: skip
PICTURE_ENDINGS = (*EXTENSIONS.values(), ".jpeg", ".jpe", ".jfif", ".tiff", ".j2k", ".pgm", ".pbm", ".pnm")
"""What names of pictures usually end with, in lower case; what a file is says its beginning alone."""
# decoders of WebP, GIF, AVIF and HEIF take in the whole file at once
BYTE_LIMITS: Mapping[Format, int] = {
    "JPEG": 2**28, "PNG": 2**28, "BMP": 2**28, "TIFF": 2**28, "JPEG2000": 2**28, "WEBP": 2**26, "GIF": 2**26,
    "AVIF": 2**26, "HEIF": 2**26, "PPM": 2**28,
}  # fmt: skip
SNIFFED_BYTES = 64
PIXEL_LIMIT = 64_000_000
ROWS_PIXEL_LIMIT = 2**28
"""Of a JPEG that is decoded row by row at reduced size, so that its memory does not grow with it."""
_STRAY = b"\xef\xbb\xbf \t\r\n\0"
# a Netpbm picture: a magic number, then the width and the height, with nothing but blanks and comments between
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])"
_NETPBM = re.compile(rb"P[1-6](?=\s)%b+(?:\d{1,10}%b+\d|(?:\d{1,10}%b*)?#[^\r\n]*\Z)" % (_GAP, _GAP, _GAP))
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


class TruncatedError(ValueError):
    """The file ends before the picture does."""


class DamagedError(ValueError):
    """The file contradicts its own format."""


class UnsupportedError(ValueError):
    """The file is sound, but of a kind that no decoder here reads."""


class TooManyBytesError(ValueError):
    """The file is longer than :data:`BYTE_LIMITS` allows."""


class TooLargeError(ValueError):
    """The picture has more than :data:`PIXEL_LIMIT` pixels, or :data:`ROWS_PIXEL_LIMIT`."""


def sniff(start: bytes) -> Format | None:
    """Which of our formats a file that begins with ``start`` (:data:`SNIFFED_BYTES` are enough) is in, if any.

    HEIF is one of them only where pillow-heif is installed.
    """
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "WEBP"
    if start.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if start.startswith((b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")):
        return "JPEG2000"
    # "BM" alone begins many a text; the reserved zeros make it a bitmap
    if start.startswith(b"BM") and start[6:10] == b"\0\0\0\0":
        return "BMP"
    if _NETPBM.match(start):
        return "PPM"
    if (kind := _of_boxes(start)) is not None:
        return kind if kind != "HEIF" or reads_heif() else None
    # some cameras and servers put line ends or zeros in front
    return "JPEG" if start.lstrip(_STRAY).startswith(b"\xff\xd8\xff") else None


def refusal(start: bytes) -> Literal["empty_file", "heic", "not_a_picture"]:
    """Why a file that begins with ``start``, and that :func:`sniff` does not know, is none of our pictures."""
    if not start:
        return "empty_file"
    return "heic" if _of_boxes(start) == "HEIF" else "not_a_picture"


@cache
def reads_heif() -> bool:
    """Whether pillow-heif is installed."""
    return find_spec("pillow_heif") is not None


def exactly(file: IO[bytes], count: int) -> bytes:
    """The next ``count`` bytes; raises :class:`TruncatedError` where there are fewer."""
    data = file.read(count)
    if len(data) < count:
        raise TruncatedError("end of file")
    return data


def check_pixels(width: int, height: int, limit: int = PIXEL_LIMIT) -> None:
    """Raise :class:`TooLargeError` above ``limit``, :class:`DamagedError` where there are no pixels."""
    if width < 1 or height < 1:
        raise DamagedError("no pixels")
    if width * height > limit:
        raise TooLargeError(f"{width} x {height}")


def _of_boxes(start: bytes) -> Format | None:
    """AVIF or HEIF by the brands of a file of ISO boxes (ISO/IEC 23008-12, 10.2); AVIF's are more particular."""
    if start[4:8] != b"ftyp":
        return None
    end = min(len(start), int.from_bytes(start[:4], "big"))
    brands = {start[8:12], *(start[at : at + 4] for at in range(16, end, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None
