"""Is a picture file whole, and is it safe to open? Found by walking its container before any decoder sees it.

Pillow loads half a PNG and a JPEG without its end marker in silence, and takes memory for what a header declares as
soon as a file is opened. So headers and lengths are read here, never pixels, in steps that are bounded by constants.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from typing import IO

from resnet_studio.data.boxes import walk_boxes, walk_jpeg2000
from resnet_studio.data.container import Container
from resnet_studio.data.directories import is_bloated
from resnet_studio.data.formats import (
    BYTE_LIMITS,
    DamagedError,
    Format,
    TooManyBytesError,
    TruncatedError,
    check_pixels,
    exactly,
)
from resnet_studio.data.jpeg import walk_jpeg
from resnet_studio.data.netpbm import walk_netpbm
from resnet_studio.data.png import walk_png

_GIF_BLOCKS = 1_000_000
_GIF_EXTENSION_BYTES = 1 << 20


def walk(file: IO[bytes], kind: Format, *, rows: bool = True) -> Container:
    """Check that ``file``, a seekable stream in format ``kind``, is whole; with ``rows`` a PNG is inflated for it.

    Raises :class:`TruncatedError`, :class:`DamagedError`, :class:`UnsupportedError`, :class:`TooLargeError` or
    :class:`TooManyBytesError`. The strips of a TIFF are checked by :func:`check_strips` once its directory is parsed.
    """
    size = file.seek(0, os.SEEK_END)
    if size > BYTE_LIMITS[kind]:
        raise TooManyBytesError(f"{size} bytes")
    file.seek(0)
    if kind == "PNG":
        return walk_png(file, size, rows=rows)
    return _WALKERS[kind](file, size)


def check_strips(tags: Mapping[int, object], size: int) -> None:
    """Check that the strips or tiles named by a TIFF's ``tags`` lie inside its ``size`` bytes and are not too large."""
    starts = _numbers(tags.get(273)) or _numbers(tags.get(324))
    lengths = _numbers(tags.get(279)) or _numbers(tags.get(325))
    if not starts or (len(lengths) < len(starts) and tags.get(259, 1) != 1):
        raise DamagedError("strips")
    if max(starts) >= size or any(start + length > size for start, length in zip(starts, lengths, strict=False)):
        raise TruncatedError("strips")
    tile = [*_numbers(tags.get(322)), *_numbers(tags.get(323))]
    if len(tile) == 2:
        check_pixels(*tile)


def _numbers(value: object) -> tuple[int, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(number for number in values if isinstance(number, int))


def _walk_gif(file: IO[bytes], size: int) -> Container:  # noqa: ARG001
    """Blocks up to the end of the first picture, and on to see whether there is a second."""
    file.seek(6)
    flags = struct.unpack("<HHBBB", exactly(file, 7))[2]
    file.seek(13 + _colours(flags))
    pictures, extensions = 0, file.tell()
    for _ in range(_GIF_BLOCKS):
        kind = file.read(1)
        if kind == b"!":
            exactly(file, 1)
        elif kind == b",":
            if pictures:
                return Container(animated=True)
            left, top, width, height, flags = struct.unpack("<HHHHB", exactly(file, 9))
            check_pixels(left + width, top + height)
            exactly(file, _colours(flags) + 1)
        elif pictures:
            return Container()
        else:
            raise TruncatedError("no picture") if kind in (b"", b";") else DamagedError("block")
        try:
            _skip_blocks(file)
        except TruncatedError:
            if pictures:
                return Container()
            raise
        if kind == b"!" and not pictures and file.tell() - extensions > _GIF_EXTENSION_BYTES:
            # Pillow joins comments block by block, which takes the square of their length
            raise DamagedError("extensions")
        pictures += kind == b","
    raise DamagedError("too many blocks")


def _colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(file: IO[bytes]) -> None:
    for _ in range(_GIF_BLOCKS):
        length = exactly(file, 1)[0]
        if not length:
            return
        exactly(file, length)
    raise DamagedError("too many blocks")


def _walk_webp(file: IO[bytes], size: int) -> Container:
    """The declared length, and the canvas: the decoder takes memory for it when it is made."""
    start = exactly(file, 30)
    if 8 + struct.unpack("<I", start[4:8])[0] > size:
        raise TruncatedError("file")
    chunk = start[12:16]
    if chunk == b"VP8X":
        width, height = (int.from_bytes(start[at : at + 3], "little") + 1 for at in (24, 27))
    elif chunk == b"VP8L":
        bits = struct.unpack("<I", start[21:25])[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif chunk == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", start[26:30]))
    else:
        raise DamagedError("chunk")
    check_pixels(width, height)
    return Container(animated=chunk == b"VP8X" and bool(start[20] & 2))


def _walk_bmp(file: IO[bytes], size: int) -> Container:
    """Where the rows are not packed, all of them must be there."""
    start = exactly(file, 26)
    offset, header = struct.unpack("<II", start[10:18])
    if header == 12:
        width, height, _, bits = struct.unpack("<HHHH", start[18:26])
        compression = 0
    else:
        width, height = struct.unpack("<ii", start[18:26])
        _, bits, compression = struct.unpack("<HHI", exactly(file, 8))
    check_pixels(width, abs(height))
    if compression in (0, 3, 6) and offset + (width * bits + 31) // 32 * 4 * abs(height) > size:
        raise TruncatedError("rows")
    if compression in (1, 2) and size > offset + 3 * width * abs(height) + (1 << 16):
        # unpacked in Python, step by step
        raise DamagedError("rows")
    return Container()


def _walk_tiff(file: IO[bytes], size: int) -> Container:
    if is_bloated(file, size):
        raise DamagedError("directory")
    return Container()


_WALKERS: Mapping[Format, Callable[[IO[bytes], int], Container]] = {
    "JPEG": walk_jpeg, "TIFF": _walk_tiff, "GIF": _walk_gif, "WEBP": _walk_webp, "BMP": _walk_bmp,
    "AVIF": walk_boxes, "HEIF": walk_boxes, "JPEG2000": walk_jpeg2000, "PPM": walk_netpbm,
}  # fmt: skip
