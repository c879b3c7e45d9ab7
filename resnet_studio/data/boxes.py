"""Are files made of boxes whole: AVIF and HEIF (ISO/IEC 14496-12) and JPEG 2000 (ISO/IEC 15444-1)?"""

from __future__ import annotations

import struct
from typing import IO

from resnet_studio.data.container import Container
from resnet_studio.data.formats import DamagedError, TruncatedError, check_pixels, exactly

_BOXES = 10_000
_MARKERS = 100_000
_CODESTREAM = b"\xff\x4f\xff\x51"


def walk_boxes(file: IO[bytes], size: int) -> Container:
    """The boxes of an AVIF or HEIF file, whose sizes the decoder checks itself when it parses them."""
    at = kinds = 0
    for _ in range(_BOXES):
        if at == size and kinds:
            return Container()
        kind, _, after = _box(file, at, size)
        kinds += kind in (b"meta", b"moov")
        at = after
    raise DamagedError("too many boxes")


def walk_jpeg2000(file: IO[bytes], size: int) -> Container:
    """The boxes up to the codestream, then its tile parts: all must be there, the end marker may be forgotten."""
    file.seek(0)
    at = 0 if file.read(4) == _CODESTREAM else _codestream(file, size)
    file.seek(at)
    if exactly(file, 4) != _CODESTREAM:
        raise DamagedError("codestream")
    width, height, left, top, tile_width, tile_height = struct.unpack(">6L", exactly(file, 28)[4:])
    check_pixels(width - left, height - top)
    check_pixels(min(tile_width, width), min(tile_height, height))
    file.seek(at + 2)
    parts = 0
    for _ in range(_MARKERS):
        begin = file.tell()
        marker = file.read(2)
        if marker == b"\xff\xd9" or (parts and len(marker) < 2):
            return Container()
        (length,) = struct.unpack(">H", exactly(file, 2))
        if marker == b"\xff\x52" and exactly(file, 6)[5] == 0:
            check_pixels(width - left, height - top, 2**24)  # without levels it can only be decoded whole
        if marker != b"\xff\x90":
            file.seek(begin + 2 + length)
            continue
        part = struct.unpack(">HL", exactly(file, 6))[1]
        if begin + part > size:
            raise TruncatedError("tile")
        if not part:
            return Container()  # up to the end of the file
        parts += 1
        file.seek(begin + max(part, 12))
    raise DamagedError("too many markers")


def _codestream(file: IO[bytes], size: int) -> int:
    """Where the codestream of a JP2 file begins."""
    at = 0
    for _ in range(_BOXES):
        kind, content, after = _box(file, at, size)
        if kind == b"jp2c":
            return content
        at = after
    raise DamagedError("too many boxes")


def _box(file: IO[bytes], at: int, size: int) -> tuple[bytes, int, int]:
    """The kind of the box at byte ``at``, where its content begins and where the next one does."""
    file.seek(at)
    length, kind = struct.unpack(">L4s", exactly(file, 8))
    content = at + 8
    if length == 1:
        (length,) = struct.unpack(">Q", exactly(file, 8))
        content += 8
    after = at + length if length else size
    if after < content:
        raise DamagedError("box")
    if after > size:
        raise TruncatedError("box")
    return kind, content, after
