"""Starting weights from pictures without labels: what is learnt, and that a training can start from it."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.durable import IN_THE_WAY
from resnet_studio.errors import ConfigError, DataError, RunError, StudioError
from resnet_studio.events import Failed, Finished, Interrupted, Preparing
from resnet_studio.model import checkpoint
from resnet_studio.studies import pretraining
from resnet_studio.training import plan, simsiam
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import drive

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
    simsiam.agreement(predicted, target).backward()
    assert predicted.grad.abs().sum() > 0 and target.grad is None
    assert float(simsiam.agreement(target, target).detach()) == pytest.approx(-1)


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


def test_what_cannot_be_written_is_found_out_before_anything_is_learnt(folder, tmp_path, workspace):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.safetensors").mkdir()
    for into in (tmp_path / "file" / "own.safetensors", tmp_path / "folder.safetensors"):
        with pytest.raises(StudioError) as refused:
            pretraining.pretrain(str(folder), CONFIG, into, workspace, Control(), lambda *_: pytest.fail("learnt"))
        assert refused.value.key in IN_THE_WAY
    with pytest.raises(ConfigError, match="2 or more"):
        pretraining.pretrain(
            str(folder), CONFIG.replace(batch_size=1), tmp_path / "a.safetensors", workspace, Control()
        )


def test_weights_of_before_stay_where_it_is_stopped_before_an_epoch_is_over(folder, tmp_path, workspace):
    """Untrained weights took their place, with the words that the network answered all pictures alike."""
    file, control = tmp_path / "own.safetensors", Control()
    file.write_bytes(b"before")
    control.stop()
    with pytest.raises(RunError, match="first epoch"):
        pretraining.pretrain(str(folder), CONFIG, file, workspace, control)
    assert file.read_bytes() == b"before" and list(tmp_path.glob("*own*")) == [file]


def test_pictures_of_many_bits_are_seen_in_the_range_that_they_use(folder, tmp_path, workspace, monkeypatch):
    """Twelve bits in a file of sixteen were all but black."""
    for number in range(16):
        values = np.random.default_rng(number).integers(0, 4096, (40, 40), dtype=np.uint16)
        Image.fromarray(values).save(tmp_path / f"{number}.png")
    seen = []
    monkeypatch.setattr(simsiam.Lesson, "epochs", lambda lesson, _: iter(seen.append(lesson.pixels) or ()))
    with pytest.raises(RunError):
        pretraining.pretrain(str(tmp_path), CONFIG, tmp_path / "own.safetensors", workspace, Control())
    assert int(seen[0].max()) > 240


LABELLED = TrainConfig(
    weights="scratch", pretrain_epochs=6, epochs=1, batch_size=16, picture_size=32, device="cpu", precision="fp32",
    groups="none",
)  # fmt: skip


@pytest.fixture
def dataset(folder, workspace, tmp_path):
    """The same in two classes, with eight more without a label."""
    whole = shutil.copytree(folder, tmp_path / "set")
    (whole / "unlabelled").mkdir()
    for file in sorted((whole / "a").iterdir())[:8]:
        file.rename(whole / "unlabelled" / file.name)
    return open_data(whole, workspace)


@pytest.mark.slow
def test_a_training_that_learns_without_labels_first_is_paused_and_goes_on_to_the_same_bits(dataset, workspace):
    straight, broken, plain = (plan.new_run(dataset, config, workspace) for config in
                               (LABELLED, LABELLED, LABELLED.replace(pretrain_epochs=0)))  # fmt: skip
    seen, control = [], Control()

    def pause(event):
        if isinstance(event, Preparing) and event.stage == "simsiam":
            seen.append(event.done)
            if event.done == 3:
                control.pause()

    assert isinstance(drive(broken, control, pause), Interrupted) and seen == [0, 1, 2, 3]
    seen.clear()
    ended = [drive(broken, Control(), pause), drive(straight, Control()), drive(plain, Control())]
    assert all(isinstance(end, Finished) for end in ended) and seen == [0, 4, 5, 6]
    weights = [checkpoint.load(run.best).model.conv1.weight for run in (broken, straight, plain)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[1], weights[2])
    (note,) = (note for note in straight.state().notes if note.key.startswith("note.pretrained"))
    held = len(straight.split["validation"]["file"]) + len(straight.split["test"]["file"])
    assert note.values == {"pictures": 32 - held, "unlabelled": 8, "epochs": 6}
    assert not any(note.key.startswith("note.pretrained") for note in plain.state().notes)
    assert not (straight.folder / "simsiam.pt").exists()


def test_too_few_pictures_to_learn_from_without_labels_end_the_run_in_a_sentence(class_folders, workspace):
    run = plan.new_run(open_data(class_folders({"crimson": 6, "seagreen": 6}), workspace), LABELLED, workspace)
    end = drive(run, Control())
    assert isinstance(end, Failed) and end.key == "error.pretrain.few"
