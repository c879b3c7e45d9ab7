"""Starting weights from pictures without labels: what is learnt, and that a training can start from it."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.errors import ConfigError, DataError
from resnet_studio.studies import pretraining
from resnet_studio.training.control import Control

pytestmark = pytest.mark.usefixtures("narrow")

CONFIG = TrainConfig(weights="scratch", epochs=14, batch_size=16, picture_size=32, device="cpu", learning_rate=1.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Thirty-two pictures of a pattern each, in two folders, whose names mean nothing here."""
    found, draw = tmp_path_factory.mktemp("plain"), np.random.default_rng(0)
    for number in range(32):
        pattern = draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        file = found / ("a" if number % 2 else "b") / f"{number}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(pattern).resize((40, 40), Image.Resampling.BICUBIC).save(file)
    return found


def test_no_gradient_reaches_what_is_predicted():
    predicted, target = (torch.randn(4, 8, requires_grad=True) for _ in range(2))
    pretraining.agreement(predicted, target).backward()
    assert predicted.grad.abs().sum() > 0 and target.grad is None
    assert float(pretraining.agreement(target, target).detach()) == pytest.approx(-1)


@pytest.mark.slow
def test_views_of_a_picture_come_closer_and_the_same_seed_gives_the_same_weights(folder, tmp_path, workspace):
    found = [pretraining.pretrain(str(folder), CONFIG, tmp_path / f"{at}.safetensors", workspace, Control())
             for at in range(2)]  # fmt: skip
    assert found[0].pictures == 32 and len(found[0].losses) == 14 and not found[0].collapsed
    assert np.mean(found[0].losses[-3:]) < np.mean(found[0].losses[:3]) - 0.1
    assert (tmp_path / "0.safetensors").read_bytes() == (tmp_path / "1.safetensors").read_bytes()


@pytest.mark.slow
def test_a_training_starts_from_the_file_that_the_command_writes(folder, tmp_path, workspace, capsys):
    file, place = tmp_path / "own.safetensors", ["--workspace", str(workspace.root), "--json"]
    settings = ["--picture-size", "32", "--device", "cpu", "--epochs", "1"]
    assert cli.main(["pretrain", str(folder), "--out", str(file), "--weights", "scratch", *settings, *place]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["pictures"] == 32
    assert cli.main(["train", str(folder), "--weights", str(file), "--groups", "none", *settings, *place]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["weights"] == str(file)


def test_what_nothing_can_be_learnt_from_is_refused(folder, tmp_path, workspace):
    with pytest.raises(ConfigError):
        pretraining.pretrain(str(folder), CONFIG, tmp_path / "own.bin", workspace, Control())
    Image.new("RGB", (40, 40)).save(tmp_path / "one.png")
    with pytest.raises(DataError):
        pretraining.pretrain(str(tmp_path), CONFIG, tmp_path / "own.safetensors", workspace, Control())
