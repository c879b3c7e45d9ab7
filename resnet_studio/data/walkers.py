"""Is a picture file whole, and is it safe to open? Found by walking its container before any decoder sees it.

Pillow loads half a PNG and a JPEG without its end marker in silence, and takes memory for what a header declares as
soon as a file is opened. So headers and lengths are read here, never pixels, in steps that are bounded by constants.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from resnet_studio.data.directories import is_bloated, is_bloated_exif
from resnet_studio.data.formats import (
    BYTE_LIMITS,
    DamagedError,
    Format,
    TooManyBytesError,
    TruncatedError,
    check_pixels,
)

_CHUNK = 1 << 16
_PNG_CHUNKS = 200_000
_JPEG_SEGMENTS = 10_000
_GIF_BLOCKS = 1_000_000
_GIF_EXTENSION_BYTES = 1 << 20
_HEADER_BYTES = 1 << 25
_INFLATE_LIMIT = 1 << 24


@dataclass(frozen=True)
class Container:
    """What walking the file found: ``animated`` where there is a second frame that will not be used."""

    animated: bool = False


def walk(file: IO[bytes], kind: Format, *, rows: bool = True) -> Container:
    """Check that ``file``, a seekable stream in format ``kind``, is whole; with ``rows`` a PNG is inflated for it.

    Raises :class:`TruncatedError`, :class:`DamagedError`, :class:`TooLargeError` or :class:`TooManyBytesError`. The
    strips of a TIFF are checked by :func:`check_strips` once its directory is parsed.
    """
    size = file.seek(0, os.SEEK_END)
    if size > BYTE_LIMITS[kind]:
        raise TooManyBytesError(f"{size} bytes")
    file.seek(0)
    if kind == "PNG":
        return _walk_png(file, size, rows)
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


def _exactly(file: IO[bytes], count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise TruncatedError("end of file")
    return data


def _walk_png(file: IO[bytes], size: int, rows: bool) -> Container:
    """Chunks up to IEND with their checksums; the pixels are inflated, and counted, where they are not many."""
    file.seek(8)
    animated, pixels, other = False, _PngPixels(_INFLATE_LIMIT if rows else 0), 0
    for _ in range(_PNG_CHUNKS):
        length, kind = struct.unpack(">I4s", _exactly(file, 8))
        if length > size - file.tell() - 4:
            raise TruncatedError("chunk")
        other += length if kind not in (b"IDAT", b"fdAT") else 0
        if other > _HEADER_BYTES:
            raise DamagedError("chunks")
        checksum = zlib.crc32(kind)
        for start in range(0, length, _CHUNK):
            data = _exactly(file, min(_CHUNK, length - start))
            checksum = zlib.crc32(data, checksum)
            pixels.add(kind, data)
        if struct.unpack(">I", _exactly(file, 4))[0] != checksum:
            raise DamagedError("checksum")
        animated = animated or kind == b"acTL"
        if kind == b"IEND":
            pixels.finish()
            return Container(animated)
    raise DamagedError("too many chunks")


class _PngPixels:
    """Follows a PNG's chunks and counts the bytes that its picture inflates to."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._expected: int | None = None
        self._inflated = 0
        self._inflate = zlib.decompressobj()

    def add(self, kind: bytes, data: bytes) -> None:
        """One piece of a chunk."""
        if kind == b"IHDR" and len(data) >= 13:
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[:13])
            check_pixels(width, height)
            bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
            passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
            sides = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes]
            self._expected = sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sides if columns > 0)
        elif kind == b"IDAT" and self._expected is not None and self._expected <= self._limit:
            self._count(data)

    def _count(self, data: bytes) -> None:
        try:
            while data and not self._inflate.eof and self._inflated <= (self._expected or 0):
                self._inflated += len(self._inflate.decompress(data, _CHUNK))
                data = self._inflate.unconsumed_tail
        except zlib.error as error:
            raise DamagedError("pixels") from error

    def finish(self) -> None:
        """All chunks are in."""
        if self._expected is None:
            raise DamagedError("no header")
        if self._expected <= self._limit and self._inflated < self._expected:
            raise TruncatedError("pixels")


_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _walk_jpeg(file: IO[bytes], size: int) -> Container:  # noqa: ARG001
    """Segments up to the scan, then the end marker behind it (inside a scan 0xFF is always escaped)."""
    file.seek(2)
    exif = b""
    for _ in range(_JPEG_SEGMENTS):
        marker = _exactly(file, 2)
        while marker[1] == 0xFF:
            marker = marker[1:] + _exactly(file, 1)
        if marker[0] != 0xFF:
            raise DamagedError("marker")
        if marker[1] in (0x00, 0x01) or 0xD0 <= marker[1] <= 0xD8:
            continue
        if marker[1] == 0xD9:
            raise TruncatedError("no scan")
        length = struct.unpack(">H", _exactly(file, 2))[0]
        if marker[1] == 0xDA:
            if is_bloated_exif(exif):
                raise DamagedError("EXIF")
            return _after_scan(file)
        exif += _jpeg_segment(file, marker[1], length)
        if file.tell() > _HEADER_BYTES:
            raise DamagedError("segments")
    raise DamagedError("too many segments")


def _jpeg_segment(file: IO[bytes], marker: int, length: int) -> bytes:
    """Check one segment; returns what it adds to the EXIF block."""
    if length < 2:
        raise DamagedError("segment")
    data = _exactly(file, length - 2)
    if marker == 0xE2 and data.startswith(b"MPF\0") and is_bloated_exif(data[4:]):
        raise DamagedError("MPF")
    return data[6:] if marker == 0xE1 and data.startswith(b"Exif\0\0") else b""


def _after_scan(file: IO[bytes]) -> Container:
    before = b""
    while data := file.read(_CHUNK):
        if b"\xff\xd9" in before + data:
            return Container()
        before = data[-1:]
    raise TruncatedError("no end marker")


def _walk_gif(file: IO[bytes], size: int) -> Container:  # noqa: ARG001
    """Blocks up to the end of the first picture, and on to see whether there is a second."""
    file.seek(6)
    flags = struct.unpack("<HHBBB", _exactly(file, 7))[2]
    file.seek(13 + _colours(flags))
    pictures, extensions = 0, file.tell()
    for _ in range(_GIF_BLOCKS):
        kind = file.read(1)
        if kind == b"!":
            _exactly(file, 1)
        elif kind == b",":
            if pictures:
                return Container(animated=True)
            left, top, width, height, flags = struct.unpack("<HHHHB", _exactly(file, 9))
            check_pixels(left + width, top + height)
            _exactly(file, _colours(flags) + 1)
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
        length = _exactly(file, 1)[0]
        if not length:
            return
        _exactly(file, length)
    raise DamagedError("too many blocks")


def _walk_webp(file: IO[bytes], size: int) -> Container:
    """The declared length, and the canvas: the decoder takes memory for it when it is made."""
    start = _exactly(file, 30)
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
    start = _exactly(file, 26)
    offset, header = struct.unpack("<II", start[10:18])
    if header == 12:
        width, height, _, bits = struct.unpack("<HHHH", start[18:26])
        compression = 0
    else:
        width, height = struct.unpack("<ii", start[18:26])
        _, bits, compression = struct.unpack("<HHI", _exactly(file, 8))
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
    "JPEG": _walk_jpeg, "TIFF": _walk_tiff, "GIF": _walk_gif, "WEBP": _walk_webp, "BMP": _walk_bmp,
}  # fmt: skip
