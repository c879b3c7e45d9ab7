import io
import random
import struct
import warnings
import zlib

import made
import numpy as np
import pytest
from PIL import Image, ImageFile

from resnet_studio.data import formats
from resnet_studio.data.directories import is_bloated_exif
from resnet_studio.data.pictures import BadPicture, picture_header, read_picture

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "JPEG2000", "PPM")
BEYOND_THE_PICTURE = {"GIF": 1, "JPEG": 2, "PNG": 12}  # bytes at the end without which every pixel is there


def pixels(data: bytes, **options) -> np.ndarray:
    return np.asarray(read_picture(io.BytesIO(data), **options))


def fault(data: bytes) -> str:
    """Why ``data`` is refused, by the header check and by the decoder alike."""
    found = []
    for use in (picture_header, read_picture):
        with pytest.raises(BadPicture) as caught:
            use(io.BytesIO(data), name="cat.png")
        assert "cat.png" in caught.value.sentence("en") and "cat.png" in caught.value.sentence("zh")
        found.append(caught.value.fault)
    assert found[0] == found[1]
    return found[0]


def png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 8, colour: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    every = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in every
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_read_with_its_size(format, tmp_path):
    path = tmp_path / "no extension"
    path.write_bytes(made.picture(1, side=40, format=format))
    header = picture_header(path)
    assert (header.format, header.size, header.animated) == (format, (40, 40), False)
    picture = read_picture(path)
    assert (picture.mode, picture.size) == ("RGB", (40, 40))
    near = np.asarray(read_picture(io.BytesIO(made.picture(1, side=40)))).astype(int)
    assert np.abs(np.asarray(picture).astype(int) - near).mean() < 12


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_once(format, orientation):
    image = Image.new("RGB", (48, 32), "white")
    image.paste("red", (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = pixels(made.encoded(image, format, exif=exif))
    assert upright.shape[:2] == ((32, 48) if orientation < 5 else (48, 32))
    corners = {"00": upright[3, 3], "01": upright[3, -4], "10": upright[-4, 3], "11": upright[-4, -4]}
    red = [place for place, colour in corners.items() if colour[0] > 200 and colour[1] < 80]
    assert red == [{1: "00", 2: "01", 3: "11", 4: "10", 5: "00", 6: "01", 7: "11", 8: "10"}[orientation]]


def test_a_broken_exif_block_turns_nothing():
    data = made.encoded(Image.new("RGB", (9, 5)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert pixels(data).shape == (5, 9, 3)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_shades(format):
    shades = np.array([[0, 300, 1000, 32768, 65535]], np.uint16)
    assert pixels(made.encoded(Image.fromarray(shades), format))[0, :, 0].tolist() == [0, 1, 4, 128, 255]


def test_16_bit_colour_keeps_its_shades():
    rows = b"".join(b"\0" + struct.pack(">3H", red, 30000, 65535) for red in (300, 65535))
    data = png(1, 2, (b"IDAT", zlib.compress(rows)), depth=16, colour=2)
    assert pixels(data)[:, 0].tolist() == [[1, 117, 255], [255, 117, 255]]


@pytest.mark.parametrize(("values", "shades"), [
    (np.array([[0, 0.5, 1]], np.float32), [0, 128, 255]),
    (np.array([[-10, 0, 10, np.nan]], np.float32), [0, 128, 255, 128]),
    (np.array([[0, 100, 255]], np.int32), [0, 100, 255]),
    (np.array([[0, 300, 65535]], np.int32), [0, 1, 255]),
    (np.array([[7, 7]], np.float32), [0, 0]),
])  # fmt: skip
def test_32_bit_grey_is_stretched_explicitly(values, shades):
    assert pixels(made.encoded(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == shades


@pytest.mark.parametrize(
    ("ink", "colour"), [((0, 255, 255, 0), (255, 0, 0)), ((255, 255, 0, 0), (0, 0, 255)), ((0, 0, 0, 255), (0, 0, 0))]
)
@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_comes_out_in_the_right_colours(format, ink, colour):
    found = pixels(made.encoded(Image.new("CMYK", (16, 16), ink), format))[8, 8]
    assert np.abs(found.astype(int) - colour).max() < 6


def test_lab_comes_out_in_the_right_colours():
    red = pixels(made.encoded(Image.new("LAB", (4, 4), (136, 208, 195)), "TIFF"))[0, 0]
    assert red[0] > 240 and red[1] < 25 and red[2] < 25


def test_what_is_transparent_becomes_white():
    half = Image.new("RGBA", (3, 1), (255, 0, 0, 255))
    half.putpixel((1, 0), (255, 0, 0, 0))
    half.putpixel((2, 0), (0, 0, 0, 128))
    assert pixels(made.encoded(half))[0].tolist() == [[255, 0, 0], [255, 255, 255], [127, 127, 127]]
    grey = Image.new("LA", (1, 1), (0, 0))
    assert pixels(made.encoded(grey))[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_palettes_keep_their_colours_and_their_transparency(format):
    image = Image.new("P", (2, 1))
    image.putpalette([200, 10, 10, 0, 90, 0])
    image.putpixel((1, 0), 1)
    assert pixels(made.encoded(image, format))[0].tolist() == [[200, 10, 10], [0, 90, 0]]
    assert pixels(made.encoded(image, format, transparency=1))[0].tolist() == [[200, 10, 10], [255, 255, 255]]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_used_and_it_is_said(format):
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]
    data = made.encoded(frames[0], format, save_all=True, append_images=frames[1:])
    assert picture_header(io.BytesIO(data)).animated
    red, green, blue = pixels(data)[16, 16].astype(int)
    assert red > 200 and green < 60 and blue < 60
    assert not picture_header(io.BytesIO(made.encoded(frames[0], format))).animated


def test_of_a_tiff_with_pages_the_first_is_used_and_it_is_said():
    pages = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime")]
    data = made.encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert picture_header(io.BytesIO(data)).animated
    assert pixels(data)[5, 5].tolist() == [255, 0, 0]


def test_a_jpeg_may_be_decoded_smaller_but_never_below_twice_the_side_asked_for():
    data = made.encoded(Image.new("RGB", (1600, 800)), "JPEG")
    assert read_picture(io.BytesIO(data), draft_side=100).size == (400, 200)
    assert read_picture(io.BytesIO(data), draft_side=101).size == (800, 400)
    assert read_picture(io.BytesIO(data), draft_side=1000).size == (1600, 800)
    assert read_picture(io.BytesIO(made.encoded(Image.new("RGB", (1600, 800)))), draft_side=100).size == (1600, 800)


@pytest.mark.parametrize(
    "data",
    [
        b"hello" * 99,
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"BM is what this text begins with",
        b"P6 is a form of pictures",
        b"P1\n# a list\nof things",
        b"P7 1 1",
        b"\0",
    ],
)
def test_what_is_no_picture_is_said_so(data):
    assert fault(data) == "not_a_picture"


def test_an_empty_file_and_a_missing_one_are_said_so(tmp_path):
    assert fault(b"") == "empty_file"
    with pytest.raises(BadPicture) as caught:
        read_picture(tmp_path / "nowhere.png")
    assert caught.value.fault == "unreadable" and "nowhere.png" in caught.value.sentence()


@pytest.mark.parametrize("format", FORMATS)
def test_half_a_picture_is_truncated(format):
    data = made.encoded(Image.effect_noise((64, 48), 60).convert("RGB"), format)
    assert fault(data[: len(data) // 2]) == "truncated"


@pytest.mark.parametrize("format", FORMATS)
def test_no_cut_off_picture_passes(format):
    data = made.encoded(Image.effect_noise((23, 17), 60), format)
    enough = len(data) - BEYOND_THE_PICTURE.get(format, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for length in range(1, enough):
            with pytest.raises(BadPicture):
                picture_header(io.BytesIO(data[:length]), decode_below=10**6)


def test_a_jpeg_without_its_last_pixels_and_a_png_with_too_few_rows_do_not_pass_in_silence():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8))
    assert fault(made.encoded(noise, "JPEG")[:-3]) == "truncated"
    assert fault(png(10, 10, (b"IDAT", zlib.compress(b"\0" * 109)))) == "truncated"
    assert pixels(png(10, 10, (b"IDAT", zlib.compress(b"\0" * 110)))).shape == (10, 10, 3)


def test_a_flipped_bit_in_a_png_is_found():
    data = bytearray(made.picture(3))
    data[-20] ^= 4
    assert fault(bytes(data)) == "damaged"


def bomb(format: str, width: int, height: int) -> bytes:
    small = bytearray(made.encoded(Image.new("RGB", (16, 16)), format))
    match format:
        case "PNG":
            return png(width, height, (b"IDAT", zlib.compress(bytes(1000))))
        case "GIF":
            small[6:10] = struct.pack("<2H", width, height)
            at = small.index(b",")
            small[at + 5 : at + 9] = struct.pack("<2H", width, height)
        case "BMP":
            small[18:26] = struct.pack("<2i", width, height)
        case "JPEG":
            at = small.index(b"\xff\xc0")
            small[at + 5 : at + 9] = struct.pack(">2H", height, width)
        case "WEBP":
            small[26:30] = struct.pack("<2H", width, height)
        case "JPEG2000":
            at = small.index(b"\xff\x51")
            small[at + 6 : at + 14] = small[at + 22 : at + 30] = struct.pack(">2L", width, height)
        case "PPM":
            return b"P6 %d %d 255\n" % (width, height) + bytes(99)
        case "TIFF":
            for tag, value in ((256, width), (257, height)):
                at = small.index(struct.pack("<2HL", tag, 4 if struct.pack("<2HL", tag, 4, 1) in small else 3, 1))
                small[at : at + 12] = struct.pack("<2H2L", tag, 4, 1, value)
    return bytes(small)


@pytest.mark.parametrize("format", [format for format in FORMATS if format not in ("JPEG", "AVIF")])
def test_more_than_64_megapixels_are_refused_before_anything_is_decoded(format, monkeypatch):
    data = bomb(format, 16000, 4001)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    assert fault(data) == "too_large"


def test_64_megapixels_are_allowed_and_268_where_a_jpeg_is_decoded_in_rows(monkeypatch):
    assert formats.PIXEL_LIMIT == 16000 * 4000
    assert picture_header(io.BytesIO(bomb("JPEG", 16384, 16384))).size == (16384, 16384)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    assert fault(bomb("JPEG", 16384, 16385)) == "too_large"


def test_a_progressive_jpeg_may_not_be_as_large_since_all_of_it_is_held_in_memory():
    data = bytearray(made.encoded(Image.new("RGB", (16, 16)), "JPEG", progressive=True))
    at = data.index(b"\xff\xc2")
    data[at + 5 : at + 9] = struct.pack(">2H", 16384, 16384)
    assert fault(bytes(data)) == "too_large"


def test_a_webp_that_declares_a_huge_canvas_never_reaches_the_decoder(monkeypatch):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    data = bytearray(made.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    assert data[12:16] == b"VP8X"
    data[24:30] = b"\xff\x3f\0\xff\x3f\0"
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened"))
    assert fault(bytes(data)) == "too_large"


def test_mutated_pictures_never_raise_anything_but_a_sentence():
    rng = random.Random(0)
    noise = Image.effect_noise((19, 13), 60)
    seeds = [made.encoded(noise.convert(mode), format) for format in FORMATS for mode in ("L", "RGB")]
    seen = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(1500):
            data = bytearray(rng.choice(seeds))
            for _ in range(rng.choice((1, 2, 6))):
                at = rng.randrange(min(len(data), rng.choice((60, 5000))))
                data[at] = rng.choice((0, 0x7F, 0xFF, rng.randrange(256)))
            try:
                header = picture_header(io.BytesIO(data))
                if header.width * header.height < 100_000:
                    read_picture(io.BytesIO(data))
                seen.add("fine")
            except BadPicture as error:
                seen.add(error.fault)
    assert {"fine", "damaged", "not_a_picture", "truncated"} <= seen


def directory(tags: int, length: int, *, kind: int = 1, at: int = 8) -> bytes:
    """A TIFF directory whose ``tags`` all point to the same ``length`` bytes."""
    entries = b"".join(struct.pack("<2H2L", 40_000 + tag, kind, length, at) for tag in range(tags))
    return b"II*\0" + struct.pack("<LH", 8, tags) + entries + bytes(4 + length * (2 if kind == 3 else 1))


def with_exif(block: bytes) -> bytes:
    segment = b"Exif\0\0" + block
    jpeg = made.encoded(Image.new("RGB", (16, 16)), "JPEG")
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def long_comment(count: int) -> bytes:
    gif = made.encoded(Image.new("P", (16, 16)), "GIF")
    at = 13 + 3 * 2 ** ((gif[10] & 7) + 1) if gif[10] & 0x80 else 13
    return gif[:at] + b"!\xfe" + (b"\xff" + bytes(255)) * count + b"\0" + gif[at:]


def private_chunks(count: int) -> bytes:
    return png(16, 16, *[(b"prVt", bytes(2**20))] * count, (b"IDAT", zlib.compress(bytes(16 * 17))))


def many_segments(count: int) -> bytes:
    jpeg = made.encoded(Image.new("RGB", (16, 16)), "JPEG")
    return jpeg[:2] + (b"\xff\xe5\xff\xff" + bytes(65533)) * count + jpeg[2:]


def packed_bmp(steps: int) -> bytes:
    header = struct.pack("<2sL2HL", b"BM", 0, 0, 0, 1078) + struct.pack("<L2l2H6L", 40, 16, 16, 1, 8, 1, 0, 0, 0, 0, 0)
    return header + bytes(1024) + b"\0\0" * steps + b"\x10\1" * 16 + b"\0\1"


@pytest.mark.parametrize(("harmless", "bomb"), [
    (with_exif(directory(20, 40)[:900]), with_exif(directory(2000, 30_000))),
    (with_exif(directory(4000, 1)), with_exif(directory(4001, 1))),
    (long_comment(9), long_comment(5000)),
    (many_segments(2), many_segments(520)),
    (private_chunks(1), private_chunks(33)),
    (packed_bmp(10), packed_bmp(100_000)),
], ids=["exif values", "exif tags", "gif comment", "jpeg segments", "png chunks", "bmp steps"])  # fmt: skip
def test_files_built_to_take_memory_or_time_are_refused(harmless, bomb):
    import tracemalloc

    picture_header(io.BytesIO(harmless))
    tracemalloc.start()
    assert fault(bomb) == "damaged"
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


def test_a_tiff_whose_tags_share_their_bytes_is_refused():
    tiff = made.encoded(Image.effect_noise((64, 64), 50), "TIFF")
    (at,) = struct.unpack("<L", tiff[4:8])
    count = struct.unpack("<H", tiff[at : at + 2])[0]
    own = tiff[at + 2 : at + 2 + 12 * count]
    more = b"".join(struct.pack("<2H2L", 50_000 + tag, 1, 4000, 8) for tag in range(900))
    bomb = tiff[:4] + struct.pack("<L", len(tiff)) + tiff[8:] + struct.pack("<H", count + 900) + own + more + bytes(4)
    assert fault(bomb) == "damaged"
    twin = (
        tiff[:4] + struct.pack("<L", len(tiff)) + tiff[8:] + struct.pack("<H", count + 1) + own + more[:12] + bytes(4)
    )
    assert picture_header(io.BytesIO(twin)).size == (64, 64)


def test_a_tiff_with_huge_tiles_is_refused():
    tiff = made.encoded(Image.new("L", (64, 64)), "TIFF")
    (at,) = struct.unpack("<L", tiff[4:8])
    count = struct.unpack("<H", tiff[at : at + 2])[0]
    own = tiff[at + 2 : at + 2 + 12 * count]

    def tiled(side: int) -> bytes:
        more = b"".join(struct.pack("<2H2L", tag, 4, 1, side) for tag in (322, 323))
        return tiff[:4] + struct.pack("<L", len(tiff)) + tiff[8:] + struct.pack("<H", count + 2) + own + more + bytes(4)

    assert fault(tiled(8001)) == "too_large"
    assert picture_header(io.BytesIO(tiled(64))).size == (64, 64)


def test_an_exif_block_built_to_take_memory_turns_nothing_and_takes_none():
    import tracemalloc

    data = png(8, 4, (b"eXIf", directory(2000, 30_000)), (b"IDAT", zlib.compress(bytes(4 * 9))))
    tracemalloc.start()
    assert pixels(data).shape == (4, 8, 3)
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


def test_a_wrong_checksum_in_a_large_png_is_found_without_inflating_it():
    data = png(5000, 4000, (b"IDAT", bytes(20_000)))
    picture_header(io.BytesIO(data))
    assert fault(data[:-14] + b"\1\2" + data[-12:]) == "damaged"


@pytest.mark.parametrize(("format", "limit"), [("GIF", 64), ("WEBP", 64), ("PNG", 256)])
def test_files_that_are_too_long_are_refused_unread(format, limit, tmp_path):
    path = tmp_path / "long"
    path.write_bytes(made.picture(format=format))
    with path.open("rb+") as file:
        file.truncate(limit * 2**20 + 1)
    with pytest.raises(BadPicture) as caught:
        picture_header(path)
    assert caught.value.fault == "too_many_bytes"


def test_a_tag_of_very_many_numbers_is_refused_but_one_of_many_bytes_is_not():
    assert is_bloated_exif(directory(1, 400_000, kind=3))
    assert not is_bloated_exif(directory(1, 400_000, kind=1))
    assert not is_bloated_exif(directory(1, 200_000, kind=3))


def test_a_directory_inside_of_a_directory_is_looked_at_too():
    inner = directory(2000, 30_000)[8:]
    outer = b"II*\0" + struct.pack("<LH2H2L", 8, 1, 34665, 4, 1, 26) + bytes(4)
    assert is_bloated_exif(outer + inner)
    assert not is_bloated_exif(outer + directory(2, 30)[8:])
    loop = b"II*\0" + struct.pack("<LH2H2L", 8, 1, 34665, 4, 1, 8) + bytes(4)
    assert not is_bloated_exif(loop)
