"""Odd but sound files: every one is read, with the right pixels; what only looks like a picture is refused."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import odd_files
import pytest
from odd_files import encoded, patches, profile, ramp, scene, tiff
from PIL import Image, ImageCms
from sweeps import few

from resnet_studio.data import formats
from resnet_studio.data.pictures import BadPicture, picture_header, read_picture
from resnet_studio.data.reading import Reading

READABLE = odd_files.readable()
REFUSED = odd_files.refused()


def pixels(data: bytes, **options) -> np.ndarray:
    return np.asarray(read_picture(io.BytesIO(data), **options)).astype(int)


def grey(data: bytes, **options) -> np.ndarray:
    return pixels(data, **options)[:, :, 0]


def largest_difference(first: np.ndarray, second: np.ndarray) -> float:
    assert first.shape == second.shape
    return float(np.abs(first - second).max())


@pytest.mark.parametrize("name", READABLE)
def test_sound_pictures_are_read_whatever_surrounds_them(name):
    data = READABLE[name]
    header = picture_header(io.BytesIO(data), decode_below=256 * 256)
    found = pixels(data)
    assert sorted(found.shape[:2]) == sorted(header.size) and found.shape[2] == 3


@pytest.mark.parametrize(("odd", "plain"), [
    ("no_end_marker.jpg", "no_ending"), ("zeros_behind.jpg", "no_ending"), ("junk_behind.jpg", "no_ending"),
    ("stray_before_start.jpg", "no_ending"), ("stray_before_marker.jpg", "no_ending"),
    ("exif_past_the_end.jpg", "turned.jpg"), ("exif_past_the_end_first.jpg", "turned.jpg"),
    ("long_text.png", "no_end.png"), ("long_plain_text.png", "no_end.png"), ("half_an_end.png", "no_end.png"),
    ("text_with_wrong_checksum.png", "no_end.png"), ("profile_with_wrong_checksum.png", "no_end.png"),
    ("long_profile.png", "adobe_rgb.png"), ("adobe_rgb_palette.png", "adobe_rgb.png"),
    ("grey16_packed.tif", "grey16.tif"), ("grey16_big_endian.tif", "grey16.tif"), ("turned.png", "turned.webp"),
    ("text.ppm", "binary.ppm"), ("rgb12_in_16_text.ppm", "rgb12_in_16.ppm"), ("rgb16.ppm", "rgb16.png"),
])  # fmt: skip
def test_what_surrounds_a_picture_does_not_change_it(odd, plain):
    assert np.array_equal(pixels(READABLE[odd]), pixels(READABLE[plain]))


def test_the_pixels_are_those_that_were_written():
    assert largest_difference(pixels(READABLE["no_end.png"]), np.asarray(scene(), int)) == 0
    assert largest_difference(pixels(READABLE["binary.ppm"]), np.asarray(scene(), int)) == 0
    assert largest_difference(pixels(READABLE["text.pbm"])[:, :, 1], 255 * (1 - ramp(0, 1, int))) == 0
    assert largest_difference(pixels(READABLE["turned.png"]), np.rot90(np.asarray(scene(), int), -1)) == 0
    assert largest_difference(pixels(READABLE["turned_by_xmp.png"]), np.rot90(np.asarray(scene(), int))) == 0
    for name in ("no_end_marker.jpg", "picture.avif", "picture.jp2", "srgb.jpg", "broken_profile.jpg"):
        assert np.abs(pixels(READABLE[name]) - np.asarray(scene(), int)).mean() < 3, name
    for name in ("grey16.png", "grey16.tif", "grey16.jp2", "grey16.pgm", "grey12.pgm"):
        assert largest_difference(grey(READABLE[name]), ramp(0, 255, np.float32)) <= 1, name
    assert largest_difference(pixels(READABLE["five_bands.tif"])[:, :, 2], ramp(0, 255, np.uint8).astype(int)) == 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_only_looks_like_a_picture_is_refused_with_its_reason(name, monkeypatch):
    monkeypatch.setattr(formats, "reads_heif", lambda: False)
    fault, data = REFUSED[name]
    for use in (picture_header, read_picture):
        with pytest.raises(BadPicture) as caught:
            use(io.BytesIO(data), name=name)
        assert caught.value.fault == fault
        assert name in caught.value.sentence("en") and name in caught.value.sentence("zh")


def test_heic_is_called_so_and_says_what_to_do(monkeypatch):
    monkeypatch.setattr(formats, "reads_heif", lambda: False)
    with pytest.raises(BadPicture) as caught:
        picture_header(io.BytesIO(REFUSED["IMG_0001.HEIC"][1]), name="IMG_0001.HEIC")
    assert "HEIC" in str(caught.value) and "pillow-heif" in str(caught.value)


def test_heic_is_read_where_pillow_heif_is_installed():
    heif = pytest.importorskip("pillow_heif")
    written = io.BytesIO()
    heif.from_pillow(scene()).save(written, quality=95)
    assert picture_header(written).format == "HEIF"
    assert np.abs(pixels(written.getvalue()) - np.asarray(scene(), int)).mean() < 4


@pytest.mark.parametrize(("name", "kind", "low", "high"), [
    ("grey12_in_16.png", "uint16", 0, 4095), ("grey16.jp2", "uint16", 0, 65535), ("signed16.tif", "int32", -1000, 3000),
    ("unsigned32.tif", "int32", 0, 4e9), ("kelvin.tif", "float32", 270, 310), ("fractions.tif", "float32", 0, 1),
    ("rgb12_in_16.png", "rgb16", 0, 4095), ("rgb12_in_16.tif", "rgb16", 0, 4095),
    ("rgba12_in_16.png", "rgb16", 0, 4095), ("rgb12_in_16_big_endian.tif", "rgb16", 0, 4095),
    ("grey12_in_16.pgm", "uint16", 0, 4095), ("grey12.pgm", "uint16", 0, 65535), ("rgb12_in_16.ppm", "rgb16", 0, 4095),
    ("rgb12_in_16_text.ppm", "rgb16", 0, 4095),
])  # fmt: skip
def test_deep_numbers_are_spread_over_the_range_that_is_given(name, kind, low, high):
    reading = Reading({kind: (low, high)})
    found = pixels(READABLE[name], reading=reading)[:, :, 0]
    wanted = np.asarray(ramp(0, 255, np.float32))
    if name == "rgba12_in_16.png":  # as transparent as it is dark
        wanted = 255 - (255 - wanted) * wanted / 255
    assert largest_difference(found, wanted) <= 1.2
    above = pixels(READABLE[name], reading=Reading({kind: (low, low + (high - low) / 2)}))[:, :, 0]
    assert above.max() == 255 and (above == 255).mean() > 0.4


def test_the_smallest_number_is_white_where_the_file_says_so():
    reading = Reading({"uint16": (0.0, 65535.0)})
    assert (
        largest_difference(grey(READABLE["grey16_white_is_zero.tif"], reading=reading), 255 - ramp(0, 255, np.float32))
        <= 1
    )


def test_without_a_range_each_picture_is_read_by_the_rule_of_before():
    assert grey(READABLE["grey12_in_16.png"]).max() == grey(READABLE["grey12_in_16.pgm"]).max() == 16
    assert grey(READABLE["signed16.tif"]).max() == 255 and grey(READABLE["signed16.tif"]).min() == 0


@pytest.mark.parametrize(("name", "source"), [
    ("adobe_rgb.png", profile()), ("display_p3.jpg", profile(odd_files.DISPLAY_P3)),
    ("prophoto.tif", profile(odd_files.PROPHOTO, 1.8)),
])  # fmt: skip
def test_colours_of_a_wide_gamut_come_out_as_colour_management_has_them(name, source):
    wanted = ImageCms.profileToProfile(
        Image.open(io.BytesIO(READABLE[name])).convert("RGB"),
        ImageCms.ImageCmsProfile(io.BytesIO(source)), ImageCms.createProfile("sRGB"),
    )  # fmt: skip
    assert largest_difference(pixels(READABLE[name]), np.asarray(wanted, int)) <= 2
    plain = pixels(READABLE[name], reading=Reading(colour_managed=False))
    assert (
        np.median(np.abs(plain - np.asarray(patches(), int))) <= 1
        and largest_difference(plain, pixels(READABLE[name])) > 15
    )


def test_adobe_rgb_red_is_computed_right_from_its_definition():
    # IEC 61966-2-5 to XYZ to IEC 61966-2-1, by hand
    linear = (np.array([200, 40, 40]) / 255) ** 2.19921875
    xyz = np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]) @ linear
    rgb = np.array([[3.24045, -1.53714, -0.49853], [-0.96927, 1.87601, 0.04156], [0.05564, -0.20403, 1.05723]]) @ xyz
    rgb = np.clip(rgb, 0, 1)
    wanted = 255 * np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    assert np.abs(pixels(READABLE["adobe_rgb.png"])[15, 15] - wanted).max() <= 2


def test_grey_with_a_profile_of_grey_is_managed_and_a_profile_that_does_not_fit_is_ignored():
    plain = pixels(encoded(scene().convert("L"), "PNG"))
    linear = pixels(encoded(scene().convert("L"), "PNG", icc_profile=odd_files.grey_profile(1)))
    share = plain / 255
    wanted = 255 * np.where(share <= 0.0031308, 12.92 * share, 1.055 * share ** (1 / 2.4) - 0.055)
    assert largest_difference(linear, wanted) <= 2
    assert largest_difference(pixels(encoded(scene().convert("L"), "PNG", icc_profile=profile())), plain) == 0


@pytest.mark.slow
def test_a_large_photograph_of_a_phone_is_decoded_small(tmp_path):
    path = tmp_path / "108.jpg"
    Image.new("RGB", (12000, 9000), (200, 40, 40)).save(path, quality=60)
    assert picture_header(path).size == (12000, 9000)
    assert read_picture(path, draft_side=256).size == (1500, 1125)


def test_no_jpeg_is_decoded_to_more_than_16_megapixels():
    panorama = encoded(Image.new("RGB", (20000, 1000)), "JPEG")
    width, height = read_picture(io.BytesIO(panorama), draft_side=900).size
    assert width * height <= 2**24 and height >= 500


@pytest.mark.slow
def test_a_large_jpeg_2000_that_can_only_be_decoded_whole_is_too_large():
    with pytest.raises(BadPicture) as caught:
        picture_header(io.BytesIO(encoded(Image.new("L", (5000, 4000)), "JPEG2000", num_resolutions=1)))
    assert caught.value.fault == "too_large"


def test_a_big_endian_signed_tiff_is_read_too():
    data = tiff(ramp(-1000, 3000, np.int16), order=1)
    assert largest_difference(grey(data, reading=Reading({"int32": (-1000, 3000)})), ramp(0, 255, np.float32)) <= 1


@pytest.mark.slow
@few("mode", ["P", "RGBA", "LA", "RGB", "CMYK"], keep=2)
def test_a_picture_above_16_megapixels_is_averaged_down_band_by_band(mode):
    small = scene(520, 330).convert("RGBA" if mode in ("LA", "RGBA") else "RGB")
    if mode in ("LA", "RGBA"):
        small.putalpha(Image.linear_gradient("L").resize(small.size))
    large = (small.quantize(64) if mode == "P" else small.convert(mode)).resize((5200, 3300), Image.Resampling.NEAREST)
    data = encoded(large, "TIFF", compression="tiff_lzw")
    found = read_picture(io.BytesIO(data), draft_side=165)
    assert found.size == (520, 330)
    assert (
        largest_difference(
            np.asarray(found, int), pixels(encoded(large.resize((520, 330), Image.Resampling.NEAREST), "TIFF"))
        )
        <= 2
    )


MEASURE = """
import sys
from pathlib import Path
from resnet_studio.data.pictures import read_picture
def peak(): return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) / 1024
read_picture(Path(sys.argv[1]), draft_side=96)
before = peak()
read_picture(Path(sys.argv[2]), draft_side=96)
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not say how much memory is used")
@few(("name", "mode", "side", "limit"), [
    ("rows.jpg", "RGB", 12000, 32), ("grey.png", "L", 8000, 90), ("palette.png", "P", 8000, 90),
    ("colour.png", "RGB", 8000, 290), ("alpha.png", "RGBA", 8000, 290), ("halved.jp2", "L", 8000, 330),
    ("colour.ppm", "RGB", 8000, 290),
])  # fmt: skip
def test_the_largest_pictures_take_no_more_memory_than_is_documented(name, mode, side, limit, tmp_path):
    """In MB. Nearly empty files, such as are made to take memory."""
    (tmp_path / "small.png").write_bytes(encoded(scene(), "PNG"))
    Image.new(mode, (side, side)).save(tmp_path / name, **({"quality": 30} if name.endswith("jpg") else {}))
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "small.png"), str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < limit
