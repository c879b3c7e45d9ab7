"""Where a network looked: exact for linear heads, and laid over the right place of the picture."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image
from sweeps import few
from torch import nn

from resnet_studio.data.views import Framed
from resnet_studio.errors import StudioError
from resnet_studio.evaluation import heatmaps, overlay
from resnet_studio.model import resnet
from resnet_studio.model.card import Card
from resnet_studio.model.checkpoint import Checkpoint
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.prediction import Predictor

CLASSES = ("cup", "pen", "key")


@cache
def built(seed, **options):
    network = resnet.build(18, 3, seed=seed, hidden_units=16, **options).eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):  # the branches begin at zero
            nn.init.ones_(layer.weight)
    return network


def predictor(*, seed=0, fit="crop", resize=36, crop=32, stem="small", head="linear", dropout=0.0):
    network = built(seed, stem=stem, head=head, dropout=dropout)
    how = Preprocessing(resize=resize, crop=crop, fit=fit)
    made = {"head": head, "hidden_units": 16} if head == "hidden" else {}
    card = Card(classes=CLASSES, depth=18, preprocessing=how, stem=stem, dropout=dropout, **made)
    return Predictor(Checkpoint(network, card), device="cpu")


def noise(seed, width=40, height=36):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8))


PICTURES = [noise(seed) for seed in range(3)]


@pytest.mark.slow
@few("dropout", [0.0, 0.3])
def test_the_map_of_a_linear_head_splits_its_logit_up_exactly(dropout):
    model = predictor(dropout=dropout)
    logits = model.activations(PICTURES).logits
    bias = heatmaps.linear_head(model.model).bias
    for label in range(3):
        for found, row in zip(heatmaps.heat_maps(model, PICTURES, label), logits, strict=True):
            assert found.method == "cam" and found.label == label
            assert found.values.mean() + bias[label].item() == pytest.approx(row[label].item(), abs=1e-4)


def test_the_map_is_that_of_a_plain_implementation():
    model = predictor()
    (found,) = heatmaps.heat_maps(model, PICTURES[:1], 1)
    network, kept = model.model, []
    hook = network.layer4.register_forward_hook(lambda *all: kept.append(all[2]))
    from resnet_studio.model.checkpoint import preprocess

    with torch.no_grad():
        network(preprocess(PICTURES[0], model.card.preprocessing)[None])
    hook.remove()
    plain = sum(network.fc.weight[1, channel] * kept[0][0, channel] for channel in range(512))
    assert np.abs(found.values - plain.detach().numpy()).max() < 1e-5


def test_without_a_class_the_answer_is_explained_and_it_is_that_of_a_prediction():
    model = predictor()
    for found, said in zip(heatmaps.heat_maps(model, PICTURES), model(PICTURES), strict=True):
        assert CLASSES[found.label] == said.label == found.prediction(CLASSES).label
        assert found.prediction(CLASSES).probability == pytest.approx(said.probability, abs=1e-6)


def test_each_picture_may_have_a_class_of_its_own_and_a_bad_one_has_its_error(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    model = predictor()
    first, bad, last = heatmaps.heat_maps(model, [PICTURES[0], tmp_path / "bad.png", PICTURES[2]], [2, 1, 0])
    assert (first.label, last.label) == (2, 0)
    assert isinstance(bad, StudioError)


def test_grad_cam_of_a_linear_head_is_the_positive_part_of_the_exact_map(monkeypatch):
    model = predictor()
    (exact,) = heatmaps.heat_maps(model, PICTURES[:1], 1)
    monkeypatch.setattr(heatmaps, "linear_head", lambda network: None)
    (gradient,) = heatmaps.heat_maps(model, PICTURES[:1], 1)
    assert (exact.method, gradient.method) == ("cam", "grad-cam")
    cells = exact.values.size
    assert np.abs(gradient.values - np.maximum(exact.values, 0) / cells).max() < 1e-5


@pytest.mark.parametrize("layer", ["stem", "layer1", "layer3", "layer4"])
def test_a_hidden_head_and_every_stage_have_a_map_though_all_is_frozen(layer):
    model = predictor(head="hidden")
    model.model.requires_grad_(False)
    (found,) = heatmaps.heat_maps(model, PICTURES[:1], 0, layer=layer)
    sides = {"stem": 32, "layer1": 32, "layer3": 8, "layer4": 4}
    assert found.method == "grad-cam" and found.values.shape == (sides[layer], sides[layer])
    assert np.isfinite(found.values).all() and found.values.min() >= 0


def lit(model, picture):
    """The map of a network whose last stage lets the brightness of its own cell through, and nothing else."""

    class Brightness(nn.Module):
        def forward(self, x):
            return nn.functional.adaptive_avg_pool2d(x.mean(1, keepdim=True), 8).repeat(1, 512, 1, 1)

    network = model.model
    for stage in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3"):
        setattr(network, stage, nn.Identity())
    network.layer4 = Brightness()
    nn.init.ones_(network.fc.weight)
    (found,) = heatmaps.heat_maps(model, [picture], 0)
    return found


def spot(size, at, radius=10):
    picture = Image.new("RGB", size)
    across, down = at
    picture.paste((255, 255, 255), (across - radius, down - radius, across + radius, down + radius))
    return picture


@pytest.mark.parametrize(
    ("fit", "size", "at"),
    [
        ("crop", (120, 60), (48, 30)), ("crop", (60, 120), (30, 75)), ("crop", (64, 64), (20, 44)),
        ("pad", (120, 60), (18, 20)), ("pad", (60, 120), (40, 100)), ("squeeze", (120, 60), (15, 45)),
        ("squeeze", (50, 100), (40, 12)), ("crop", (4000, 40), (2005, 18)),
    ],
)  # fmt: skip
def test_the_peak_lies_over_a_bright_object_in_the_original_picture(fit, size, at):
    found = lit(predictor(fit=fit, resize=72, crop=64), spot(size, at))
    across, down = found.peak
    assert (across * size[0], down * size[1]) == pytest.approx(at, abs=10)
    left, top, right, bottom = found.box
    assert left * size[0] - 1 <= at[0] <= right * size[0] + 1 and top * size[1] - 1 <= at[1] <= bottom * size[1] + 1


@pytest.mark.parametrize("fit", ["crop", "pad", "squeeze"])
@pytest.mark.parametrize("size", [(150, 90), (90, 151), (77, 77), (3300, 50)])
def test_the_place_of_a_view_is_where_its_pixels_come_from(fit, size):
    across = np.broadcast_to(np.linspace(0, 255, size[0], dtype=np.float32), size[::-1])
    down = np.broadcast_to(np.linspace(0, 255, size[1], dtype=np.float32)[:, None], size[::-1])
    picture = Image.fromarray(np.uint8(np.round(np.stack([across, down, np.full_like(across, 255)], 2))))
    framed = Framed(72, 64, fit)
    seen = framed.pixels(picture).astype(float)
    left, top, right, bottom = framed.place(*size)
    for row, column in ((20, 25), (32, 32), (33, 50)):
        if seen[row, column, 2] != 255:
            continue  # padding
        x, y = left + (right - left) * (column + 0.5) / 64, top + (bottom - top) * (row + 0.5) / 64
        assert seen[row, column, 0] / 255 == pytest.approx(x, abs=0.02)
        assert seen[row, column, 1] / 255 == pytest.approx(y, abs=0.02)


def test_what_the_network_was_not_shown_is_grey_and_what_is_cold_is_clear():
    found = lit(predictor(resize=64, crop=64), spot((120, 60), (48, 30)))
    laid = np.asarray(overlay.painted(found, 120, 60).convert("RGBA"))
    assert tuple(laid[30, 5]) == tuple(laid[30, 115]) == overlay.UNSEEN
    assert laid[5, 75, 3] == 0
    assert laid[30, 48, 3] > 200
    again = np.asarray(Image.open(io.BytesIO(overlay.encoded(overlay.painted(found, 120, 60)))).convert("RGBA"))
    assert (again == laid).all()


def test_a_class_that_nothing_speaks_for_has_an_empty_map():
    model = predictor(seed=1)  # not one that others share
    nn.init.constant_(model.model.fc.weight, -1.0)
    (found,) = heatmaps.heat_maps(model, PICTURES[:1], 0)
    assert found.heat.max() == 0 and found.box is None
    assert np.asarray(overlay.painted(found, 40, 36).convert("RGBA"))[20, 20, 3] == 0
