"""Sound picture files as few tools write them, and what is in them; some that only look sound."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import numpy as np
from PIL import Image, ImageCms, ImageDraw

ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))


def encoded(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def scene(width: int = 96, height: int = 72) -> Image.Image:
    """Soft colours, which JPEG keeps well, with a shape that shows which way is up."""
    y, x = np.mgrid[:height, :width]
    colours = np.stack([40 + 150 * x / width, 60 + 120 * y / height, 90 + 40 * np.sin(x / 9)], -1)
    image = Image.fromarray(colours.astype(np.uint8))
    ImageDraw.Draw(image).rectangle([4, 4, width // 3, height // 4], fill=(210, 50, 60))
    return image


def ramp(low: float, high: float, kind: type[np.generic], side: int = 64) -> np.ndarray:
    """Numbers from ``low`` to ``high``, left to right, with a step in the middle row."""
    row = np.linspace(low, high, side)
    numbers = np.tile(row, (side, 1))
    numbers[side // 2 :] = numbers[side // 2 :, ::-1]
    return (numbers if np.issubdtype(kind, np.floating) else numbers.round()).astype(kind)


def tiff(pixels: np.ndarray, **tags: int) -> bytes:
    """A TIFF of one strip; ``tags``: ``photometric``, ``sample_format``, ``extra``, ``order`` (1 is big-endian)."""
    height, width, *rest = pixels.shape
    bands = rest[0] if rest else 1
    order = ">" if tags.get("order") else "<"
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    format = tags.get("sample_format", {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind])
    colours = 3 if bands >= 3 else 1
    entries = {
        256: (4, [width]), 257: (4, [height]), 258: (3, [pixels.dtype.itemsize * 8] * bands), 259: (3, [1]),
        262: (3, [tags.get("photometric", 2 if bands >= 3 else 1)]), 273: (4, [0]), 277: (3, [bands]),
        278: (4, [height]), 279: (4, [len(data)]), 339: (3, [format] * bands),
    }  # fmt: skip
    if bands > colours:
        entries[338] = (3, [tags.get("extra", 0)] * (bands - colours))
    packed = {tag: struct.pack(order + "xHI"[kind // 2] * len(v), *v) for tag, (kind, v) in entries.items()}
    after = 8 + 2 + 12 * len(entries) + 4
    start = after + sum(len(value) for value in packed.values() if len(value) > 4)
    packed[273] = struct.pack(order + "I", start)
    directory, values = b"", b""
    for tag in sorted(entries):
        kind, given = entries[tag]
        field = packed[tag].ljust(4, b"\0")
        if len(packed[tag]) > 4:
            field = struct.pack(order + "I", after + len(values))
            values += packed[tag]
        directory += struct.pack(order + "HHI", tag, kind, len(given)) + field
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "IH", 8, len(entries))
    return head + directory + bytes(4) + values + data


def netpbm(numbers: np.ndarray, top: int, *, text: bool = False) -> bytes:
    """A PGM or PPM of ``numbers`` up to ``top``; a PBM where that is 1."""
    height, width, *colours = numbers.shape
    kind = (1 if top == 1 else 3 if colours else 2) + (0 if text else 3)
    head = b"P%d\n# made by hand\n%d %d\n" % (kind, width, height) + (b"%d\n" % top if top > 1 else b"")
    if text:
        return head + b"\n".join(b" ".join(b"%d" % number for number in row) for row in numbers.reshape(height, -1))
    return head + (np.packbits(numbers, axis=1) if top == 1 else numbers.astype("u1" if top < 256 else ">u2")).tobytes()


def png_chunk(kind: bytes, data: bytes, *, sound: bool = True) -> bytes:
    checksum = zlib.crc32(kind + data) if sound else 0
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def deep_png(pixels: np.ndarray, colour: int) -> bytes:
    """A PNG of 16 bits a channel, which Pillow does not write in colour."""
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def with_chunk(png: bytes, chunk: bytes) -> bytes:
    """``png`` with ``chunk`` in front of its pixels."""
    at = png.index(b"IDAT") - 4
    return png[:at] + chunk + png[at:]


def exif(*entries: tuple[int, int, int, int]) -> bytes:
    """A little-endian EXIF block of (tag, type, count, value or place)."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + bytes(68)


@cache
def profile(primaries=ADOBE_RGB, gamma: float = 2.19921875, padding: int = 0) -> bytes:
    """An ICC profile (version 2, of a matrix) with these xy primaries, a white of D65 and ``padding`` useless bytes."""
    white, d50 = np.array([0.9505, 1, 1.089]), np.array([0.9642, 1, 0.8249])
    columns = np.stack([np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries], 1)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    adapt = np.linalg.inv(bradford) @ np.diag((bradford @ d50) / (bradford @ white)) @ bradford
    matrix = adapt @ (columns * np.linalg.solve(columns, white))

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    parts = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78), b"cprt": b"text\0\0\0\0test\0",
             b"wtpt": b"XYZ \0\0\0\0" + fixed(*d50), b"prVt": b"data\0\0\0\0" + bytes(padding)}  # fmt: skip
    parts |= {b"rgb"[i : i + 1] + b"XYZ": b"XYZ \0\0\0\0" + fixed(*matrix[:, i]) for i in range(3)}
    parts |= {letter + b"TRC": curve for letter in (b"r", b"g", b"b")}
    table, body, start = b"", b"", 132 + 12 * len(parts)
    for name, part in parts.items():
        table += name + struct.pack(">II", start + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(*d50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(parts)) + table + body


def grey_profile(gamma: float) -> bytes:
    """An ICC profile of grey, with this gamma."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    white = b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in (0.9642, 1, 0.8249))
    table = b"".join(name + struct.pack(">II", at, size) for name, at, size in ((b"wtpt", 156, 20), (b"kTRC", 176, 16)))
    head = struct.pack(">I4sI4s4s4s", 192, b"lcms", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", 2) + table + white + curve


def patches() -> Image.Image:
    """Three colours that any wide gamut moves far."""
    image = Image.new("RGB", (90, 30))
    for index, colour in enumerate(((200, 40, 40), (40, 160, 60), (50, 70, 200))):
        image.paste(colour, (30 * index, 0, 30 * index + 30, 30))
    return image


def readable() -> dict[str, bytes]:
    """File names and contents of sound pictures that some reader stumbles over."""
    jpeg, png = encoded(scene(), "JPEG", quality=92), encoded(scene(), "PNG")
    holes = scene().convert("RGBA")
    holes.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 96).astype(np.uint8), (72, 1))))
    deep = np.stack([ramp(0, 65535, np.uint16), ramp(9000, 60000, np.uint16), ramp(65535, 0, np.uint16)], -1)
    upside = Image.Exif()
    upside[0x0112] = 6
    xmp = png_chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="8"/>')
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {
        "no_end_marker.jpg": jpeg[:-2],
        "no_end_marker_progressive.jpg": encoded(scene(), "JPEG", progressive=True)[:-2],
        "zeros_behind.jpg": jpeg[:-2] + bytes(3000),
        "junk_behind.jpg": jpeg + b"x" * 5000,
        "stray_before_start.jpg": b"\r\n" + jpeg,
        "stray_before_marker.jpg": jpeg[:2] + jpeg[2:20] + b"\0\0ab" + jpeg[20:],
        "no_ending": jpeg,
        "cmyk.jpg": encoded(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG"),
        "exif_past_the_end.jpg": encoded(scene(), "JPEG", exif=exif((0x0112, 3, 1, 6), (0, 2, 4_718_592, 60))),
        "exif_past_the_end_first.jpg": encoded(scene(), "JPEG", exif=exif((0, 7, 1_835_008, 60), (0x0112, 3, 1, 6))),
        "exif_garbage.jpg": encoded(scene(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(range(200, 240))),
        "turned.jpg": encoded(scene(), "JPEG", exif=upside),
        "turned.png": encoded(scene(), "PNG", exif=upside),
        "turned.webp": encoded(scene(), "WEBP", exif=upside, lossless=True),
        "turned.avif": encoded(scene(), "AVIF", exif=upside),
        "turned_by_xmp.png": with_chunk(png, xmp),
        "long_text.png": with_chunk(png, png_chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"node " * 420_000))),
        "long_plain_text.png": with_chunk(png, png_chunk(b"iTXt", b"a\0\0\0\0\0" + b"b" * 3_000_000)),
        "long_profile.png": encoded(patches(), "PNG", icc_profile=profile(padding=2_000_000)),
        "text_with_wrong_checksum.png": with_chunk(png, png_chunk(b"tEXt", b"a\0bcd", sound=False)),
        "profile_with_wrong_checksum.png": with_chunk(png, png_chunk(b"iCCP", b"a\0\0bcd", sound=False)),
        "no_end.png": png[:-12],
        "half_an_end.png": png[:-5],
        "grey16.png": encoded(Image.fromarray(ramp(0, 65535, np.uint16)), "PNG"),
        "grey12_in_16.png": encoded(Image.fromarray(ramp(0, 4095, np.uint16)), "PNG"),
        "rgb16.png": deep_png(deep, 2),
        "rgb12_in_16.png": deep_png(deep // 16, 2),
        "rgba12_in_16.png": deep_png(np.concatenate([deep // 16, deep[:, :, :1]], -1), 6),
        "palette_with_hole.png": encoded(scene().quantize(32), "PNG", transparency=0),
        "alpha.png": encoded(holes, "PNG"),
        "alpha.tif": encoded(holes, "TIFF"),
        "alpha_palette.png": encoded(holes.quantize(16), "PNG"),
        "grey_alpha.png": encoded(holes.convert("LA"), "PNG"),
        "rgb_with_hole.png": encoded(patches(), "PNG", transparency=(200, 40, 40)),
        "one_bit.png": encoded(scene().convert("1"), "PNG"),
        "lab.tif": encoded(scene().convert("LAB"), "TIFF"),
        "grey16.tif": tiff(ramp(0, 65535, np.uint16)),
        "grey16_big_endian.tif": tiff(ramp(0, 65535, np.uint16), order=1),
        "grey16_packed.tif": encoded(Image.fromarray(ramp(0, 65535, np.uint16)), "TIFF", compression="tiff_lzw"),
        "grey16_white_is_zero.tif": tiff(ramp(0, 65535, np.uint16), photometric=0),
        "rgb12_in_16.tif": tiff(deep // 16),
        "rgb12_in_16_big_endian.tif": tiff(deep // 16, order=1),
        "fractions.tif": tiff(ramp(0, 1, np.float32)),
        "floats_to_255.tif": tiff(ramp(0, 255, np.float32)),
        "kelvin.tif": tiff(ramp(270, 310, np.float32)),
        "negative_floats.tif": tiff(ramp(-1, 1, np.float32)),
        "floats_with_gaps.tif": tiff(np.where(ramp(0, 1, np.float32) > 0.5, np.nan, ramp(0, 1, np.float32))),
        "signed16.tif": tiff(ramp(-1000, 3000, np.int16)),
        "unsigned32.tif": tiff(ramp(0, 4e9, np.uint32)),
        "signed32.tif": tiff(ramp(0, 70000, np.int32)),
        "five_bands.tif": tiff(np.stack([ramp(0, 255, np.uint8)] * 5, -1)),
        "white_is_zero.tif": tiff(ramp(0, 255, np.uint8), photometric=0),
        "adobe_rgb.png": encoded(patches(), "PNG", icc_profile=profile()),
        "display_p3.jpg": encoded(patches(), "JPEG", quality=95, icc_profile=profile(DISPLAY_P3)),
        "prophoto.tif": encoded(patches(), "TIFF", icc_profile=profile(PROPHOTO, 1.8)),
        "adobe_rgb_alpha.png": encoded(holes, "PNG", icc_profile=profile()),
        "adobe_rgb_palette.png": encoded(patches().quantize(4), "PNG", icc_profile=profile()),
        "srgb.jpg": encoded(scene(), "JPEG", icc_profile=srgb),
        "broken_profile.jpg": encoded(scene(), "JPEG", icc_profile=b"no profile" * 20),
        "picture.avif": encoded(scene(), "AVIF"),
        "picture.jp2": encoded(scene(), "JPEG2000"),
        "grey16.jp2": encoded(Image.fromarray(ramp(0, 65535, np.uint16)), "JPEG2000"),
        "animation.gif": encoded(scene().quantize(64), "GIF", save_all=True, append_images=[patches().quantize(8)]),
        "binary.ppm": encoded(scene(), "PPM"),
        "text.ppm": netpbm(np.asarray(scene()), 255, text=True),
        "levels.pgm": netpbm(ramp(0, 100, np.uint8), 100),
        "text.pbm": netpbm(ramp(0, 1, np.uint8), 1, text=True),
        "grey16.pgm": netpbm(ramp(0, 65535, np.uint16), 65535),
        "grey12.pgm": netpbm(ramp(0, 4095, np.uint16), 4095),
        "grey12_in_16.pgm": netpbm(ramp(0, 4095, np.uint16), 65535),
        "rgb16.ppm": netpbm(deep, 65535),
        "rgb12_in_16.ppm": netpbm(deep // 16, 65535),
        "rgb12_in_16_text.ppm": netpbm(deep // 16, 65535, text=True),
        "rgb12.ppm": netpbm(deep // 16, 4095),
        "large.jpg": encoded(scene().resize((1800, 1350)), "JPEG"),
        "tall.jpg": encoded(scene().resize((40, 1600)), "JPEG"),
        "tiny.png": encoded(scene().resize((3, 2)), "PNG"),
    }  # fmt: skip


def refused() -> dict[str, tuple[str, bytes]]:
    """File names, why each is no picture to use, and contents."""
    jpeg, png = encoded(scene(), "JPEG"), encoded(scene(), "PNG")
    progressive = encoded(scene(), "JPEG", progressive=True)
    deep = np.stack([ramp(0, 1, np.float32)] * 3, -1)
    heic = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(3000)
    return {
        "half.jpg": ("truncated", jpeg[: len(jpeg) // 2]),
        "half_and_zeros.jpg": ("truncated", jpeg[: len(jpeg) // 2] + bytes(9000)),
        "half_progressive.jpg": ("truncated", progressive[: progressive.rindex(b"\xff\xda")]),
        "half.png": ("truncated", png[: len(png) // 2]),
        "wrong_pixels.png": ("damaged", png[: png.index(b"IDAT") + 9] + b"?" + png[png.index(b"IDAT") + 10 :]),
        "half.ppm": ("truncated", encoded(scene(), "PPM")[:9000]),
        "half_text.pgm": ("truncated", b"P2 4 4 9\n1 2 3 4 5 6 7 8 9 1 2\n3 4 5\n"),
        "two_channels.tif": ("unsupported", tiff(np.stack([ramp(0, 255, np.uint8)] * 2, -1))),
        "colour_in_fractions.tif": ("unsupported", tiff(deep)),
        "raw.dng": ("unsupported", tiff(ramp(0, 4095, np.uint16), photometric=32803)),
        "IMG_0001.HEIC": ("heic", heic),
        "page.jpg": ("not_a_picture", b"<!DOCTYPE html><html><title>404</title></html>"),
        "pointer.jpg": ("not_a_picture", b"version https://git-lfs.github.com/spec/v1\nsize 12345\n"),
        "drawing.svg": ("not_a_picture", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"),
    }
