"""Is a PNG whole? And what of its chunks does the decoder need?

The picture must be there to its last row and its critical chunks must be sound. Text, profiles and whatever else
surrounds it may be long, damaged or cut off: the decoder is then given the file without that.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from resnet_studio.data.container import Container
from resnet_studio.data.formats import DamagedError, TruncatedError, check_pixels, exactly

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = 1 << 16
_CHUNKS = 200_000
_HEADER_BYTES = 1 << 25
_INFLATE_LIMIT = 1 << 24
_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_TEXT_BYTES = 1 << 18
"""Of text, inflated, that is left to the decoder, which refuses a file with more than a megabyte in one piece."""
_PROFILE_BYTES = 1 << 24
_PASSED_PROFILE_BYTES = 1 << 19
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_END = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))


@dataclass(frozen=True)
class _Chunk:
    """``at`` is where its content begins; ``sound`` whether its checksum is right."""

    kind: bytes
    at: int
    length: int
    sound: bool

    @property
    def critical(self) -> bool:
        return self.kind[:1].isupper()


def walk_png(file: IO[bytes], size: int, *, rows: bool = True) -> Container:
    """Check ``file``; with ``rows`` its pixels are inflated, and counted, where they are not many.

    Raises :class:`TruncatedError`, :class:`DamagedError` or :class:`TooLargeError`.
    """
    pixels = _Pixels(_INFLATE_LIMIT if rows else 0)
    chunks: list[_Chunk] = []
    texts, ended = 0, False
    try:
        for chunk in _chunks(file, size, pixels):
            if chunk.critical and not chunk.sound:
                raise DamagedError("checksum")
            chunks.append(chunk)
            texts += _text_bytes(file, chunk) if chunk.kind in _TEXT else 0
            ended = chunk.kind == b"IEND"
    except TruncatedError:
        _count_all(file, size)
    else:
        pixels.finish()
    profile = _long_profile(file, chunks)
    odd = not ended or texts > _TEXT_BYTES or profile is not None or not all(chunk.sound for chunk in chunks)
    animated = any(chunk.kind == b"acTL" for chunk in chunks)
    return Container(animated, _repaired(file, chunks) if odd else None, profile)


def _chunks(file: IO[bytes], size: int, pixels: _Pixels) -> Iterator[_Chunk]:
    """The chunks up to IEND, their content shown to ``pixels``; :class:`TruncatedError` where IEND is missing."""
    file.seek(len(SIGNATURE))
    other = 0
    for _ in range(_CHUNKS):
        length, kind = struct.unpack(">I4s", exactly(file, 8))
        at = file.tell()
        if length > size - at - 4:
            raise TruncatedError("chunk")
        other += length if kind not in (b"IDAT", b"fdAT") else 0
        if other > _HEADER_BYTES:
            raise DamagedError("chunks")
        checksum = zlib.crc32(kind)
        for start in range(0, length, _CHUNK):
            data = exactly(file, min(_CHUNK, length - start))
            checksum = zlib.crc32(data, checksum)
            pixels.add(kind, data)
        sound = struct.unpack(">I", exactly(file, 4))[0] == checksum
        after = file.tell()
        yield _Chunk(kind, at, length, sound)
        file.seek(after)
        if kind == b"IEND":
            return
    raise DamagedError("too many chunks")


def _count_all(file: IO[bytes], size: int) -> None:
    """Raise :class:`TruncatedError` unless the whole picture is there, in chunks that are, whatever comes behind."""
    pixels = _Pixels(None)
    try:
        for chunk in _chunks(file, size, pixels):
            if chunk.critical and not chunk.sound:
                raise DamagedError("checksum")
    except TruncatedError:
        pixels.finish()


def _text_bytes(file: IO[bytes], chunk: _Chunk) -> int:
    """How long the text of ``chunk`` is, counted to a little above the limit."""
    file.seek(chunk.at)
    data = file.read(min(chunk.length, _TEXT_BYTES + 1))
    if chunk.kind == b"tEXt" or chunk.length > _TEXT_BYTES:
        return chunk.length
    keyword, _, rest = data.partition(b"\0")
    packed = rest[1:] if chunk.kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1] if rest[:1] == b"\1" else None
    return len(keyword) + (len(rest) if packed is None else len(_inflated(packed, _TEXT_BYTES + 1)))


def _long_profile(file: IO[bytes], chunks: list[_Chunk]) -> bytes | None:
    """The ICC profile where it is too long for the decoder, or useless to it; empty in the latter case."""
    for chunk in chunks:
        if chunk.kind == b"iCCP" and chunk.sound:
            file.seek(chunk.at)
            packed = file.read(chunk.length).partition(b"\0")[2][1:]
            profile = _inflated(packed, _PROFILE_BYTES + 1)
            if len(profile) > _PROFILE_BYTES:
                return b""
            return profile if len(profile) > _PASSED_PROFILE_BYTES or not profile else None
    return None


def _inflated(packed: bytes, limit: int) -> bytes:
    """What ``packed`` inflates to, up to ``limit`` bytes; nothing where it is damaged."""
    try:
        return zlib.decompressobj().decompress(packed, limit)
    except zlib.error:
        return b""


def _repaired(file: IO[bytes], chunks: list[_Chunk]) -> bytes:
    """The file of those of its ``chunks`` that are sound, without a long profile and without more text than allowed."""
    written, texts = io.BytesIO(), 0
    written.write(SIGNATURE)
    for chunk in chunks:
        if not chunk.sound or (chunk.kind in (b"IEND", b"iCCP") and not _passed(file, chunk)):
            continue
        texts += _text_bytes(file, chunk) if chunk.kind in _TEXT else 0
        if chunk.kind in _TEXT and texts > _TEXT_BYTES:
            continue
        file.seek(chunk.at - 8)
        written.write(file.read(chunk.length + 12))
    written.write(_END)
    return written.getvalue()


def _passed(file: IO[bytes], chunk: _Chunk) -> bool:
    return chunk.kind == b"iCCP" and _long_profile(file, [chunk]) is None


class _Pixels:
    """Follows a PNG's chunks and counts the bytes that its picture inflates to, unless it expects over ``limit``."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._expected: int | None = None
        self._inflated = 0
        self._packed = 0
        self._inflate = zlib.decompressobj()

    @property
    def _counting(self) -> bool:
        return self._expected is not None and (self._limit is None or self._expected <= self._limit)

    def add(self, kind: bytes, data: bytes) -> None:
        """One piece of a chunk."""
        if kind == b"IHDR" and len(data) >= 13:
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[:13])
            check_pixels(width, height)
            bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
            passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
            sides = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes]
            self._expected = sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sides if columns > 0)
        elif kind == b"IDAT":
            self._packed += len(data)
            if self._counting:
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
        # deflate packs at most 1032 to 1: so little cannot be the picture, and need not be inflated to say so
        if self._packed * 1032 + _CHUNK < self._expected:
            raise TruncatedError("pixels")
        if self._counting and self._inflated < self._expected:
            raise TruncatedError("pixels")
