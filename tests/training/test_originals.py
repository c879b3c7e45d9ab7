"""A training that goes on keeps to the pictures that it began with: changed ones are never mixed in."""

import hashlib
import os
import shutil

import pytest
import torch
from made import picture, prepared
from sweeps import few

from resnet_studio.config import TrainConfig
from resnet_studio.data.dataset import Split
from resnet_studio.data.opening import open_data
from resnet_studio.events import Failed, Finished, Interrupted, Noted, Started
from resnet_studio.model import checkpoint
from resnet_studio.text import say
from resnet_studio.training import originals, plan, session
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import check_resumable, drive

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    weights="scratch", epochs=2, batch_size=8, picture_size=16, precision="fp32", device="cpu", freeze="layer3"
)


@pytest.fixture
def dataset(class_folders, workspace):
    return open_data(class_folders({"crimson": 20, "seagreen": 20}), workspace)


@pytest.fixture
def new_run(dataset, workspace):
    return lambda **changes: plan.new_run(dataset, QUICK.replace(**changes), workspace)


@pytest.fixture
def uninterrupted(new_run):
    """The weights of a training that was never paused."""
    run = new_run()
    drive(run, Control())
    return weights_of(run)


def weights_of(run):
    return checkpoint.load(run.best).model.state_dict()


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def paused(run, monkeypatch, after=2):
    """``run``, paused within its first epoch."""
    control, step, done = Control(), session.Session.step, []

    def stepping(self, indices):
        step(self, indices)
        done.append(len(indices))
        if len(done) == after:
            control.pause()

    with monkeypatch.context() as patched:
        patched.setattr(session.Session, "step", stepping)
        assert isinstance(drive(run, control), Interrupted)
    return run


def files(run, dataset, part, count, label=None):
    columns = run.split[part]
    chosen = [
        file for file, own in zip(columns["file"], columns["label"], strict=True) if label is None or own == label
    ]
    return [dataset.root / file for file in chosen[:count]]


def replaced(paths, first=900):
    """Other sound pictures in the places of ``paths``."""
    for number, path in enumerate(paths):
        path.write_bytes(picture(first + number, label=5))


def clear_cache(workspace):
    shutil.rmtree(workspace.cache)
    workspace.cache.mkdir()


def notes(run):
    return [event for event in run.events() if isinstance(event, Noted) and event.key.startswith("note.pictures")]


def test_pictures_that_changed_or_went_are_taken_as_they_were(new_run, dataset, uninterrupted, monkeypatch):
    run = paused(new_run(), monkeypatch)
    replaced(files(run, dataset, "train", 2))
    files(run, dataset, "train", 3)[2].unlink()
    files(run, dataset, "validation", 1)[0].unlink()
    assert isinstance(drive(run, Control()), Finished)
    assert same(uninterrupted, weights_of(run))
    (note,) = notes(run)
    assert note.key == "note.pictures.as_they_were" and note.values["count"] == 4
    assert run.split["train"]["name"][0] in note.values["names"]
    assert "4 pictures have changed or gone" in say(note.key, "en", **note.values)
    assert "有 4 张图片被更改或已不存在" in say(note.key, "zh", **note.values)


def test_where_their_pixels_are_gone_too_they_are_left_out_and_all_others_keep_their_turn(
    new_run, dataset, workspace, monkeypatch
):
    run = paused(new_run(), monkeypatch)
    before, _ = prepared(run)
    order = [[before.materials.batches.training.samples[row].name for row in batch] for batch in before.batches_left()]
    changed = files(run, dataset, "train", 2)
    names = {run.split["train"]["name"][place] for place in range(2)}
    replaced(changed[:1])
    changed[1].unlink()
    clear_cache(workspace)
    after, _ = prepared(run)
    m = after.materials
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in changed if path.exists()}
    assert hashes and not hashes & set(m.batches.training.contents)
    left = [[m.batches.training.samples[row].name for row in batch] for batch in after.batches_left()]
    assert left == [[name for name in batch if name not in names] for batch in order]
    clear_cache(workspace)
    assert isinstance(drive(run, Control()), Finished)
    (note,) = notes(run)
    assert note.key == "note.pictures.left_out" and note.values["count"] == 2 and set(note.values["names"]) == names
    started = [event.train_pictures for event in run.events() if isinstance(event, Started)]
    assert started[1] == started[0] - 2


def test_batches_of_which_nothing_is_left_are_passed_over(new_run, dataset, workspace, monkeypatch):
    run = paused(new_run(batch_size=2, stem="standard", accumulate_steps=2), monkeypatch)
    replaced(files(run, dataset, "train", 12, label=0))
    clear_cache(workspace)
    assert isinstance(drive(run, Control()), Finished)
    assert notes(run)[0].values["count"] == 12 and notes(run)[0].values["more"] == ", …"


def test_the_kept_network_is_scored_again_where_validation_pictures_are_left_out(
    new_run, dataset, workspace, monkeypatch
):
    run = paused(new_run(), monkeypatch, after=6)
    assert run.state().epochs
    replaced(files(run, dataset, "validation", 3))
    clear_cache(workspace)
    session_, _ = prepared(run)
    m, best = session_.materials, session_.best_network
    assert len(m.batches.validation) == len(run.split["validation"]["name"]) - 3
    now = {name: value.clone() for name, value in m.suffix.state_dict().items()}
    m.suffix.load_state_dict(best.suffix)
    scores = session.validate(m, m.suffix, 4)
    assert best.epoch.validation_loss == pytest.approx(scores.loss, rel=1e-5)
    assert best.epoch.validation_accuracy == pytest.approx(scores.accuracy)
    assert not same(now, best.suffix), "the network that learns is not the kept one"


def test_test_pictures_that_changed_are_not_scored(new_run, dataset, monkeypatch):
    run = paused(new_run(), monkeypatch)
    replaced(files(run, dataset, "test", 2))
    end = drive(run, Control())
    assert isinstance(end, Finished) and end.test_accuracy is not None
    report = run.read_json(run.report_file.name)
    assert report["count"] == len(run.split["test"]["name"]) - 2
    assert [note.key for note in notes(run)] == ["note.pictures.left_out"]


@few(
    ("part", "label", "key"),
    [("train", 0, "error.training.class_changed"), ("validation", None, "error.training.validation_changed")],
)
def test_a_training_that_has_lost_a_class_is_refused_and_goes_on_when_it_is_back(
    new_run, dataset, workspace, uninterrupted, monkeypatch, part, label, key
):
    run = paused(new_run(), monkeypatch)
    paths = files(run, dataset, part, 100, label=label)
    content = [path.read_bytes() for path in paths]
    replaced(paths)
    clear_cache(workspace)
    end = drive(run, Control())
    assert isinstance(end, Failed) and end.key == key and "put the original files back" in say(key, "en", **end.values)
    check_resumable(run)
    for path, data in zip(paths, content, strict=True):
        path.write_bytes(data)
    assert isinstance(drive(run, Control()), Finished)
    assert same(uninterrupted, weights_of(run)) and not notes(run)


def test_a_touched_file_has_not_changed(new_run, dataset, uninterrupted, monkeypatch):
    run = paused(new_run(), monkeypatch)
    for path in files(run, dataset, "train", 3):
        os.utime(path, (1, 1))
    assert isinstance(drive(run, Control()), Finished)
    assert same(uninterrupted, weights_of(run)) and not notes(run)


def test_what_changed_between_looking_and_training_is_what_the_training_began_with(new_run, dataset, monkeypatch):
    whole, run = new_run(), new_run()
    replaced(files(run, dataset, "train", 2))
    *_, damaged, gone = files(run, dataset, "train", 4)
    damaged.write_bytes(b"no picture")
    gone.unlink()
    drive(whole, Control())
    paused(run, monkeypatch)
    for path in (damaged, gone):
        path.write_bytes(picture(77))  # they were of no use then, and are of none now
    assert isinstance(drive(run, Control()), Finished)
    assert same(weights_of(whole), weights_of(run)) and not notes(run)


def test_a_run_of_an_older_version_goes_by_what_the_pictures_were_when_they_came_in(
    new_run, dataset, workspace, uninterrupted, monkeypatch
):
    run = paused(new_run(), monkeypatch)
    (run.folder / "pictures.json").unlink()
    drive(again := paused(new_run(), monkeypatch), Control())
    assert same(uninterrupted, weights_of(again))
    replaced(files(run, dataset, "train", 2))
    clear_cache(workspace)
    assert isinstance(drive(run, Control()), Finished)
    assert [(note.key, note.values["count"]) for note in notes(run)] == [("note.pictures.left_out", 2)]


def test_the_end_that_a_program_did_not_live_to_see_scores_no_changed_test_picture(new_run, dataset, monkeypatch):
    run = paused(new_run(), monkeypatch)
    changed, gone = files(run, dataset, "test", 2)
    replaced([changed])
    gone.unlink()
    split, (note,) = originals.unchanged_test(run, Split.from_json(run.split))
    assert [sample.name for sample in split.test] == run.split["test"]["name"][1:]
    assert note.key == "note.pictures.left_out" and note.values["count"] == 1
