"""Which numbers deep pictures use."""

import numpy as np
import odd_files
import pytest
from made import ended, prepared
from odd_files import encoded, ramp, tiff
from PIL import Image

from resnet_studio.config import TrainConfig
from resnet_studio.data import measured
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.opening import open_data
from resnet_studio.data.reading import Reading
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.training import plan


def range_of(folder, *contents: bytes, cache=None):
    files = []
    for number, data in enumerate(contents):
        files.append(folder / f"{number}.png")
        files[-1].write_bytes(data)
    return ended(measured.measure(files, [str(number) for number in range(len(files))], cache))[0]


def grey16(low: int, high: int) -> bytes:
    return encoded(Image.fromarray(ramp(low, high, np.uint16)), "PNG")


def test_the_range_is_that_of_all_pictures_together(tmp_path):
    assert range_of(tmp_path, grey16(700, 900), grey16(300, 1200)) == {"uint16": (300, 1200)}


def test_every_kind_of_numbers_has_its_own_range(tmp_path):
    given = [
        tiff(ramp(-1000, 3000, np.int16)),
        tiff(ramp(0.2, 0.7, np.float32)),
        odd_files.readable()["rgb12_in_16.png"],
    ]
    found = range_of(tmp_path, *given, grey16(1, 4095))
    assert found["int32"] == (-1000, 3000) and found["uint16"] == (1, 4095)
    assert found["float32"] == pytest.approx((0.2, 0.7)) and found["rgb16"] == pytest.approx((0, 4095), abs=6)


@pytest.mark.slow
def test_pictures_of_8_bits_and_files_that_are_none_have_no_range(tmp_path):
    names = ("no_ending", "alpha.png", "lab.tif", "picture.avif", "cmyk.jpg")
    assert range_of(tmp_path, *(odd_files.readable()[name] for name in names), b"nothing", b"") == {}


def test_colour_of_full_depth_is_left_to_its_high_bytes(tmp_path):
    assert range_of(tmp_path, odd_files.readable()["rgb16.png"]) == {}


def test_hot_pixels_and_single_pictures_far_from_all_others_do_not_count(tmp_path):
    hot = ramp(300, 1200, np.uint16)
    hot[5, 5] = 65535
    assert range_of(tmp_path, encoded(Image.fromarray(hot), "PNG"))["uint16"][1] <= 1200
    assert range_of(tmp_path, *[grey16(300, 1200)] * 120, grey16(0, 65535)) == {"uint16": (300, 1200)}


def test_what_is_no_number_does_not_count_and_one_number_is_a_range_too(tmp_path):
    gaps = ramp(0, 1, np.float32)
    gaps[:8] = np.nan
    assert range_of(tmp_path, tiff(gaps))["float32"] == pytest.approx((0, 1))
    assert range_of(tmp_path, tiff(np.full((8, 8), np.nan, np.float32))) == {"float32": (0, 1)}
    assert range_of(tmp_path, grey16(7, 7)) == {"uint16": (7, 8)}


def test_files_measured_before_are_not_opened_again(tmp_path, monkeypatch):
    cache = ArrayCache(tmp_path / "cache")
    first = range_of(tmp_path, grey16(300, 1200), cache=cache)
    monkeypatch.setattr(measured, "ranges_in", lambda _: pytest.fail("measured again"))
    assert range_of(tmp_path, grey16(300, 1200), cache=cache) == first == {"uint16": (300, 1200)}


def test_of_very_many_pictures_some_of_every_class_are_range_of(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "MOST_MEASURED", 10)
    looked = []
    monkeypatch.setattr(measured, "ranges_in", lambda file: looked.append(file) or {})
    range_of(tmp_path, *[grey16(0, 9)] * 57)
    assert len(looked) == 10


def twelve_bits(folder, gain: int):
    """Faint stripes in 12 bits, times ``gain``, in two classes; the same pictures for every gain."""
    for label, period in (("fine", 3), ("coarse", 9)):
        (folder / label).mkdir(parents=True)
        for number in range(8):
            draw = np.random.default_rng([number, period])
            wave = np.sin(2 * np.pi * (np.arange(32) + draw.uniform(0, period)) / period)
            numbers = (900 + 90 * wave + draw.normal(0, 20, (32, 32))).clip(0, 4095).astype(np.uint16)
            Image.fromarray(numbers * np.uint16(gain)).save(folder / label / f"{number}.png")
    return folder


def new_run(folder, workspace):
    dataset = open_data(folder, workspace)
    config = TrainConfig(weights="scratch", epochs=1, picture_size=32, augmentation="none", device="cpu")
    return plan.new_run(dataset, config, workspace)


@pytest.mark.slow
def test_a_training_reads_12_bits_in_16_as_well_as_the_same_stretched_to_16(tmp_path, workspace):
    found = {}
    for gain in (1, 16):
        materials = prepared(new_run(twelve_bits(tmp_path / str(gain), gain), workspace))[0].materials
        low, high = materials.card.preprocessing.ranges["uint16"]
        assert 600 < low / gain < 850 and 950 < high / gain < 1200 and materials.card.preprocessing.colour_managed
        shades = materials.batches.training.pixels
        assert len(shades.unique()) > 200
        found[gain] = sorted(picture.float().mean().item() for picture in materials.batches.validation.pixels)
    assert abs(found[1][0] - found[16][0]) < 30  # other pictures validate, as other contents are drawn


@pytest.mark.slow
def test_a_run_of_before_goes_on_reading_as_it_began(tmp_path, workspace):
    run = new_run(twelve_bits(tmp_path / "data", 1), workspace)
    prepared(run)
    card = run.read_json("card.json")
    assert card["preprocessing"].pop("ranges") and card["preprocessing"].pop("colour_managed")
    run.write_json("card.json", card)
    materials = prepared(run)[0].materials
    assert materials.card.preprocessing.reading == Reading({}, colour_managed=False)
    assert len(materials.batches.training.pixels.unique()) < 9


def test_no_checkpoint_can_have_a_range_that_none_was_measured_as():
    how = Preprocessing(resize=9, crop=8, ranges={"uint16": [0, 4095]})
    assert how.reading.ranges == {"uint16": (0.0, 4095.0)}
    for ranges in ({"uint16": (5, 5)}, {"int64": (0, 1)}, {"uint16": (0, float("nan"))}, {"uint16": (0,)}):
        with pytest.raises(ValueError):
            Preprocessing(resize=9, crop=8, ranges=ranges)
