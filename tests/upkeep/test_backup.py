"""A workspace as one file and back, also while it is used, and whatever is given as a backup."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import zipfile
from contextlib import closing
from dataclasses import replace

import faults
import hand_made
import made
import pytest

from resnet_studio import cleaning, cli, space
from resnet_studio.data import opening
from resnet_studio.durable import write_json
from resnet_studio.errors import StudioError
from resnet_studio.events import Queued
from resnet_studio.service.people.store import People
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import drive, left_waiting
from resnet_studio.training.plan import new_run
from resnet_studio.upkeep import archive, restore
from resnet_studio.upkeep.backup import back_up
from resnet_studio.workspace import Workspace


def answer(capsys, *arguments):
    """Exit status and the JSON of a command."""
    status = cli.main([*map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def kept(root):
    """What a backup of the workspace at ``root`` has to hold."""
    return {
        name: content for name, content in made.fingerprint(root).items() if not name.startswith(("cache", "temporary"))
    }


@pytest.fixture
def full(workspace, class_zip):
    """A workspace with two data sets of the same pictures, a run with logs and a model, imports and secrets."""
    zipped = class_zip({"cat": 3, "dog": 3})
    opening.open_data(zipped, workspace)
    run = hand_made.new_run(workspace, count=3)
    hand_made.train(run, epochs=3)
    hand_made.finish(run, hand_made.report_of(run))
    run.best.write_bytes(b"weights" * 100)
    (workspace.imports / "other.safetensors").write_bytes(b"weights" * 100)
    (workspace.root / "machine.json").write_text("{}")
    return workspace


def test_a_workspace_comes_back_as_it_was(full, tmp_path, capsys):
    (full.cache / "pixels").write_bytes(b"computed")
    (full.root / "browser-secret").write_text("0" * 32)
    file, new = tmp_path / "studio.zip", tmp_path / "new"
    before = kept(full.root)

    status, done = answer(capsys, "backup", file, "--workspace", full.root)
    assert (status, done["runs"], done["datasets"], done["outside"]) == (0, 1, 1, [])
    assert answer(capsys, "restore", file, "--check")[1]["sound"] is True
    status, made_of_it = answer(capsys, "restore", file, "--workspace", new)

    assert status == 0 and made_of_it["files"] == done["files"]
    del before["browser-secret"]
    assert kept(new) == before
    assert not list(tmp_path.glob(".*.tmp")) and not list(full.temporary.iterdir())
    (run,) = Workspace.open(new).runs()
    assert run.state().status == "finished" and run.best.stat().st_mtime == full.runs()[0].best.stat().st_mtime


def test_equal_contents_are_written_once(full, tmp_path):
    done = back_up(full, tmp_path / "a.zip")
    with zipfile.ZipFile(done.path) as file:
        names = file.namelist()
    assert len(names) == len(set(names)) == len(done.manifest.objects) + 1 < len(done.manifest.files) + 1
    shared = [entry.path for entry in done.manifest.files if entry.size == 700]
    assert len(shared) == 2


def test_a_database_that_is_being_written_to_is_copied_as_of_one_moment(full, tmp_path):
    with closing(sqlite3.connect(full.root / "people.db")) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE people (name TEXT)")
        base.execute("INSERT INTO people VALUES ('in the journal')")
        base.commit()
        base.execute("INSERT INTO people VALUES ('not committed')")
        restore.restore(back_up(full, tmp_path / "a.zip").path, tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new" / "people.db")) as copy:
        assert copy.execute("SELECT name FROM people").fetchall() == [("in the journal",)]
    assert not list((tmp_path / "new").glob("people.db-*"))


def test_pictures_outside_of_the_workspace_are_named(workspace, class_folders, tmp_path, capsys):
    dataset = opening.open_data(class_folders({"cat": 2, "dog": 2}), workspace)
    assert answer(capsys, "backup", tmp_path / "a.zip", "--workspace", workspace.root)[1]["outside"] == [dataset.id]


def test_what_waits_goes_on_waiting_in_the_restored_workspace(workspace, tmp_path):
    run = hand_made.new_run(workspace, count=3)
    run.append(Queued(owner="00000000-1-1-x", place=1))
    restore.restore(back_up(workspace, tmp_path / "a.zip").path, tmp_path / "new")
    assert [each.id for each in left_waiting(Workspace.open(tmp_path / "new"))] == [run.id]


# ---- while it is used


@pytest.mark.slow
def test_state_and_log_of_a_training_never_come_from_different_epochs(workspace, tmp_path):
    """Whoever trains writes the state, then the log: in no backup may the log be ahead."""
    run = hand_made.new_run(workspace, count=3)
    hand_made.train(run, epochs=1)
    write_json(run.state_file, {"epoch": 1})
    over = threading.Event()

    def training():
        epoch = run.state().epochs[-1]
        record = run.recorder()
        number = 1
        while not over.is_set():
            number += 1
            write_json(run.state_file, {"epoch": number, "filling": "x" * 100_000})
            record(replace(epoch, epoch=number), durable=False)

    thread = threading.Thread(target=training)
    thread.start()
    try:
        for turn in range(8):
            restore.restore(back_up(workspace, tmp_path / f"{turn}.zip").path, tmp_path / f"new-{turn}")
            (found,) = Workspace.open(tmp_path / f"new-{turn}").runs()
            assert 0 <= json.loads(found.state_file.read_text())["epoch"] - len(found.state().epochs) <= 1
            assert found.state().unreadable == 0
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
def test_a_training_that_was_running_goes_on_in_the_restored_workspace_to_the_same_model(tmp_path, class_folders):
    workspace = Workspace.open(tmp_path / "workspace")
    dataset = opening.open_data(made.zipped(tmp_path / "p.zip", made.class_files({"cat": 12, "dog": 12})), workspace)
    run = new_run(dataset, faults.CONFIG.replace(epochs=4), workspace)
    first = threading.Event()
    ending = []
    thread = threading.Thread(
        target=lambda: ending.append(
            drive(run, Control(), lambda event: "Epoch" in type(event).__name__ and first.set())
        )
    )
    thread.start()
    assert first.wait(60)
    assert run.held()
    back_up(workspace, tmp_path / "a.zip")
    thread.join()

    restore.restore(tmp_path / "a.zip", tmp_path / "new")
    again = Workspace.open(tmp_path / "new").run(run.id)

    assert again.state().status in ("interrupted", "finished")
    if again.state().status == "interrupted":
        drive(again, Control())
    assert again.state().status == "finished"
    assert again.state().finished.validation_accuracy == ending[0].validation_accuracy
    assert [e.train_loss for e in again.state().epochs] == [e.train_loss for e in run.state().epochs]


KILLED = (
    "import sys; from pathlib import Path; from resnet_studio.upkeep.backup import back_up;"
    "from resnet_studio.workspace import Workspace\n"
    "def stop(files, size):\n    print('ready', flush=True); sys.stdin.read()\n"
    "back_up(Workspace.open(Path(sys.argv[1])), Path(sys.argv[2]), overwrite=True, progress=stop)\n"
)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_a_backup_that_is_killed_leaves_the_earlier_one_and_nothing_for_long(full, tmp_path):
    file, before = tmp_path / "studio.zip", kept(full.root)
    back_up(full, file)
    earlier = file.read_bytes()
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, full.root, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout.readline().strip() == b"ready"
    cleaning.sweep(full)
    assert list(full.temporary.iterdir())  # in use
    child.send_signal(signal.SIGKILL)
    child.communicate()

    assert file.read_bytes() == earlier and list(tmp_path.glob(".studio.zip.*.tmp"))
    cleaning.sweep(full)
    assert not list(full.temporary.iterdir()) and kept(full.root) == before
    back_up(full, file, overwrite=True)
    assert not list(tmp_path.glob(".studio.zip.*.tmp")) and restore.check(file)


# ---- what is refused


def refused(capsys, *arguments):
    status, said = answer(capsys, *arguments)
    assert status == 2 and set(said) == {"error"}
    return said["error"]


def test_what_the_user_of_the_server_alone_may_read_stays_so(workspace, tmp_path):
    for name in ("accounts.sqlite3", "tokens.json", "audit/audit.jsonl", "datasets/a/dataset.json"):
        file = workspace.root / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(name)
    made = back_up(workspace, tmp_path / "kept.zip").path
    restore.restore(made, tmp_path / "again")
    modes = {file.name: file.stat().st_mode & 0o077 for file in (tmp_path / "again").rglob("*") if file.is_file()}
    assert made.stat().st_mode & 0o077 == 0
    assert not (modes["accounts.sqlite3"] or modes["tokens.json"] or modes["audit.jsonl"]) and modes["dataset.json"]


def test_sessions_do_not_come_back_to_life(workspace, tmp_path):
    with closing(People(workspace.root)) as people:
        token = people.begin_session(people.add("Ada", "pupil", ""))
        made = back_up(workspace, tmp_path / "kept.zip").path
    restore.restore(made, tmp_path / "again")
    with closing(People(tmp_path / "again")) as people:
        assert people.named("Ada") and people.session(token) is None


@pytest.mark.slow
def test_nothing_is_overwritten(full, tmp_path, capsys):
    file = tmp_path / "a.zip"
    file.write_bytes(b"thesis")
    assert "--overwrite" in refused(capsys, "backup", file, "--workspace", full.root)
    assert "in the workspace" in refused(capsys, "backup", full.root / "a.zip", "--workspace", full.root)
    assert file.read_bytes() == b"thesis"
    back_up(full, file, overwrite=True)
    before = made.fingerprint(full.root)
    assert "ever overwritten" in refused(capsys, "restore", file, "--workspace", full.root)
    assert made.fingerprint(full.root) == before
    (tmp_path / "empty").mkdir()
    assert answer(capsys, "restore", file, "--workspace", tmp_path / "empty")[0] == 0


def test_a_disk_without_room_for_it_is_said_before_anything_is_written(full, tmp_path, monkeypatch):
    back_up(full, tmp_path / "a.zip")
    monkeypatch.setattr(space, "free_bytes", lambda _: space.SPARE_BYTES)
    with pytest.raises(StudioError, match="disk"):
        restore.restore(tmp_path / "a.zip", tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_one_changed_byte_anywhere_is_found(full, tmp_path):
    """In the contents, in the manifest, in the directory of the zip: nothing is restored of what is not as it was."""
    file = back_up(full, tmp_path / "a.zip").path
    whole = file.read_bytes()
    harmless = 0
    for at in range(0, len(whole), max(1, len(whole) // 60)):
        damaged = tmp_path / "damaged.zip"
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 0x21]) + whole[at + 1 :])
        try:
            restore.restore(damaged, tmp_path / "new")
        except StudioError as error:
            assert error.key.startswith("error.backup.")
            assert not (tmp_path / "new").exists()
        else:  # a date in a header, say
            harmless += 1
            assert kept(tmp_path / "new") == kept(full.root)
            shutil.rmtree(tmp_path / "new")
    assert harmless < 15
    assert {path.name for path in tmp_path.iterdir()} <= {"a.zip", "damaged.zip", "pictures.zip", "workspace"}


def crafted(path, files, *, objects=None, more=(), changes=None):
    """A backup that holds ``files``, path by path, as its manifest has it; ``objects`` instead of what it needs."""
    import hashlib

    entries = [
        {"path": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "modified": 1.0}
        for name, content in files
    ]
    held = {entry["sha256"]: content for entry, (_, content) in zip(entries, files, strict=True)}
    manifest = {"format": 1, "created": "x", "version": "x", "files": entries} | (changes or {})
    with zipfile.ZipFile(path, "w") as file:
        for name, content in (held if objects is None else objects).items():
            file.writestr(f"objects/{name}", content)
        for name, content in more:
            file.writestr(name, content)
        file.writestr("manifest.json", json.dumps(manifest))
    return path


def test_what_this_program_writes_by_hand_is_accepted(tmp_path):
    """The harmless twin of what follows."""
    restore.restore(crafted(tmp_path / "a.zip", [("runs/a/x.json", b"{}"), ("x", b"")]), tmp_path / "new")
    assert (tmp_path / "new" / "runs" / "a" / "x.json").read_bytes() == b"{}"


@pytest.mark.parametrize(
    "path",
    ["../x", "/x", "a/../../x", "a//x", "./x", "", "C:/x", "a\\x", "a\0x", "x" * 300, "con", "a/nul.txt", "a/", "a:b",
     "a\nb"],
)  # fmt: skip
def test_a_name_that_leads_outside_is_refused(tmp_path, path, untouched):
    with pytest.raises(archive.BackupError) as refusal:
        restore.restore(crafted(tmp_path / "a.zip", [("runs/x", b"1"), (path, b"2")]), tmp_path / "new")
    assert refusal.value.key == "error.backup.unsafe" and not (tmp_path / "new").exists()


HOSTILE = {
    "twice": {"files": [("a", b"1"), ("a", b"2")]},
    "file and folder": {"files": [("a", b"1"), ("a/b", b"2")]},
    "content of another": {"files": [("a", b"1")], "objects": {"0" * 64: b"1"}},
    "more than it says": {"files": [("a", b"1")], "more": [("objects/" + "1" * 64, b"x")]},
    "something beside": {"files": [("a", b"1")], "more": [("../../evil", b"x")]},
    "no list": {"files": [("a", b"1")], "changes": {"files": 5}},
    "a list of nonsense": {"files": [("a", b"1")], "changes": {"files": [{"path": 1}]}},
    "a huge size": {"files": [("a", b"1")], "changes": {"files": [
        {"path": "a", "sha256": "0" * 64, "size": 10**18, "modified": 0}]}},
    "of the future": {"files": [("a", b"1")], "changes": {"format": 2}},
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_backup_that_was_made_to_harm_is_refused(tmp_path, kind, untouched):
    given = dict(HOSTILE[kind])
    changes = given.pop("changes", {})
    file = crafted(tmp_path / "a.zip", given.pop("files"), changes=changes, **given)
    with pytest.raises(archive.BackupError) as refusal:
        restore.restore(file, tmp_path / "new")
    assert refusal.value.key.startswith("error.backup.") and not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", [b"", b"thesis", made.picture()])
def test_what_is_no_backup_is_refused(tmp_path, content, capsys):
    (tmp_path / "a.zip").write_bytes(content)
    assert "damaged" in refused(capsys, "restore", tmp_path / "a.zip", "--workspace", tmp_path / "new")
    assert "There is no" in refused(capsys, "restore", tmp_path / "b.zip", "--workspace", tmp_path / "new")
    made.zipped(tmp_path / "c.zip", {"x.png": b"1"})
    assert "no backup of" in refused(capsys, "restore", tmp_path / "c.zip", "--workspace", tmp_path / "new")
