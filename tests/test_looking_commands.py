"""The commands that show where a network looked."""

from __future__ import annotations

import json

import numpy as np
import pytest
from made import picture
from PIL import Image

import resnet_studio as studio
from resnet_studio.cli import main
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing

pytestmark = pytest.mark.usefixtures("narrow")

CLASSES = ("cup", "笔")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    file = tmp_path_factory.mktemp("model") / "model.safetensors"
    card = Card(classes=CLASSES, depth=18, preprocessing=Preprocessing(resize=36, crop=32))
    checkpoint.save(file, resnet.build(18, 2, seed=0).state_dict(), card)
    return file


@pytest.fixture
def pictures(tmp_path):
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(picture(side=48))
    return [str(tmp_path / "one.png"), str(tmp_path / "two.png")]


def answer(capsys, *arguments):
    status = main([*map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.slow
def test_a_picture_is_explained_in_a_file_beside_its_answer(capsys, tmp_path, model, pictures):
    out = tmp_path / "why.png"
    status, said = answer(capsys, "explain", model, pictures[0], "--out", out, "--workspace", tmp_path / "ws")
    assert status == 0 and said["file"] == str(out)
    assert (said["label"], said["class"], said["method"], said["layer"]) == (
        said["label"],
        said["label"],
        "cam",
        "layer4",
    )
    assert 0 <= said["peak"][0] <= 1 and said["top"][0][0] == said["label"]
    with Image.open(out) as drawn:
        assert drawn.format == "PNG" and drawn.width > 800


@pytest.mark.slow
def test_another_class_and_another_stage_can_be_explained(capsys, tmp_path, model, pictures):
    options = ("--class", "笔", "--layer", "layer3", "--workspace", tmp_path / "ws")
    status, said = answer(capsys, "explain", model, *pictures, *options)
    assert status == 0 and said["file"] is None
    assert [row["class"] for row in said["pictures"]] == ["笔", "笔"]
    assert {row["method"] for row in said["pictures"]} == {"grad-cam"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--class", "spoon"], "no class spoon"), (["--layer", "fc"], "no stage fc"), (["gone.png"], "gone.png"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(capsys, tmp_path, model, pictures, options, sentence):
    status, said = answer(capsys, "explain", model, pictures[0], *options, "--workspace", tmp_path / "ws")
    assert status == 2 and sentence in said["error"]


def test_a_file_that_is_no_picture_does_not_hide_the_others(capsys, tmp_path, model, pictures):
    (tmp_path / "notes.png").write_text("no picture")
    status, said = answer(capsys, "explain", model, pictures[0], tmp_path / "notes.png", "--workspace", tmp_path / "ws")
    assert status == 0 and "error" in said["pictures"][1] and "label" in said["pictures"][0]
    status, said = answer(capsys, "explain", model, tmp_path / "notes.png", "--workspace", tmp_path / "ws")
    assert status == 2 and "notes.png" in said["error"]


def test_from_python_it_is_an_array_and_a_picture(model, pictures):
    found = studio.explain(model, pictures[0], class_name="cup")
    assert found.heat.shape == (48, 48) and found.overlay.size == (48, 48)
    assert np.nanmax(found.heat) <= 1 and found.name == "cup"
    with Image.open(pictures[1]) as opened:
        assert studio.explain(model, opened).label in CLASSES


@pytest.mark.slow
def test_what_is_inside_is_said_and_drawn_stage_by_stage(capsys, tmp_path, model, pictures):
    out, options = tmp_path / "sheets", ("--channels", 3, "--language", "zh", "--workspace", tmp_path / "ws")
    status, said = answer(capsys, "inside", model, pictures[0], "--out", out, *options)
    assert status == 0 and [stage["stage"] for stage in said["stages"]] == [
        "stem", "layer1", "layer2", "layer3", "layer4",
    ]  # fmt: skip
    assert sorted(said["files"]) == sorted(str(file) for file in out.iterdir()) and len(said["files"]) == 6
    for stage in said["stages"]:
        means = [each["mean"] for each in stage["channels"]]
        assert len(means) == 3 and means == sorted(means, reverse=True)
    with Image.open(said["filters"]["file"]) as drawn:
        assert drawn.width > 16 * 7


def test_the_same_from_python(model, pictures, tmp_path):
    found = studio.look_inside(model, pictures[0], channels=2)
    assert found.stages[-1].values.shape[0] == 2 and found.view.shape == (32, 32, 3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(["--channels", "0"], "0 channels"), (["--out", "taken"], "is a file"), ([], "no picture")],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(
    capsys, tmp_path, model, pictures, options, sentence, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    picture = pictures[0] if options else "gone.png"
    status, said = answer(capsys, "inside", model, picture, *options, "--workspace", tmp_path / "ws")
    assert status == 2 and sentence in said["error"]
