import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from resnet_studio import durable
from resnet_studio.config import TrainConfig
from resnet_studio.durable import replacing, write_json
from resnet_studio.errors import RunError, StudioError
from resnet_studio.events import Interrupted, Queued, Started
from resnet_studio.folder_names import slug
from resnet_studio.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path / "studio")


@pytest.fixture
def run(workspace):
    return make_run(workspace)


def make_run(workspace, name="cats"):
    config = TrainConfig(epochs=3)
    return workspace.new_run(name, requested=config, resolved=config.replace(epochs=4), about={"a": 1}, split={})


def started():
    return Started(device="CPU", precision="fp32", epochs=3)


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.json"
    write_json(path, {"old": 1})
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError("the power went")
    assert path.read_text().split() == ["{", '"old":', "1", "}"]
    assert [child.name for child in tmp_path.iterdir()] == ["file.json"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_file_and_says_what_to_do(tmp_path, monkeypatch, step):
    path = tmp_path / "file.json"
    write_json(path, {"old": 1})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), full)
    with pytest.raises(StudioError, match="free some space"):
        write_json(path, {"new": 2})
    assert "old" in path.read_text()
    assert [child.name for child in tmp_path.iterdir()] == ["file.json"]


def test_a_run_keeps_what_was_asked_for_and_what_was_settled(run):
    assert run.requested.epochs == 3
    assert run.config.epochs == 4
    assert run.about["name"] == "cats" and run.about["a"] == 1


def test_events_are_numbered_across_writers_and_a_torn_last_line_is_dropped(run):
    run.append(Queued())
    with run.log.path.open("ab") as file:
        file.write(b'{"event": "Started", "devi')
    assert [event.number for event in run.events()] == [1]
    run.append(Interrupted())
    assert [type(event).__name__ for event in run.events()] == ["Queued", "Interrupted"]
    assert [event.number for event in run.events(after=1)] == [2]


def test_the_log_is_read_on_from_where_the_last_reading_ended(run):
    run.append(Queued())
    events, offset = run.log.read()
    assert len(events) == 1 and run.log.read(offset) == ([], offset)
    run.append(Interrupted())
    later, _ = run.log.read(offset)
    assert [type(event).__name__ for event in later] == ["Interrupted"]


def test_a_run_is_running_while_someone_holds_it_and_interrupted_after(run):
    with run.lock():
        run.append(started())
        assert run.held() and run.state().status == "running"
    assert run.state().status == "interrupted"


def test_the_death_of_the_training_process_lets_go_of_the_run(run):
    code = (
        "import sys, os; from pathlib import Path; from resnet_studio.workspace import Run;"
        "r = Run(Path(sys.argv[1])); lock = r.lock(); lock.acquire(); print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(run.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline().strip() == "held"
    assert run.held()
    child.kill()
    child.wait()
    assert not run.held()


def test_runs_are_found_by_name_by_folder_and_as_the_last_one(workspace):
    first, second = make_run(workspace, "one"), make_run(workspace, "two")
    assert {each.id for each in workspace.runs()} == {first.id, second.id}
    assert workspace.find_run(first.id) == workspace.run(first.id) == first
    assert workspace.find_run(str(first.folder)).id == first.id
    assert workspace.find_run("last").id == max(first.id, second.id)


@pytest.mark.parametrize("name", ["nothing", "..", ".", "../..", "a/b", ""])
def test_a_run_that_is_not_there_is_refused_with_a_sentence(workspace, name):
    with pytest.raises(RunError, match="no run"):
        workspace.run(name)


def test_a_run_being_trained_is_not_deleted_and_another_is(workspace, run):
    with run.lock(), pytest.raises(RunError, match="stop it first"):
        workspace.delete_run(run)
    workspace.delete_run(run)
    assert not run.folder.exists() and workspace.runs() == []


def test_two_runs_of_one_name_in_one_second_get_two_folders(workspace):
    assert make_run(workspace).folder != make_run(workspace).folder


@pytest.mark.parametrize(
    ("name", "safe"), [("a b/c", "a-b-c"), ("../..", "unnamed"), ("猫 狗", "猫-狗"), ("x" * 99, "x" * 60)]
)
def test_any_name_becomes_a_folder_name(name, safe):
    assert slug(name) == safe


def test_a_rename_waits_where_windows_lets_others_keep_the_file_open(tmp_path, monkeypatch):
    source, tries, pauses = tmp_path / "new", [], []
    source.write_text("new")
    replace = Path.replace

    def busy_twice(self, target):
        tries.append(target)
        if len(tries) < 3:
            raise PermissionError(13, "in use")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", busy_twice)
    monkeypatch.setattr(durable, "os", SimpleNamespace(name="nt"))
    monkeypatch.setattr(durable.time, "sleep", pauses.append)
    assert durable.renamed(source, tmp_path / "old").read_text() == "new" and len(pauses) == 2
    source.write_text("newer")
    monkeypatch.setattr(durable, "os", SimpleNamespace(name="posix"))
    tries.clear()
    with pytest.raises(PermissionError):
        durable.renamed(source, tmp_path / "old")


def test_a_file_where_a_folder_should_be_is_named_and_the_other_way_round(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "new.json", tmp_path / "file" / "a" / "b.json"):
        with pytest.raises(StudioError, match="is a file, or lies in one") as raised:
            write_json(path, {})
        assert raised.value.values["path"] == str(path.parent)
    with pytest.raises(StudioError, match="is a folder"):
        write_json(tmp_path / "folder", {})
    assert (tmp_path / "file").read_text() == "mine" and not list((tmp_path / "folder").iterdir())
