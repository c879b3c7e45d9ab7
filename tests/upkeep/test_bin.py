"""What was deleted comes back for 30 days, and then is gone."""

import json
import os
import time
from types import SimpleNamespace

import faults
import hand_made
import made
import pytest

from resnet_studio import cli, run_requests, space
from resnet_studio.cleaning import DAY, leftovers, sweep
from resnet_studio.data import brought, intake, library, opening
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import StudioError
from resnet_studio.events import EpochFinished, Interrupted
from resnet_studio.training import driving
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import Jobs
from resnet_studio.training.plan import new_run
from resnet_studio.upkeep import bin as bins
from resnet_studio.upkeep.bin import Bin
from resnet_studio.workspace import Run


@pytest.fixture
def dataset(workspace, class_zip):
    found = opening.open_data(class_zip({"cat": 4, "dog": 4}), workspace)
    brought.record(workspace, found.id, "browser:anna")
    return found


@pytest.fixture
def run(workspace, dataset):
    """A run of two of the pictures of the data set."""
    made_ = hand_made.new_run(workspace, dataset=dataset.id, count=2)
    split = made_.split
    for part in ("train", "validation", "test"):
        split[part]["file"] = [sample.file for sample in dataset.samples[: len(split[part]["file"])]]
    made_.write_json("split.json", split)
    hand_made.train(made_, epochs=2)
    return made_


def command(workspace, capsys, *arguments):
    status = cli.main([*arguments, "--workspace", str(workspace.root), "--json"])
    return status, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_a_run_comes_back_as_it_was(workspace, run):
    before = made.fingerprint(run.folder)
    put = Bin(workspace).put_run(run, "browser:ben")
    assert workspace.runs() == [] and (put.kind, put.id, put.days_left) == ("run", run.id, 30)
    assert put.concerns("browser:ben") and not put.concerns("browser:eve") and not put.concerns("")
    assert Bin(workspace).take_back(put.entry, "").id == run.id
    assert made.fingerprint(run.folder) == before and Bin(workspace).listed() == []


def test_a_run_in_the_bin_keeps_its_name_and_comes_back_beside_those_that_were_made_since(workspace):
    first = Run(workspace.new_folder("runs", "same"))
    first.best.write_bytes(b"first")
    put = Bin(workspace).put_run(first, "")
    assert workspace.new_folder("runs", "same").name != first.id
    assert Bin(workspace).take_back(put.entry, "").id == first.id and first.best.read_bytes() == b"first"


def test_a_run_at_work_or_in_a_queue_is_not_deleted(workspace, run):
    with run.lock().acquire(), pytest.raises(StudioError):
        Bin(workspace).put_run(run, "")
    run_requests.announce(run.folder, run_requests.new_session())
    with pytest.raises(StudioError):
        Bin(workspace).put_run(run, "")
    assert Bin(workspace).listed() == []


def test_a_data_set_comes_back_with_its_owners_and_meanwhile_runs_keep_their_pictures(workspace, dataset, run):
    folder = workspace.datasets / dataset.id
    before = made.fingerprint(folder)

    put, stay = Bin(workspace).put_dataset(dataset.id, "browser:ben")

    assert library.list_datasets(workspace) == [] and 0 < stay < 8
    assert put.concerns("browser:anna") and put.name == dataset.name
    assert all(split_of(run).path(sample).is_file() for sample in split_of(run).train)
    sweep(workspace)
    assert len(list(folder.rglob("*.png"))) == stay
    Bin(workspace).take_back(put.entry, "")
    assert made.fingerprint(folder) == before
    assert brought.may_change(workspace, dataset.id, "browser:anna")


def test_pictures_stay_for_a_run_that_lies_in_the_bin_itself(workspace, dataset, run):
    gone = Bin(workspace).put_run(run, "")
    put, stay = Bin(workspace).put_dataset(dataset.id, "")
    assert stay > 0
    Bin(workspace).remove(put.entry, "")
    sweep(workspace)
    Bin(workspace).take_back(gone.entry, "")
    assert all(split_of(run).path(sample).is_file() for sample in split_of(run).train)


def test_a_program_that_died_between_the_steps_of_a_deletion_is_helped(workspace, dataset, run, monkeypatch):
    monkeypatch.setattr(bins, "keep_needed", lambda *_: 0)  # it dies here
    Bin(workspace).put_dataset(dataset.id, "")
    monkeypatch.undo()
    sweep(workspace)
    assert all(split_of(run).path(sample).is_file() for sample in split_of(run).train)
    begun = made.write(workspace.root / "bin" / "begun", {"entry.json": b"{}"})  # or before anything was moved
    os.utime(begun, (0, 0))
    os.utime(begun / "entry.json", (0, 0))
    sweep(workspace)
    assert not begun.exists() and len(Bin(workspace).listed()) == 1


def test_the_same_pictures_brought_in_again_are_not_overwritten(workspace, class_zip):
    zipped = class_zip({"cat": 4, "dog": 4})
    dataset = opening.open_data(zipped, workspace)
    put, _ = Bin(workspace).put_dataset(dataset.id, "")
    assert opening.open_data(zipped, workspace).id == dataset.id
    before = made.fingerprint(workspace.root)
    with pytest.raises(StudioError, match="again"):
        Bin(workspace).take_back(put.entry, "")
    assert made.fingerprint(workspace.root) == before


def test_a_folder_of_this_machine_is_never_touched(workspace, class_folders):
    folder = class_folders({"cat": 2, "dog": 2})
    before = made.fingerprint(folder)
    dataset = intake.from_folder(folder, workspace)
    put, _ = Bin(workspace).put_dataset(dataset.id, "")
    Bin(workspace).remove(put.entry, "")
    assert made.fingerprint(folder) == before


@pytest.mark.parametrize("name", ["..", "../runs", "/etc", "", ".", "x", "a\0b"])
def test_nothing_but_a_thing_in_the_bin_is_found_there(workspace, name):
    made.write(workspace.root / "bin" / "x", {"entry.json": b'{"kind": "run"}'})
    for act in (Bin(workspace).find, Bin(workspace).take_back, Bin(workspace).remove):
        with pytest.raises(bins.BinError):
            act(*[name, ""][: 1 if act.__name__ == "find" else 2])


def test_after_30_days_it_is_gone_and_the_preview_says_so_before(workspace, run, capsys, monkeypatch):
    Bin(workspace).put_run(run, "")
    sweep(workspace)
    assert [each.kind for each in leftovers(workspace)] == []
    later = time.time() + 31 * DAY
    monkeypatch.setattr(bins.time, "time", lambda: later)
    before = made.fingerprint(workspace.root)

    status, said = command(workspace, capsys, "clean", "--preview")

    assert status == 0 and said["preview"] is True and said["bytes"] > 0
    assert "bin" in {each["kind"] for each in said["found"]} and made.fingerprint(workspace.root) == before
    assert command(workspace, capsys, "clean")[1]["bytes"] >= said["bytes"]
    assert Bin(workspace).listed() == [] and run.id not in str(list((workspace.root / "bin").iterdir()))


def test_the_command_line_deletes_lists_restores_and_empties(workspace, run, dataset, capsys):
    entry = command(workspace, capsys, "runs", "--delete", run.id)[1]["bin"]
    assert command(workspace, capsys, "runs")[1]["runs"] == []
    _, listed = command(workspace, capsys, "bin", "list")
    assert [(row["entry"], row["kind"], row["id"]) for row in listed["bin"]] == [(entry, "run", run.id)]
    assert command(workspace, capsys, "bin", "restore", entry)[1] == {"restored": run.id, "kind": "run"}
    assert command(workspace, capsys, "bin", "restore", entry)[0] == 2
    deleted = command(workspace, capsys, "dataset", "delete", f"dataset:{dataset.id}")[1]
    assert deleted["deleted"] == dataset.id and deleted["pictures_needed"] > 0
    assert command(workspace, capsys, "bin", "empty")[1]["removed"] == [deleted["bin"]]
    assert command(workspace, capsys, "bin", "list")[1]["bin"] == []


# ---- before the disk is full


def test_nothing_new_is_begun_where_the_disk_is_nearly_full(workspace, run, class_zip, monkeypatch):
    zipped = class_zip({"cat": 3, "dog": 4}, name="more.zip")
    monkeypatch.setattr(space, "free_bytes", lambda _: space.SPARE_BYTES - 1)
    queue = Jobs(workspace)
    for begin in (queue.check_room, lambda: queue.resume(run.id), lambda: opening.open_data(zipped, workspace)):
        with pytest.raises(StudioError) as refusal:
            begin()
        assert refusal.value.key == "error.disk.nearly_full"
    assert "255 MB" in str(refusal.value) and "255 MB" in refusal.value.sentence("zh")


def test_on_a_small_disk_a_fiftieth_is_enough(workspace, monkeypatch):
    usage = SimpleNamespace(free=3 * 2**20, total=100 * 2**20)
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: usage)
    assert space.room(workspace.root) == "ok"
    usage.free = 2**20
    assert space.room(workspace.root) == "full"


@pytest.mark.slow
def test_a_training_is_saved_and_paused_before_the_disk_is_full_and_goes_on_later(tmp_path, workspace, monkeypatch):
    files = made.class_files({"cat": 12, "dog": 12})
    dataset = opening.open_data(made.zipped(tmp_path / "p.zip", files), workspace)
    run = new_run(dataset, faults.CONFIG, workspace)

    def fills(event):
        if isinstance(event, EpochFinished):
            monkeypatch.setattr(space, "free_bytes", lambda _: space.LEAST_BYTES - 1)

    ended = driving.drive(run, Control(), fills)
    assert isinstance(ended, Interrupted) and ended.key == "error.disk.paused"
    assert run.state_file.is_file() and run.state().status == "interrupted" and len(run.state().epochs) < 3
    monkeypatch.undo()
    driving.drive(run, Control())
    assert run.state().status == "finished"
