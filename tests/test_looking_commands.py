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
