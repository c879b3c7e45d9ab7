"""The directories of a TIFF file and of an EXIF block, which is one: are they built to take memory?

Pillow reads the value of every tag as soon as it opens a file, tags may point to the same bytes over and over, and a
few kilobytes so become gigabytes. Honest values hardly overlap: together they are about no longer than the file.
"""

from __future__ import annotations

import io
import struct
from typing import IO

_TAGS = 4_000
_NUMBERS = 300_000
_SHARED_BYTES = 1 << 16
_VALUE_BYTES = 32 * 2**20
_UNIT_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_BYTE_TYPES = (1, 2, 6, 7)
_INNER = (34665, 34853, 40965)
"""EXIF, GPS and interoperability: Pillow reads these directories too when the picture is loaded."""


def is_bloated(file: IO[bytes], size: int) -> bool:
    """Whether the directories of the TIFF in ``file``, of ``size`` bytes, hold more than a file of that size can.

    A directory that makes no sense is not bloated: reading it reports that.
    """
    try:
        return _is_bloated(file, size)
    except (struct.error, OSError, ValueError, OverflowError):
        return False


def is_bloated_exif(block: bytes) -> bool:
    """Whether the EXIF ``block``, with or without its ``Exif`` mark, is built to take memory."""
    while block.startswith(b"Exif\0\0"):
        block = block[6:]
    return is_bloated(io.BytesIO(block), len(block))


def _is_bloated(file: IO[bytes], size: int) -> bool:
    file.seek(0)
    head = file.read(16)
    order = ">" if head[:1] == b"M" else "<"
    big = 43 in head[2:4]
    offset = struct.unpack(f"{order}Q", head[8:16])[0] if big else struct.unpack(f"{order}L", head[4:8])[0]
    waiting, seen, values, tags = [offset], set(), 0, 0
    while waiting:
        at = waiting.pop()
        if at in seen or at >= size:
            continue
        seen.add(at)
        entries = _entries(file, at, size, order, big)
        tags += len(entries)
        values += sum(length for _, length, _, _ in entries)
        if tags > _TAGS or values > min(4 * size + _SHARED_BYTES, _VALUE_BYTES):
            return True
        if any(count > _NUMBERS and kind not in _BYTE_TYPES for _, _, kind, count in entries):
            return True
        waiting += [inner for inner, _, _, _ in entries if inner]
    return False


def _entries(file: IO[bytes], at: int, size: int, order: str, big: bool) -> list[tuple[int, int, int, int]]:
    """Of each tag of the directory at byte ``at``: where it points to if to a directory, the bytes of its value
    outside of the directory, its type and its count. Stops where there are more than :data:`_TAGS`.

    A value that is said to go on past the end of the file, as careless tools write them, takes no more than is there.
    """
    file.seek(at)
    (count,) = struct.unpack(f"{order}{'Q' if big else 'H'}", file.read(8 if big else 2))
    form = struct.Struct(f"{order}HHQ8s" if big else f"{order}HHL4s")
    entries = []
    for _ in range(min(count, _TAGS + 1)):
        data = file.read(form.size)
        if len(data) < form.size:
            break
        tag, kind, number, value = form.unpack(data)
        unit = _UNIT_BYTES.get(kind, 0)
        (place,) = struct.unpack(f"{order}{'Q' if big else 'L'}", value)
        length = min(unit * number, max(0, size - place)) if unit * number > len(value) else 0
        numbers = length // unit if length else 0
        entries.append((place if tag in _INNER else 0, length, kind, numbers))
    return entries
