"""What a picture file says about itself before any decoder sees it: its format, its size, whether it is whole.

Pillow loads half a PNG and a JPEG without its end marker in silence, and some decoders take memory for the declared
size as soon as a file is opened. So the containers are walked here: headers and lengths only, never pixels, in steps
that are bounded by constants.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Literal

Format = Literal["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"]
FORMATS: tuple[Format, ...] = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
EXTENSIONS: Mapping[Format, str] = {
    "JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif",
}  # fmt: skip
SNIFFED_BYTES = 16
PIXEL_LIMIT = 64_000_000

_CHUNK = 1 << 16
_PNG_CHUNKS = 200_000
_JPEG_SEGMENTS = 10_000
_GIF_BLOCKS = 1_000_000
_INFLATE_LIMIT = 1 << 24


class TruncatedError(ValueError):
    """The file ends before the picture does."""


class DamagedError(ValueError):
    """The file contradicts its own format."""


class TooLargeError(ValueError):
    """The picture has more than :data:`PIXEL_LIMIT` pixels."""


@dataclass(frozen=True)
class Container:
    """What walking the file found: ``animated`` where there is a second frame that will not be used."""

    animated: bool = False


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


def walk(file: IO[bytes], kind: Format) -> Container:
    """Check that ``file``, a seekable stream in format ``kind``, is whole.

    Raises :class:`TruncatedError`, :class:`DamagedError` or :class:`TooLargeError`. A TIFF is checked by
    :func:`check_strips` once its directory is parsed.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    walker = _WALKERS.get(kind)
    return walker(file, size) if walker else Container()


def check_pixels(width: int, height: int) -> None:
    """Raise :class:`TooLargeError` above :data:`PIXEL_LIMIT`, :class:`DamagedError` where there are no pixels."""
    if width < 1 or height < 1:
        raise DamagedError("no pixels")
    if width * height > PIXEL_LIMIT:
        raise TooLargeError(f"{width} x {height}")


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


def _walk_png(file: IO[bytes], size: int) -> Container:
    """Chunks up to IEND with their checksums; the pixels are inflated, and counted, where they are not many."""
    file.seek(8)
    animated, pixels = False, _PngPixels()
    for _ in range(_PNG_CHUNKS):
        length, kind = struct.unpack(">I4s", _exactly(file, 8))
        if length > size - file.tell() - 4:
            raise TruncatedError("chunk")
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

    def __init__(self) -> None:
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
        elif kind == b"IDAT" and self._expected is not None and self._expected <= _INFLATE_LIMIT:
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
        if self._expected <= _INFLATE_LIMIT and self._inflated < self._expected:
            raise TruncatedError("pixels")


_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _walk_jpeg(file: IO[bytes], size: int) -> Container:  # noqa: ARG001
    """Segments up to the scan, then the end marker behind it (inside a scan 0xFF is always escaped)."""
    file.seek(2)
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
            return _after_scan(file)
        _jpeg_segment(file, marker[1], length)
    raise DamagedError("too many segments")


def _jpeg_segment(file: IO[bytes], marker: int, length: int) -> None:
    if length < 2:
        raise DamagedError("segment")
    data = _exactly(file, length - 2)
    is_frame = 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)
    if is_frame and len(data) >= 5:
        height, width = struct.unpack(">HH", data[1:5])
        check_pixels(width, height)


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
    pictures = 0
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
    return Container()


_WALKERS: Mapping[Format, Callable[[IO[bytes], int], Container]] = {
    "PNG": _walk_png, "JPEG": _walk_jpeg, "GIF": _walk_gif, "WEBP": _walk_webp, "BMP": _walk_bmp,
}  # fmt: skip
