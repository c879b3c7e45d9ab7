"""Netpbm pictures: bitmaps, grey and colour (PBM, PGM, PPM), in text or in binary, of 8 or 16 bits a number.

Is such a file whole? And how does the decoder read it as it is meant? Pillow reads text and unusual largest numbers in
Python, number by number, and brings colour of 16 bits to 8. See https://netpbm.sourceforge.net/doc/#formats
"""

from __future__ import annotations

import re
from typing import IO

import numpy as np
from PIL import ImageFile

from resnet_studio.data.container import Container
from resnet_studio.data.formats import DamagedError, TooManyBytesError, TruncatedError, check_pixels

_HEADER_BYTES = 1 << 16
TEXT_BYTES = 1 << 26
_BITS, _GREYS, _IN_TEXT = (1, 4), (2, 5), (1, 2, 3)


def walk_netpbm(file: IO[bytes], size: int) -> Container:
    """Check that all numbers of ``file`` are there; of several pictures in one file the first counts.

    Raises :class:`TruncatedError`, :class:`DamagedError`, :class:`TooLargeError` or :class:`TooManyBytesError`.
    """
    file.seek(0)
    head = file.read(_HEADER_BYTES)
    try:
        kind, width, height, top, start = netpbm_header(head)
    except ValueError as error:
        raise (TruncatedError if len(head) == size else DamagedError)("header") from error
    check_pixels(width, height)
    if not 0 < top < 2**16:
        raise DamagedError("largest number")
    if start + _fewest_bytes(kind, width, height, top) > size:
        raise TruncatedError("pixels")
    if kind in _IN_TEXT and size > TEXT_BYTES:
        raise TooManyBytesError(f"{size} bytes")
    file.seek(start + _fewest_bytes(kind, width, height, top))
    more = kind not in _IN_TEXT and re.match(rb"P[4-6]\s", file.read(3)) is not None
    if kind == 4 or (kind > 4 and top in (255, 65_535)):
        return Container(animated=more)
    file.seek(0)
    try:
        return Container(animated=more, repaired=netpbm_in_binary(file.read()))
    except EOFError as error:
        raise TruncatedError("pixels") from error


def _fewest_bytes(kind: int, width: int, height: int, top: int) -> int:
    """How many bytes the pixels take at least: exactly so many in binary."""
    if kind in _BITS:
        return width * height if kind in _IN_TEXT else -(-width // 8) * height
    numbers = width * height * (1 if kind in _GREYS else 3)
    return 2 * numbers - 1 if kind in _IN_TEXT else numbers * (1 if top < 256 else 2)


def netpbm_header(data: bytes) -> tuple[int, int, int, int, int]:
    """The kind (1 to 6), width, height and largest number of the Netpbm file ``data``, and where its pixels begin."""
    number = rb"(?:\s|#[^\r\n]*[\r\n])+([0-9]{1,10})"
    for pattern in (rb"P([14])(?=\s)" + 2 * number, rb"P([2356])(?=\s)" + 3 * number):
        if found := re.match(pattern + rb"(?=[\s#])", data):
            kind, width, height, *top = map(int, found.groups())
            return kind, width, height, (top or [1])[0], found.end() + (kind > 3)
    raise ValueError("no header of a Netpbm picture")


def netpbm_in_binary(data: bytes) -> bytes:
    """The Netpbm file ``data`` in binary, with numbers up to 255 or 65,535; ``EOFError`` where some are missing."""
    kind, width, height, top, start = netpbm_header(data)
    if kind == 4 or (kind > 4 and top in (255, 65_535)):
        return data
    count = width * height * (3 if kind in (3, 6) else 1)
    rest = re.sub(rb"#[^\r\n]*", b"", data[start:]) if kind < 4 else b""
    text = re.split(rb"[^0-9\s]", rest, maxsplit=1)[0]
    full, bits = (255, np.dtype("u1")) if top < 256 else (65_535, np.dtype(">u2"))
    if kind > 3:
        numbers = np.frombuffer(data, bits, min(count, (len(data) - start) // bits.itemsize), start)
    elif kind > 1:
        numbers = np.fromstring(text, np.int64, sep=" ")[:count]
    else:
        numbers = np.frombuffer(re.sub(rb"\s", b"", text), np.uint8)[:count] - 48
    if len(numbers) < count and text == rest:
        raise EOFError("numbers are missing")
    if len(numbers) < count or (kind < 4 and numbers.max() > top):
        raise ValueError("no such number")
    if kind == 1:
        return b"P4 %d %d\n" % (width, height) + np.packbits(numbers.reshape(height, width) == 1, axis=1).tobytes()
    scaled = np.rint(np.arange(2**16) / top * full).clip(0, full).astype(bits)
    return b"".join([b"P%d %d %d %d\n" % (kind + 3 * (kind < 4), width, height, full), scaled[numbers].data])


def unscaled(picture: ImageFile.ImageFile) -> None:
    """Let an unread Netpbm picture of 16-bit colour be decoded as TIFF is, to its numbers' high bytes."""
    for at, tile in enumerate(picture.tile):
        if tile[0] == "ppm" and tile[3] == ("RGB", 65_535):
            picture.tile[at] = tile._replace(codec_name="raw", args=("RGB;16B", 0, 1))
