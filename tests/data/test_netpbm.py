"""Netpbm pictures: the forms that there are, and what only looks like one."""

import io

import made
import numpy as np
import pytest
from odd_files import encoded, netpbm, ramp, scene
from PIL import Image, ImageFile

from resnet_studio.data import formats
from resnet_studio.data import netpbm as module
from resnet_studio.data.opening import open_data
from resnet_studio.data.pictures import BadPicture, picture_header, read_picture


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(read_picture(io.BytesIO(data)), int)


def fault(data: bytes) -> str:
    with pytest.raises(BadPicture) as caught:
        picture_header(io.BytesIO(data), decode_below=10**6)
    return caught.value.fault


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"P1 3 2 101\n010", [[0, 255, 0], [255, 0, 255]]),
        (b"P1\n3 2\n1 0 1\n# the second row\n0 1 0\n", [[0, 255, 0], [255, 0, 255]]),
        (b"P4\n3 2\n\xa0\x40", [[0, 255, 0], [255, 0, 255]]),
        (b"P2\n# feep\n2 2\n15 # white\n0 15\n5 10\n", [[0, 255], [85, 170]]),
        (b"P2 2 1 65535 0 65535", [[0, 255]]),
        (b"P5\r\n2 2\r\n255\n\x00\x09\x0a\xff", [[0, 9], [10, 255]]),
        (b"P5 #a#b\n# c\r2\t1 3\n\x01\x03", [[85, 255]]),
        (b"P5 2 1 3\n\x01\x09", [[85, 255]]),
        (b"P5 2 1 255 #1", [[35, 49]]),
        (b"P5 2 1 65535 \xff\xff\x80\x80", [[255, 128]]),
        (b"P5 2 1 1023\n\x03\xff\x02\x00", [[255, 128]]),
        (b"P2 2 1 255 0 255 that is all of it", [[0, 255]]),
    ],
)
def test_every_form_is_read_as_it_is_meant(data, wanted):
    found = pixels(data)
    assert found[:, :, 0].tolist() == wanted and (found == found[:, :, :1]).all()


@pytest.mark.parametrize(
    "data",
    [b"P3 2 1 255 1 2 3 4 5 6", b"P3 2 1 255\n1 2 3\n4 5 6\n", b"P6 2 1 255\n\1\2\3\4\5\6",
     b"P6 2 1 65535\n\1\0\2\0\3\0\4\0\5\0\6\0"],
)  # fmt: skip
def test_colours_stand_in_their_order(data):
    assert pixels(data).tolist() == [[[1, 2, 3], [4, 5, 6]]]


@pytest.mark.parametrize("top", [1, 2, 7, 99, 254, 255])
def test_unusual_largest_numbers_come_out_as_pillow_has_them(top):
    numbers = np.random.default_rng(top).integers(0, top + 1, (9, 7, 3)).astype(np.uint8)
    for data in (netpbm(numbers, 255), netpbm(numbers, max(2, top)), netpbm(numbers, max(2, top), text=True)):
        assert (pixels(data) == np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)).all()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"P5 4 4 255\n" + bytes(15), "truncated"),
        (b"P5 4 4 65535\n" + bytes(31), "truncated"),
        (b"P4 9 4\n" + bytes(7), "truncated"),
        (b"P1 4 4 10101", "truncated"),
        (b"P1 2 2 1 0 1  \n # and no more", "truncated"),
        (b"P3 2 1 255 1 2 3 4 5  ", "truncated"),
        (b"P5 12 10 #", "truncated"),
        (b"P5 12 10", "truncated"),
        (b"P2 2 1 255 1 two", "damaged"),
        (b"P2 2 1 255 1 -2", "damaged"),
        (b"P2 2 1 255 1 256", "damaged"),
        (b"P2 2 1 255 1 99999999999999999999999999", "damaged"),
        (b"P1 2 1 1 2", "damaged"),
        (b"P5 0 4 255\n" + bytes(15), "damaged"),
        (b"P5 2 2 0\n" + bytes(15), "damaged"),
        (b"P5 2 2 65536\n" + bytes(15), "damaged"),
        (b"P5 2 2 #" + bytes(2**17), "damaged"),
        (b"P6 16000 4001 255\n" + bytes(15), "too_large"),
        (b"P6 9999999999 9999999999 255\n" + bytes(15), "too_large"),
        (b"P1 8000 8000\n1", "truncated"),
        (b"P3 8000 8000 255\n1", "truncated"),
        (b"P7\nWIDTH 1\nHEIGHT 1\n", "not_a_picture"),
        (b"P5,2,cat\nP6,3,dog\n", "not_a_picture"),
        (b"P1 was read in 2024", "not_a_picture"),
        (b"P512 12 255\n", "not_a_picture"),
    ],
)
def test_what_cannot_be_read_says_why(data, why, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    assert fault(data) == why


def test_pictures_in_text_that_are_too_long_are_not_taken_in(monkeypatch):
    monkeypatch.setattr(module, "TEXT_BYTES", 40)
    assert fault(b"P2 4 4 255\n" + b"  7" * 16) == "too_many_bytes"
    assert pixels(b"P5 7 7 255\n" + bytes(49)).shape == (7, 7, 3)


def test_of_several_pictures_in_one_file_the_first_is_used_and_it_is_said():
    one, other = (encoded(Image.new("RGB", (4, 4), colour), "PPM") for colour in ("red", "lime"))
    assert not picture_header(io.BytesIO(one)).animated
    assert not picture_header(io.BytesIO(one + b"\n")).animated
    assert picture_header(io.BytesIO(one + other)).animated
    assert pixels(one + other)[2, 2].tolist() == [255, 0, 0]


def test_a_long_comment_hides_no_picture():
    data = b"P6\n# " + b"made by a program with much to say " * 40 + b"\n2 1\n255\n\1\2\3\4\5\6"
    assert formats.sniff(data[: formats.SNIFFED_BYTES]) == "PPM"
    assert pixels(data).tolist() == [[[1, 2, 3], [4, 5, 6]]]


def test_a_zip_of_them_is_a_set_whatever_they_are_called(tmp_path):
    files = {}
    for kind in ("cat", "dog"):
        for number, name in enumerate(("1.ppm", "2.PPM", "3.pnm", "4", "5.jpg")):
            files[f"{kind}/{name}"] = encoded(scene(40 + number, 30 + len(files)), "PPM")
        files[f"{kind}/6.pgm"] = netpbm(ramp(0, 200, np.uint8, 20 + len(files)), 255)
        files[f"{kind}/7.PBM"] = netpbm(ramp(0, 1, np.uint8, 20 + len(files)), 1, text=True)
        files[f"{kind}/half.ppm"] = encoded(scene(), "PPM")[:999]
    for where in (made.write(tmp_path / "a", files), made.zipped(tmp_path / "a.zip", files)):
        found = open_data(where)
        assert found.counts == {"cat": 7, "dog": 7}
        assert {each.kind: each.files for each in found.problems}["truncated"] == ("cat/half.ppm", "dog/half.ppm")
