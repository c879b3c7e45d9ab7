"""Is a JPEG whole? Stray bytes before its markers and a forgotten end marker do not matter; missing pixels do."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import IO

from resnet_studio.data.container import Container
from resnet_studio.data.directories import is_bloated_exif
from resnet_studio.data.formats import (
    PIXEL_LIMIT,
    ROWS_PIXEL_LIMIT,
    SNIFFED_BYTES,
    DamagedError,
    TruncatedError,
    UnsupportedError,
    check_pixels,
    exactly,
)
from resnet_studio.data.pixels import with_end

_CHUNK = 1 << 16
_SEGMENTS = 10_000
_HEADER_BYTES = 1 << 25
_STRAY_BYTES = 1 << 16
_REPAIRED_BYTES = 1 << 26
_START = b"\xff\xd8\xff"
_END = b"\xff\xd9"
# ITU-T T.81, table B.1: the processes that libjpeg decodes, and lossless or hierarchical ones, which it does not
_SEQUENTIAL, _PROGRESSIVE = {0xC0, 0xC1, 0xC9}, {0xC2, 0xCA}
_OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF}


@dataclass
class _Frame:
    """What the frame header says: ``process`` is its marker, ``components`` holds a byte for each."""

    process: int
    width: int
    height: int
    components: bytes


def walk_jpeg(file: IO[bytes], size: int) -> Container:
    """Segments up to the scan, then the end marker behind it (inside a scan 0xFF is always escaped).

    Raises :class:`TruncatedError`, :class:`DamagedError`, :class:`UnsupportedError` or :class:`TooLargeError`.
    """
    file.seek(0)
    start = max(0, file.read(SNIFFED_BYTES).find(_START))
    file.seek(start + 2)
    frame, scan = _walk_segments(file)
    in_rows = frame.process in _SEQUENTIAL and scan[0] == len(frame.components)
    check_pixels(frame.width, frame.height, ROWS_PIXEL_LIMIT if in_rows else PIXEL_LIMIT)
    scan_at = file.tell() - len(scan) - 4
    ended = _has_end(file)
    if ended and not start:
        return Container(in_rows=in_rows)
    if size > _REPAIRED_BYTES:
        raise DamagedError("stray bytes") if ended else TruncatedError("no end marker")
    file.seek(start)
    data = file.read()
    if not ended:
        if not in_rows:
            _check_scans(data[scan_at - start :], frame)
        try:
            data = with_end(data)
        except (OSError, SyntaxError, ValueError) as error:
            raise TruncatedError("pixels") from error
    return Container(repaired=data, in_rows=in_rows)


def _walk_segments(file: IO[bytes]) -> tuple[_Frame, bytes]:
    """Check the segments up to the first scan; returns the frame header and that of the scan."""
    exif, frame, stray = b"", None, 0
    for _ in range(_SEGMENTS):
        marker, skipped = _marker(file)
        stray += skipped
        if stray > _STRAY_BYTES or file.tell() > _HEADER_BYTES:
            raise DamagedError("segments")
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            continue
        if marker == 0xD9:
            raise TruncatedError("no scan")
        data = _segment(file)
        if marker == 0xDA:
            if is_bloated_exif(exif):
                raise DamagedError("EXIF")
            if frame is None or not data:
                raise DamagedError("no frame")
            return frame, data
        if marker in _SEQUENTIAL | _PROGRESSIVE | _OTHER_FRAMES:
            frame = _frame(marker, data)
        if marker == 0xE2 and data.startswith(b"MPF\0") and is_bloated_exif(data[4:]):
            raise DamagedError("MPF")
        if marker == 0xE1 and data.startswith(b"Exif\0\0"):
            exif += data[6:]
    raise DamagedError("too many segments")


def _marker(file: IO[bytes]) -> tuple[int, int]:
    """The next marker, and how many stray bytes lay before it."""
    skipped = 0
    byte = exactly(file, 1)
    while byte != b"\xff":
        skipped += 1
        if skipped > _STRAY_BYTES:
            raise DamagedError("marker")
        byte = exactly(file, 1)
    while byte == b"\xff":
        byte = exactly(file, 1)
    return byte[0], skipped


def _segment(file: IO[bytes]) -> bytes:
    (length,) = struct.unpack(">H", exactly(file, 2))
    if length < 2:
        raise DamagedError("segment")
    return exactly(file, length - 2)


def _frame(process: int, data: bytes) -> _Frame:
    if len(data) < 6 or len(data) < 6 + 3 * data[5]:
        raise DamagedError("frame")
    bits, height, width, count = struct.unpack(">BHHB", data[:6])
    if process in _OTHER_FRAMES or bits != 8:
        raise UnsupportedError(f"JPEG process {process:#x} of {bits} bits")
    return _Frame(process, width, height, data[6 : 6 + 3 * count : 3])


def _has_end(file: IO[bytes]) -> bool:
    before = b""
    while data := file.read(_CHUNK):
        if _END in before + data:
            return True
        before = data[-1:]
    return False


def _check_scans(data: bytes, frame: _Frame) -> None:
    """Raise :class:`TruncatedError` unless the scans in ``data`` bring all coefficients, to their last bit.

    Of a progressive picture that was cut off between two scans, all pixels are there, but blurred.
    """
    missing = {(component, index) for component in frame.components for index in range(64)}
    for found in re.finditer(rb"\xff\xda..(.)", data, re.DOTALL):
        count = found[1][0]
        chosen = data[found.end() : found.end() + 2 * count : 2]
        limits = data[found.end() + 2 * count : found.end() + 2 * count + 3]
        if len(limits) == 3 and not limits[2] & 15:
            missing -= {(component, index) for component in chosen for index in range(limits[0], limits[1] + 1)}
    if missing:
        raise TruncatedError("scans")
