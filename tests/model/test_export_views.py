"""The exported code shows the network the same part of a picture as the studio does, whatever the picture's shape."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_studio.data.views import FITS
from resnet_studio.model.checkpoint import Card, Preprocessing, load, save
from resnet_studio.model.export import export_code
from resnet_studio.model.resnet import build
from resnet_studio.prediction import Predictor

pytestmark = pytest.mark.slow

SIZES = {
    "wide.jpg": (400, 100), "tall.png": (90, 700), "tiny.png": (1, 1), "thin.png": (3, 50), "long.jpg": (2000, 30),
    "high.png": (31, 2001), "huge.jpg": (3000, 2000), "small.png": (20, 26), "square.png": (64, 64),
    "odd.jpg": (333, 517),
}  # fmt: skip
WAYS = {fit: {"fit": fit} for fit in FITS} | {
    "drawings": {"native_side": 20},
    "padded_drawings": {"native_side": 20, "fit": "pad"},
    "reduced": {"native_side": 20, "reduces": "all"},
    "squeezed_reduced": {"native_side": 33, "reduces": "all", "fit": "squeeze"},
}
CARDS = {
    name: Card(
        classes=("a", "b", "c"),
        depth=18,
        preprocessing=Preprocessing(resize=73 if ways.get("fit", "crop") == "crop" else 64, crop=64, **ways),
    )
    for name, ways in WAYS.items()
}
DRAWN = ("drawings", "padded_drawings")
RUN_ALL = """
import json, runpy
from pathlib import Path
pictures = sorted(path.name for path in Path.cwd().iterdir() if path.suffix in (".jpg", ".png"))
answers = {}
for script in sorted(Path.cwd().glob("*.py")):
    predict = runpy.run_path(str(script))["predict"]
    answers[script.stem] = {name: dict(predict(name)) for name in pictures}
    if "drawings" in script.stem:
        answers[script.stem + " drawn"] = {name: dict(predict(name, drawing=True)) for name in pictures}
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("views")
    chance = np.random.default_rng(0)
    for name, size in SIZES.items():
        patches = chance.integers(0, 256, (min(12, size[1]), min(12, size[0]), 3), dtype=np.uint8)
        Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC).save(folder / name, quality=90)
    torch.manual_seed(0)
    model = build(**next(iter(CARDS.values())).architecture)
    torch.nn.init.normal_(model.fc.weight, std=2)  # far from undecided, so that every pixel counts
    for name, card in CARDS.items():
        save(folder / f"{name}.safetensors", model.state_dict(), card)
        code = export_code(
            load(folder / f"{name}.safetensors").card, kind="safetensors", file_name=f"{name}.safetensors"
        )
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def elsewhere(folder):
    """What the exported code answers in a fresh Python that sees nothing but installed libraries."""
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", RUN_ALL], cwd=folder, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CARDS)
def test_the_code_agrees_with_the_studio_on_pictures_of_every_shape(name, folder, elsewhere):
    files = [folder / file for file in SIZES]
    answers = Predictor(folder / f"{name}.safetensors", device="cpu")(files)
    for file, answer in zip(files, answers, strict=True):
        assert elsewhere[name][file.name] == pytest.approx(dict(answer.scores), abs=1e-4), file.name


@pytest.mark.parametrize("name", DRAWN)
def test_the_code_agrees_on_drawings(name, folder, elsewhere):
    files = [folder / file for file in SIZES]
    answers = Predictor(folder / f"{name}.safetensors", device="cpu")(files, drawings=True)
    for file, answer in zip(files, answers, strict=True):
        assert elsewhere[f"{name} drawn"][file.name] == pytest.approx(dict(answer.scores), abs=1e-4), file.name
    sharp = [file.name for file in files if min(SIZES[file.name]) > 25]
    assert len(sharp) >= 6
    assert all(elsewhere[f"{name} drawn"][file] != elsewhere[name][file] for file in sharp)


def test_the_ways_to_fit_a_picture_into_the_square_are_told_apart(elsewhere):
    for file in ("wide.jpg", "tall.png", "long.jpg"):
        answers = [tuple(sorted(elsewhere[name][file].items())) for name in FITS]
        assert len(set(answers)) == len(FITS)
