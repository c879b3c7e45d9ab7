"""The picture formats that are taken, how their files begin, and how large they may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Format = Literal["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"]
FORMATS: tuple[Format, ...] = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
EXTENSIONS: Mapping[Format, str] = {
    "JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif",
}  # fmt: skip
# decoders of the last two take in the whole file at once
BYTE_LIMITS: Mapping[Format, int] = {
    "JPEG": 2**28, "PNG": 2**28, "BMP": 2**28, "TIFF": 2**28, "WEBP": 2**26, "GIF": 2**26,
}  # fmt: skip
SNIFFED_BYTES = 16
PIXEL_LIMIT = 64_000_000


class TruncatedError(ValueError):
    """The file ends before the picture does."""


class DamagedError(ValueError):
    """The file contradicts its own format."""


class TooManyBytesError(ValueError):
    """The file is longer than :data:`BYTE_LIMITS` allows."""


class TooLargeError(ValueError):
    """The picture has more than :data:`PIXEL_LIMIT` pixels."""


def sniff(start: bytes) -> Format | None:
    """Which of our formats a file that begins with ``start`` (:data:`SNIFFED_BYTES` are enough) is in, if any."""
    if start.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "WEBP"
    if start.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    # "BM" alone begins many a text; the reserved zeros make it a bitmap
    if start.startswith(b"BM") and start[6:10] == b"\0\0\0\0":
        return "BMP"
    return None


def check_pixels(width: int, height: int) -> None:
    """Raise :class:`TooLargeError` above :data:`PIXEL_LIMIT`, :class:`DamagedError` where there are no pixels."""
    if width < 1 or height < 1:
        raise DamagedError("no pixels")
    if width * height > PIXEL_LIMIT:
        raise TooLargeError(f"{width} x {height}")
