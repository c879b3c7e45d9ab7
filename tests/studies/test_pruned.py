"""A run without a part of its channels: fine-tuned on its own split, resumed, used, and measured beside what it was."""

import json

import made
import pytest
import torch

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.errors import ConfigError
from resnet_studio.events import EpochFinished, Interrupted, Noted
from resnet_studio.model import checkpoint
from resnet_studio.model.card import read_card
from resnet_studio.studies.pruned import new_pruned_run
from resnet_studio.training.control import Control
from resnet_studio.training.driving import drive
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.usefixtures("narrow"), pytest.mark.slow]

SETTINGS = {"weights": "starter", "epochs": 2, "picture_size": 32, "batch_size": 8, "freeze": "layer3", "device": "cpu",
            "precision": "fp32", "test_fraction": 0.25}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pruned")
    workspace = Workspace.open(folder / "workspace")
    data = studio.open_data(made.write(folder / "data", made.class_files({"cat": 16, "dog": 16})), workspace)
    return workspace, data, studio.train(data, workspace=workspace, **SETTINGS)


def test_a_run_is_made_smaller_on_the_command_line(world, capsys):
    workspace, data, run = world
    arguments = ["prune", run.id, "--keep", "0.5", "--by", "l1", "--epochs", "2", "--json", "--workspace"]
    assert cli.main([*arguments, str(workspace.root)]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    smaller = workspace.run(found["run"])
    assert smaller.about["parents"] == [run.id] and smaller.split == run.split
    before, after = (checkpoint.load(each.best) for each in (run, smaller))
    assert before.card.widths == () and after.card.widths == (4, 4, 8, 8, 16, 16, 32, 32)
    assert sum(p.numel() for p in after.model.parameters()) < 0.6 * sum(p.numel() for p in before.model.parameters())
    assert found["after"]["megabytes"] < found["before"]["megabytes"]
    assert any(note.key == "note.pruned" for note in smaller.events() if isinstance(note, Noted))
    assert found["after"]["accuracy"] == studio.evaluate(smaller, data, workspace=workspace, only_unseen=True).accuracy
    again = studio.train(data, workspace=workspace, **{**SETTINGS, "weights": f"run:{smaller.id}", "epochs": 1})
    assert read_card(again.best).widths == after.card.widths  # what starts from it has its shape


def test_a_pruned_training_goes_on_to_the_same_numbers(world):
    workspace, _, run = world
    straight, broken = (new_pruned_run(run, 0.6, workspace, epochs=2) for _ in range(2))
    drive(straight, Control())
    control = Control()
    ended = drive(broken, control, lambda event: control.pause() if isinstance(event, EpochFinished) else None)
    assert isinstance(ended, Interrupted)
    drive(broken, Control())
    first, second = (checkpoint.load(each.best).model.state_dict() for each in (straight, broken))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_what_a_run_learned_without_labels_is_not_learned_again(world):
    """That came before its own training; the trained network would learn it anew, and lose what it knows."""
    workspace, data, _ = world
    run = studio.train(data, workspace=workspace, **{**SETTINGS, "epochs": 1, "pretrain_epochs": 1})
    assert new_pruned_run(run, 0.5, workspace).config.pretrain_epochs == 0
    with pytest.raises(ConfigError, match="epochs cannot be 0"):
        new_pruned_run(run, 0.5, workspace, epochs=0)


def test_frozen_stages_keep_all_channels(world):
    workspace, data, run = world
    given = {**SETTINGS, "weights": f"run:{run.id}", "keep_channels": 0.5, "prune_by": "l1", "epochs": 1}
    found = studio.train(data, workspace=workspace, **given)
    assert read_card(found.best).widths == (8, 8, 16, 16, 32, 32, 32, 32)


@pytest.mark.parametrize(("settings", "words"), [({"freeze": "layer4"}, "head alone"), ({"depth": 50, "family":
    "resnext", "weights": "scratch"}, "groups")])  # fmt: skip
def test_what_cannot_be_pruned_is_refused_in_a_sentence(world, settings, words):
    workspace, data, _ = world
    with pytest.raises(studio.StudioError, match=words):
        studio.train(data, TrainConfig(**{**SETTINGS, **settings, "keep_channels": 0.5}), workspace=workspace)
    with pytest.raises(ConfigError, match="below 1"):
        new_pruned_run(world[2], 1.0, workspace)
