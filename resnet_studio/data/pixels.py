"""What the numbers in an opened picture become: upright RGB of 8 bits.

The code of an exported model holds these functions word for word (:mod:`resnet_studio.model.export` copies them from
here and from :mod:`.netpbm`), so that it sees the pixels that the studio sees. They use numpy, Pillow and each other,
and nothing else.
"""

from __future__ import annotations

import io
import re
import struct
import sys
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, JpegImagePlugin

from resnet_studio.data.netpbm import netpbm_header, netpbm_in_binary, unscaled

__all__ = ["EXPORTED", "rendered"]


def with_end(data: bytes) -> bytes:
    """The JPEG ``data`` with the end marker that was forgotten; ``ValueError`` where pixels are missing.

    libjpeg makes up what is missing without a word. So it is given two different fillings: a picture that is all there
    comes out the same, as it needs neither.
    """
    data = data.rstrip(b"\0")  # what a broken download leaves of the space that it had reserved
    data += b"\0" if data.endswith(b"\xff") else b""
    found = set()
    for filling in (b"\0", b"\xfe"):
        picture = JpegImagePlugin.JpegImageFile(io.BytesIO(data + 64 * filling + b"\xff\xd9"))
        reduce_jpeg(picture, max(picture.size))
        found.add(zlib.crc32(picture.tobytes()))
    if len(found) > 1:
        raise ValueError("the picture ends too early")
    return data + b"\xff\xd9"


def with_sound_chunks(data: bytes) -> bytes:
    """The PNG ``data`` without chunks whose checksum is wrong, and with the end chunk that was forgotten."""
    chunks, at = [data[:8]], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunk = data[at : at + length + 12]
        at += length + 12
        if zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big"):
            chunks.append(chunk)
    return b"".join([*chunks, b"\0\0\0\0IEND\xae\x42\x60\x82"])


def reduce_jpeg(picture: Image.Image, side: int) -> None:
    """Let an unread JPEG be decoded smaller: above twice ``side`` px where that is possible in 16 megapixels.

    JPEG 2000, whose decoder takes twelve bytes a pixel, is halved above that.
    """
    width, height = picture.size
    halvings = "reduce" if picture.format == "JPEG2000" else ""
    if halvings and width * height > 2**24:
        setattr(picture, halvings, 1)
    step = max(step for step in (1, 2, 4, 8) if step == 1 or step * 2 * side <= min(width, height))
    while step < 8 and width * height > step * step * 2**24:
        step *= 2
    picture.draft("RGB", (max(1, width // step), max(1, height // step)))


def rendered(picture: Image.Image, ranges: Mapping[str, tuple[float, float]], managed: bool, side: int) -> Image.Image:
    """``picture`` upright, in RGB of 8 bits, on white where it is transparent.

    ``ranges`` says for each kind of deep numbers which of them become 0 and 255; ``managed``: an ICC profile counts.
    Above 16 megapixels it is averaged down to no less than twice ``side`` px, band by band, which saves memory.
    """
    turn = orientation(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        picture = from_deep(picture, ranges)
    width, height = picture.size
    step = max(1, min(width, height) // (2 * side)) if width * height > 2**24 else 1
    if step == 1:
        picture = in_rgb(picture, managed)
    else:
        whole, rows = picture, step * max(1, 2**20 // (width * step))
        picture = Image.new("RGB", (-(-width // step), -(-height // step)))
        for top in range(0, height, rows):
            band = whole.crop((0, top, width, min(height, top + rows)))
            picture.paste(in_rgb(band, managed).reduce(step), (0, top // step))
    turns = Image.Transpose
    way = {
        2: turns.FLIP_LEFT_RIGHT, 3: turns.ROTATE_180, 4: turns.FLIP_TOP_BOTTOM, 5: turns.TRANSPOSE,
        6: turns.ROTATE_270, 7: turns.TRANSVERSE, 8: turns.ROTATE_90,
    }.get(turn)  # fmt: skip
    return picture if way is None else picture.transpose(way)


def in_rgb(picture: Image.Image, managed: bool) -> Image.Image:
    """``picture`` of 8 bits in RGB, on white where it is transparent."""
    if picture.mode == "LAB":
        return from_lab(picture)
    return on_white(from_profile(picture) if managed and picture.info.get("icc_profile") else picture)


def orientation(picture: Image.Image) -> int:
    """The orientation, 1 to 8, that the EXIF block of ``picture`` asks for, or else its XMP; 1 without either."""
    block = picture.info.get("exif") or b""
    text = picture.info.get("Raw profile type exif")
    try:
        block = bytes.fromhex("".join(text.split("\n")[3:])) if text and not block else block
        while block.startswith(b"Exif\0\0"):
            block = block[6:]
        order = ">" if block[:2] == b"MM" else "<"
        (start,) = struct.unpack_from(order + "4xL", block)
        (count,) = struct.unpack_from(order + "H", block, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values, value = struct.unpack_from(order + "HHLH", block, at)
            if (tag, kind, values) == (0x0112, 3, 1):
                return value if 1 <= value <= 8 else 1
    except (struct.error, ValueError, AttributeError):
        pass  # cut off or no EXIF at all
    xmp = picture.info.get("XML:com.adobe.xmp") or picture.info.get("xmp") or b""
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    found = re.search(rb'tiff:Orientation(?:="|>)([1-8])', xmp)
    return int(found[1]) if found else 1


def deep_numbers(picture: Image.Image, top: int, bottom: int) -> NDArray[Any]:
    """The numbers of a ``picture`` in deep grey from row ``top`` to before row ``bottom``."""
    values = np.asarray(picture.crop((0, top, picture.width, bottom)))
    tags = getattr(picture, "tag_v2", {})
    unsigned = picture.mode == "I" and tags.get(258) == (32,) and tags.get(339, (1,)) == (1,)
    return values.view(np.uint32) if unsigned else values


def deep_kind(picture: Image.Image) -> str:
    """The kind of the numbers of a ``picture`` in deep grey."""
    if picture.format == "PPM":
        return "uint16"
    return {"I": "int32", "F": "float32"}.get(picture.mode, "uint16")


def from_deep(picture: Image.Image, ranges: Mapping[str, tuple[float, float]]) -> Image.Image:
    """``picture`` in deep grey as grey of 8 bits; without a range for its kind, by its own smallest and largest."""
    kind = deep_kind(picture)
    parts = [(top, min(picture.height, top + 256)) for top in range(0, picture.height, 256)]  # floats take much memory
    if kind in ranges:
        low, high = ranges[kind]
        factor = 255 / (high - low)
    else:
        ends = [
            (float(band.min()), float(band.max())) for band in (as_floats(deep_numbers(picture, *p)) for p in parts)
        ]
        low, factor = own_scale(kind, min(end[0] for end in ends), max(end[1] for end in ends))
    grey = np.empty((picture.height, picture.width), np.uint8)
    for top, bottom in parts:
        band = as_floats(deep_numbers(picture, top, bottom))
        grey[top:bottom] = np.rint((band - low) * factor).clip(0, 255)
    smallest_is_white = getattr(picture, "tag_v2", {}).get(262) == 0 and kind in ranges
    return Image.fromarray(255 - grey if smallest_is_white else grey)


def as_floats(numbers: NDArray[Any]) -> NDArray[np.float32]:
    """``numbers``, with 0 for what is none."""
    return np.nan_to_num(numbers.astype(np.float32), posinf=0, neginf=0)


def own_scale(kind: str, low: float, high: float) -> tuple[float, float]:
    """What to subtract from numbers from ``low`` to ``high``, and then to multiply by, for 0 to 255 without a range."""
    if kind == "uint16" or (kind == "int32" and low >= 0 and 255 < high <= 65_535):
        return 0.0, 1 / 257
    if low >= 0 and high <= (1 if kind == "float32" else 255):
        return 0.0, 255.0 if kind == "float32" else 1.0
    return low, 255 / max(high - low, 1e-12)


def low_tiles(picture: Image.Image) -> list[Any] | None:
    """The tiles of an unread ``picture`` of 16-bit colour such that it gives its numbers' low bytes, not the high ones.

    Pillow has no picture of 16-bit colour. None for any other picture.
    """
    other = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
    tiles = []
    for tile in getattr(picture, "tile", []):
        names = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if not re.fullmatch("(RGB|RGBA|RGBX);16[BLN]", str(names[0])):
            return None
        mode = names[0][:-1] + other[names[0][-1]]
        tiles.append(tile._replace(args=(mode, *names[1:]) if isinstance(tile[3], tuple) else mode))
    return tiles or None


def from_deep_colour(high: Image.Image, low: Image.Image, limits: tuple[float, float]) -> Image.Image:
    """The picture whose numbers have the bytes ``high`` and ``low``, its colours from the lower to the upper limit."""
    grey = {}
    for name in "RGB":
        channels = [np.asarray(part.getchannel(name), np.float32) for part in (high, low)]
        values = (channels[0] * 256 + channels[1] - limits[0]) * (255 / (limits[1] - limits[0]))
        grey[name] = Image.fromarray(np.rint(values).clip(0, 255).astype(np.uint8))
    picture = Image.merge("RGB", list(grey.values()))
    if high.mode == "RGBA":
        picture.putalpha(high.getchannel("A"))
    picture.info = high.info
    return picture


def from_lab(picture: Image.Image) -> Image.Image:
    """``picture`` in CIE L*a*b* as sRGB."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB") or picture


def on_white(picture: Image.Image) -> Image.Image:
    """``picture`` in RGB, on white where it is transparent."""
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def from_profile(picture: Image.Image) -> Image.Image:
    """``picture`` with its colours, which its ICC profile explains, as sRGB; as it is where there is no need or way."""
    if picture.has_transparency_data and picture.mode != "LA":
        picture = picture.convert("RGBA")
    elif picture.mode in ("P", "YCbCr"):
        picture = picture.convert("RGB")
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    colours = picture.convert(picture.mode[:-1]) if alpha else picture
    change = to_srgb(picture.info["icc_profile"], colours.mode)
    if change is None:
        return picture
    colours = ImageCms.applyTransform(colours, change) or colours
    if alpha:
        colours.putalpha(alpha)
    return colours


@lru_cache(maxsize=8)
def to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """What takes colours in ``mode`` to sRGB by ``profile``; None where that is sRGB, damaged or of another mode."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}.get(mode):
            return None
        change = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode == "CMYK":
            return change
        steps = np.linspace(0, 255, 9).round().astype(np.uint8)
        colours = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
        given = Image.fromarray(colours if mode == "RGB" else colours[:, :, 0])
        before, after = np.asarray(given.convert("RGB"), int), np.asarray(ImageCms.applyTransform(given, change), int)
        return None if np.abs(before - after).max() <= 2 else change
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


EXPORTED = (
    with_end, with_sound_chunks, netpbm_header, netpbm_in_binary, unscaled, reduce_jpeg, low_tiles, from_deep_colour,
    rendered, in_rgb, orientation, deep_numbers, deep_kind, from_deep, as_floats, own_scale, from_lab, on_white,
    from_profile, to_srgb,
)  # fmt: skip
"""What goes into the code of an exported model, in this order."""
