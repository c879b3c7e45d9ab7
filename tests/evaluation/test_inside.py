"""Inside a network: the strongest channels of each stage, its first filters, and what excites a channel most."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pytest
import torch
from hand_made import finish, new_run, report_of, train
from PIL import Image
from sweeps import few
from torchvision.models import resnet18

from resnet_studio.errors import CheckpointError
from resnet_studio.evaluation import exciting, inside, inside_sheets, run_report, slow_parts
from resnet_studio.evaluation.exciting import INSIDE
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.prediction import Predictor
from resnet_studio.stepwise import result_of
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.slow

SIDE = 64
HOW = Preprocessing(resize=SIDE, crop=SIDE)
STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = new_run(Workspace.open(tmp_path_factory.mktemp("inside") / "workspace"), count=15)
    train(run, epochs=1)
    finish(run, report_of(run))
    card = Card(classes=("one", "two"), depth=18, preprocessing=HOW)
    checkpoint.save(run.best, resnet.build(18, 2, seed=0).state_dict(), card)
    return run


@pytest.fixture
def report(run):
    for path in run.folder.glob("report-inside*"):
        path.unlink() if path.is_file() else shutil.rmtree(path)
    return RunReport(run)


@pytest.fixture(scope="module")
def found(run):
    return inside.look_inside(Predictor(run.best), RunReport(run).split.path(RunReport(run).split.test[0]))


@pytest.fixture(scope="module")
def plain(run):
    """For each test picture the outputs of all stages, by torchvision alone."""
    network = resnet18(num_classes=2)
    network.load_state_dict(resnet.build(18, 2, seed=0).state_dict())
    network.eval()
    split, mean, std = RunReport(run).split, torch.tensor(HOW.mean), torch.tensor(HOW.std)
    found = []
    for sample in split.test:
        picture = Image.open(split.path(sample)).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        value = ((torch.from_numpy(np.array(picture)) / 255 - mean) / std).permute(2, 0, 1)[None]
        maps = {}
        with torch.inference_mode():
            maps["stem"] = value = network.maxpool(network.relu(network.bn1(network.conv1(value))))
            for name in STAGES[1:]:
                maps[name] = value = getattr(network, name)(value)
        found.append({name: each[0].numpy() for name, each in maps.items()})
    return found


def test_the_maps_are_those_of_the_strongest_channels_by_a_plain_computation(found, plain):
    assert [stage.stage for stage in found.stages] == list(STAGES)
    for stage in found.stages:
        means = plain[0][stage.stage].mean((1, 2))
        assert len(stage.channels) == inside.CHANNELS and stage.total == len(means)
        assert np.allclose(stage.means, np.sort(means)[::-1][: inside.CHANNELS], atol=1e-5)
        assert np.allclose(stage.values, plain[0][stage.stage][list(stage.channels)], atol=1e-4)


def test_filters_are_pictures_of_what_the_first_convolution_weighs(found):
    weights = resnet.build(18, 2, seed=0).conv1.weight.detach().numpy() / np.reshape(HOW.std, (1, 3, 1, 1))
    assert found.filters.shape == (64, 7, 7, 3) and found.filters.dtype == np.uint8
    for number in (0, 63):
        levels = found.filters[number].astype(float).transpose(2, 0, 1) / 127.5 - 1
        assert np.abs(levels - weights[number] / np.abs(weights[number]).max()).max() < 0.01


def test_a_network_without_numbers_is_refused(run):
    predictor = Predictor(run.best)
    torch.nn.init.constant_(predictor.model.fc.weight, float("nan"))
    with pytest.raises(CheckpointError):
        inside.look_inside(predictor, Image.new("RGB", (40, 40)))


def test_a_tile_is_dark_at_zero_and_bright_at_its_maximum():
    values = np.array([[0.0, 1.0], [2.0, 4.0]], np.float32)
    lightness = np.asarray(inside.painted(values).convert("L")).ravel()
    assert list(lightness) == sorted(lightness) and lightness[0] < 40 and lightness[-1] > 190
    assert len(set(np.asarray(inside.painted(np.zeros((3, 3), np.float32))).ravel())) == 1


@few("language", ["en", "zh"])
def test_a_sheet_has_the_picture_and_all_maps(found, language):
    with Image.open(io.BytesIO(inside_sheets.stage_sheet(found, found.stages[-1], language))) as drawn:
        assert drawn.format == "PNG" and drawn.width > 800 and len(drawn.convert("RGB").getcolors(1 << 20)) > 50


def assert_most_exciting(value, plain):
    """Whether ``value`` names the pictures with the highest maxima of ``plain`` maps; equal ones in any order."""
    assert value.count == len(plain)
    for stage in value.stages:
        maps = np.stack([each[stage.stage] for each in plain])
        flat = maps.reshape(*maps.shape[:2], -1)
        assert np.allclose(stage.means, flat.mean((0, 2)), atol=1e-4)
        for channel in (*stage.strongest[:3], len(stage.means) - 1):
            peaks = flat[:, channel].max(1)
            named = [place for place, _ in stage.pictures[channel]]
            assert len(set(named)) == len(named) == min(exciting.PICTURES, (peaks > 0).sum())
            assert np.allclose(peaks[named], np.sort(peaks)[::-1][: len(named)], atol=1e-4)
            for place, cell in stage.pictures[channel]:
                assert flat[place, channel, cell] == pytest.approx(peaks[place], abs=1e-4)


def test_the_most_exciting_pictures_of_a_channel_are_those_with_the_highest_maxima(report, plain):
    assert_most_exciting(INSIDE.compute(report), plain)


def test_it_is_stored_and_goes_on_where_it_was_stopped(report, plain, monkeypatch):
    monkeypatch.setattr(exciting, "CHUNK", 3)
    steps = slow_parts.update(report, INSIDE)
    for _ in range(3):
        next(steps)
    steps.close()
    uprights, asked = exciting.probing.uprights, []
    monkeypatch.setattr(
        exciting.probing, "uprights", lambda given, places: asked.extend(places) or uprights(given, places)
    )
    found = result_of(slow_parts.update(report, INSIDE))
    assert 0 < len(asked) < len(plain)
    assert_most_exciting(found, plain)
    assert INSIDE.load(report) == found
    stored = json.loads(json.dumps(run_report.to_json(report)))["inside"]
    assert stored["count"] == len(plain) and [each["stage"] for each in stored["stages"]] == list(STAGES)


def test_spots_lie_in_the_middle_of_their_cells():
    stage = exciting.StageExcitement("layer4", (2, 4), (1.0,), (((7, 0), (3, 5)),))
    assert stage.spots(0) == [(7, 0.125, 0.25), (3, 0.375, 0.75)]


def test_a_run_without_test_pictures_has_none(report, monkeypatch):
    monkeypatch.setattr(RunReport, "report", None)
    assert INSIDE.compute(report) is None
