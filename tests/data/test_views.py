"""What a network sees of a picture: the same in training, validation, prediction and the preview."""

from __future__ import annotations

import io
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from made import encoded, prepared, write
from PIL import Image, ImageDraw
from sweeps import few

from resnet_studio.config import TrainConfig
from resnet_studio.data import augment, views
from resnet_studio.data.checkup import inspect
from resnet_studio.data.dataset import Sample
from resnet_studio.data.drawings import are_drawings
from resnet_studio.data.opening import open_data
from resnet_studio.data.pictures import read_picture
from resnet_studio.data.views import Framed, Squeezed
from resnet_studio.model.preprocess import Preprocessing, preprocess
from resnet_studio.text import say
from resnet_studio.training import plan
from resnet_studio.training.cautions import picture_cautions

QUICK = TrainConfig(weights="scratch", epochs=1, batch_size=8, device="cpu", precision="fp32")
ODD_SIZES = [(400, 100), (100, 400), (64, 64), (1, 1), (3, 50), (2000, 30), (30, 2000), (1500, 1100)]


def spotted(size, at, grey=128):
    """A grey picture with a red disc whose middle lies ``at`` these shares of its width and height."""
    picture = Image.new("RGB", size, (grey, grey, grey))
    radius = min(size) * 0.3
    x, y = at[0] * size[0], at[1] * size[1]
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=(220, 30, 30))
    return picture


def redness(picture):
    values = np.asarray(picture, np.float32)
    return values[..., 0] - values[..., 1]


@pytest.fixture
def small_wide(tmp_path, workspace):
    """Pictures of 48 x 24 px whose class is where a line crosses them, as a data set."""
    files = {}
    for label, name in enumerate(("left", "up")):
        for number in range(10):
            picture = Image.new("RGB", (48, 24), (10 * number, 128, 200 - 50 * label))
            ImageDraw.Draw(picture).ellipse((12, 0, 35, 23), fill=(250, 250, 250))
            files[f"{name}/{number}.png"] = encoded(picture)
    return open_data(write(tmp_path / "wide", files), workspace)


@pytest.mark.slow
@pytest.mark.parametrize("fit", views.FITS)
@few("augmentation", ["none", "light", "standard"])
def test_small_pictures_have_the_same_proportions_in_training_as_in_validation(
    small_wide, workspace, fit, augmentation
):
    run = plan.new_run(small_wide, QUICK.replace(fit=fit, augmentation=augmentation), workspace)
    session, _ = prepared(run)
    m = session.materials
    assert m.config.picture_size == 24
    end = Framed.of(m.card.preprocessing)
    for part in (m.batches.training, m.batches.validation):
        for pixels, aspect, sample in zip(part.pixels.numpy(), part.aspect, part.samples, strict=True):
            assert np.array_equal(pixels, end.pixels(read_picture(m.split.path(sample)))) and float(aspect) == 1
    disc = m.batches.training.pixels.numpy().min(-1)[0] > 225
    wide, high = disc.any(0).sum(), disc.any(1).sum()
    assert wide == pytest.approx({"crop": high, "pad": high, "squeeze": high / 2}[fit], abs=2)


def test_the_preview_of_small_pictures_shows_what_training_sees(small_wide):
    config, parts = plan.resolve_for(small_wide, QUICK.replace(augmentation="none"))
    shown = augment.preview(parts, config, count=4)
    seen = [views.final_view(config, parts).picture(read_picture(parts.path(s))) for s in parts.train[::4][:4]]
    assert {picture.size for picture in shown} == {(24, 24)}
    assert all(np.array_equal(one, other) for one, other in zip(shown[:1], seen[:1], strict=True))
    assert (np.asarray(shown[0]).min(-1) > 225).any(0).sum() == pytest.approx(24, abs=1)  # a disc, not an ellipse


@pytest.mark.parametrize("augmentation", ["none", "light", "standard", "strong"])
def test_padded_pictures_have_bars_in_the_preview(tmp_path, workspace, augmentation):
    files = {
        f"{name}/{n}.png": encoded(spotted((320, 80), (0.1, 0.5), 100 + 10 * n + label))
        for label, name in enumerate("ab")
        for n in range(6)
    }
    dataset = open_data(write(tmp_path / "wide", files), workspace)
    config, parts = plan.resolve_for(dataset, TrainConfig(fit="auto", augmentation=augmentation, device="cpu"))
    assert config.fit == "pad"
    (plain, *_) = augment.preview(parts, config.replace(augmentation="none"), count=1)
    bars = np.abs(np.asarray(plain, np.int64) - views.PADDING).max(-1) == 0
    assert bars.mean() == pytest.approx(0.75, abs=0.02) and redness(plain).max() > 100
    assert len(augment.preview(parts, config, count=3)) == 3


@pytest.mark.parametrize("at", [0.08, 0.92])
def test_only_a_crop_loses_what_lies_at_the_end_of_a_wide_picture(at):
    wide, tall = spotted((400, 100), (at, 0.5)), spotted((100, 400), (0.5, at))
    for picture in (wide, tall):
        seen = {fit: redness(Framed(64, 64, fit).picture(picture)).max() for fit in views.FITS}
        assert seen["crop"] < 10 and seen["pad"] > 100 and seen["squeeze"] > 100


@pytest.mark.parametrize("size", ODD_SIZES)
@pytest.mark.parametrize("fit", views.FITS)
def test_every_size_becomes_a_square_of_the_right_side(size, fit):
    picture = spotted(size, (0.5, 0.5))
    how = Preprocessing(resize=36 if fit == "crop" else 32, crop=32, fit=fit)
    assert Framed.of(how).pixels(picture).shape == (32, 32, 3)
    assert preprocess(picture, how).shape == (3, 32, 32)
    assert Squeezed(40, fit).pixels(picture).shape == (40, 40, 3)


def test_padding_keeps_proportions_centres_and_is_zero_once_normalised():
    picture = Image.new("RGB", (300, 100), "white")
    square = np.asarray(Framed(96, 96, "pad").picture(picture))
    rows = (square == 255).all((1, 2))
    assert rows.sum() == 32 and rows[32:64].all()
    values = preprocess(picture, Preprocessing(resize=96, crop=96, fit="pad"))
    assert values[:, :30].abs().max() < 0.02


@pytest.mark.parametrize(("fit", "proportions"), [("crop", 4.0), ("pad", 1.0), ("squeeze", 1.0)])
def test_random_crops_undo_a_squeeze_only_where_the_end_is_a_crop(fit, proportions):
    assert Squeezed(32, fit).aspect(Image.new("RGB", (80, 20))) == proportions


def test_what_a_crop_shows_of_a_picture_is_its_share_of_the_area():
    assert Framed(64, 64).share(4) == 0.25
    assert Framed(256, 224).share(1) == pytest.approx(0.766, abs=0.001)
    assert Framed(64, 64, "pad").share(4) == Framed(64, 64, "squeeze").share(4) == 1


def test_the_median_aspect_counts_tall_as_wide_and_leaves_out_what_is_not_known():
    sizes = [(10, 20), (20, 10), (30, 10), (0, 0)]
    samples = [Sample(f"{n}.png", f"{n}.png", 0, width=w, height=h) for n, (w, h) in enumerate(sizes)]
    assert views.median_aspect(samples) == 2 and views.median_aspect(samples[3:]) == views.median_aspect([]) == 1


def test_settings_of_a_run_from_before_mean_a_crop():
    old = {key: value for key, value in TrainConfig().to_json().items() if key != "fit"}
    assert TrainConfig.from_json(old).fit == "crop"
    assert Preprocessing(resize=40, crop=32).fit == "crop"


@pytest.mark.parametrize("fit", views.FITS)
def test_a_jpeg_read_at_reduced_size_looks_the_same(fit):
    large = spotted((1600, 1200), (0.5, 0.5))
    data = encoded(large, "JPEG", quality=95)
    view = Framed(64, 64, fit)
    reduced = view.pixels(read_picture(io.BytesIO(data), draft_side=view.draft_side)).astype(int)
    whole = view.pixels(read_picture(io.BytesIO(data))).astype(int)
    assert np.abs(reduced - whole).mean() < 1.5


def test_the_plain_view_of_stored_pictures_is_close_to_what_validation_shows(tmp_path):
    picture = spotted((300, 150), (0.4, 0.6))
    for fit in views.FITS:
        end = Framed(73 if fit == "crop" else 64, 64, fit)
        stored = views.training_view(end, augment.LEVELS["standard"])
        pixels = torch.from_numpy(stored.pixels(picture).copy()).permute(2, 0, 1)[None]
        aspect = torch.tensor([stored.aspect(picture)])
        plain = augment.centre(pixels, aspect, 64, end.side / end.resize)[0].permute(1, 2, 0).numpy() * 255
        assert np.abs(plain - end.pixels(picture)).mean() < 4


@pytest.fixture
def wide_set(tmp_path, workspace):
    """Pictures of 4:1 with what tells their classes apart at an end."""
    files = {
        f"{name}/{n}.png": encoded(spotted((320, 80), (0.1, 0.5), 60 + 20 * n + label))
        for label, name in enumerate(("red", "green"))
        for n in range(6)
    }
    return open_data(write(tmp_path / "wide", files), workspace)


def test_long_pictures_are_a_finding_that_says_what_share_a_crop_shows(wide_set):
    (finding,) = [found for found in inspect(wide_set) if found.kind == "wide"]
    assert finding.severity == "warning" and len(finding.files) == 12
    assert "12 pictures are more than 1.6 times as long as wide" in finding.sentence("en")
    assert "25%" in finding.sentence("en") and "25%" in finding.sentence("zh")


def test_a_few_long_pictures_among_many_are_no_finding_and_a_tenth_of_them_is(class_folders, workspace):
    folder = class_folders({"cat": 19, "dog": 19}, side=40)
    for n in range(2):
        Image.new("RGB", (120, 40), (n, 0, 0)).save(folder / "cat" / f"wide{n}.png")
    assert not [found for found in inspect(open_data(folder, workspace)) if found.kind == "wide"]
    for n in range(2, 5):
        Image.new("RGB", (120, 40), (n, 0, 0)).save(folder / "dog" / f"wide{n}.png")
    (finding,) = [found for found in inspect(open_data(folder, workspace)) if found.kind == "wide"]
    assert finding.severity == "info" and finding.values["count"] == 5


def test_a_crop_of_long_pictures_is_said_before_training_and_padding_ends_that(wide_set):
    def caution_keys(**changes):
        requested = TrainConfig(device="cpu", **changes)
        resolved, parts = plan.resolve_for(wide_set, requested)
        whole = list(picture_cautions(resolved, requested, wide_set))
        assert whole == list(picture_cautions(resolved, requested, parts))
        return whole

    (note,) = caution_keys(picture_size=64)
    assert note.key == "note.plan.wide" and note.values["share"] == pytest.approx(0.25 * 0.766, abs=0.01)
    assert "19%" in say(note.key, "en", **note.values) and "19%" in say(note.key, "zh", **note.values)
    assert caution_keys(fit="auto") == caution_keys(fit="pad") == caution_keys(fit="squeeze") == []


def test_a_smaller_size_at_the_start_that_cannot_be_is_said(wide_set):
    requested = TrainConfig(fit="pad", freeze="layer2", picture_size=96, early_picture_size=64, epochs=20, device="cpu")
    resolved, parts = plan.resolve_for(wide_set, requested)
    assert resolved.early_picture_size == 96
    (note,) = picture_cautions(resolved, requested, parts)
    assert note.key == "note.plan.full_views" and note.values == {"asked": 64, "size": 96}
    for changes in ({"freeze": "none"}, {"freeze": "layer4"}, {"early_picture_size": None}, {"early_picture_size": 96}):
        other = requested.replace(**changes)
        assert not list(picture_cautions(plan.resolve_for(wide_set, other)[0], other, parts))


@pytest.mark.parametrize(
    ("size", "native", "expected"),
    [
        ((400, 400), 16, (16, 16)), ((400, 200), 16, (32, 16)), ((200, 400), 16, (16, 32)), ((20, 20), 16, (20, 20)),
        ((21, 21), 16, (16, 16)), ((10, 10), 16, (10, 10)), ((400, 400), 0, (400, 400)), ((500, 1), 16, (500, 1)),
    ],
)  # fmt: skip
def test_what_is_much_sharper_than_the_training_pictures_is_brought_to_their_side(size, native, expected):
    assert views.reduced(Image.new("RGB", size), native).size == expected


def test_the_native_side_is_that_of_nine_tenths_of_the_pictures_and_counts_where_they_are_enlarged():
    samples = [Sample(f"{n}", f"{n}", 0, width=16 if n < 9 else 300, height=20 if n < 9 else 400) for n in range(10)]
    assert views.native_side(samples, 96) == 16
    assert views.native_side(samples, 16) == views.native_side(samples[9:], 96) == views.native_side([], 96) == 0


def test_a_drawing_is_reduced_first_and_a_picture_file_only_where_the_model_learned_drawings():
    sharp = spotted((300, 300), (0.3, 0.6))
    how = Preprocessing(resize=64, crop=64, native_side=16)
    by_hand = preprocess(sharp.resize((16, 16), Image.Resampling.BILINEAR), replace(how, native_side=0))
    as_it_is = preprocess(sharp, replace(how, native_side=0))
    assert not torch.allclose(by_hand, as_it_is, atol=0.1)
    assert torch.equal(preprocess(sharp, how), as_it_is)
    assert torch.equal(preprocess(sharp, how, drawing=True), by_hand)
    assert torch.equal(preprocess(sharp, replace(how, reduces="all")), by_hand)


@pytest.mark.parametrize(
    "wrong", [{"native_side": -1}, {"native_side": 5000}, {"native_side": True}, {"reduces": "none"}]
)
def test_a_card_that_no_training_can_have_written_is_refused(wrong):
    with pytest.raises(ValueError, match=r"native_side|reduce"):
        Preprocessing(resize=64, crop=64, **wrong)


def strokes(rng, side, *, dark):
    """A drawing: some lines of ink on plain paper."""
    ink, paper = (255, 0) if dark else (0, 255)
    picture = Image.new("L", (side, side), paper)
    points = [(rng.randrange(side // 4, 3 * side // 4), rng.randrange(side // 4, 3 * side // 4)) for _ in range(3)]
    ImageDraw.Draw(picture).line(points, fill=ink, width=max(1, side // 10))
    return picture.convert("RGB")


@pytest.mark.slow
@pytest.mark.parametrize(("drawn", "reduces"), [(True, "all"), (False, "drawings")])
def test_training_writes_into_the_card_how_large_its_pictures_were_and_whether_they_are_drawings(
    tmp_path, workspace, drawn, reduces
):
    rng, chance = random.Random(0), np.random.default_rng(0)
    files = {
        f"{name}/{n}.png": encoded(
            strokes(rng, 16, dark=True) if drawn else Image.fromarray(chance.integers(0, 256, (16, 16, 3), np.uint8))
        )
        for name in "ab"
        for n in range(8)
    }
    dataset = open_data(write(tmp_path / "small", files), workspace)
    config = QUICK.replace(picture_size=32, horizontal_flip=False)
    session, _ = prepared(plan.new_run(dataset, config, workspace))
    how = session.materials.card.preprocessing
    assert (how.native_side, how.reduces) == (16, reduces)
    own_size, _ = prepared(plan.new_run(dataset, config.replace(picture_size=16), workspace))
    assert own_size.materials.card.preprocessing.native_side == 0


@pytest.mark.parametrize("dark", [True, False])
def test_drawings_are_told_from_photographs(dark):
    rng, chance = random.Random(0), np.random.default_rng(0)
    drawings = np.stack([np.asarray(strokes(rng, 32, dark=dark)) for _ in range(10)])
    photographs = chance.integers(0, 256, (10, 4, 4, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    grey = photographs.mean(-1, keepdims=True).repeat(3, -1).astype(np.uint8)
    blank = np.full((10, 32, 32, 3), 255, np.uint8)
    assert are_drawings(drawings)
    assert not any(map(are_drawings, (photographs, grey, blank, drawings[:0])))
