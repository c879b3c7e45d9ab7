"""What killed programs and forgotten uploads leave behind goes; what is in use stays."""

import os
import subprocess
import sys
import threading
import time

import made
import pytest
from hand_made import finish, new_run, report_of, train
from waiting import wait_for

from resnet_studio import cleaning, owners
from resnet_studio.cleaning import DAY, sweep
from resnet_studio.data import intake, opening
from resnet_studio.data.cache import ArrayCache

KILLED = (
    "import sys, os, signal; from pathlib import Path; from resnet_studio.durable import replacing;"
    "from resnet_studio.data.cache import ArrayCache; from resnet_studio.data.incoming import incoming;"
    "from resnet_studio.workspace import Workspace; workspace = Workspace.open(Path(sys.argv[1]));\n"
    "with replacing(workspace.root / 'runs' / 'one' / 'state.pt') as draft, incoming(workspace) as folder:\n"
    "    draft.write_bytes(bytes(1000)); (folder / 'x').write_bytes(bytes(1000))\n"
    "    with ArrayCache(workspace.cache).building('key', {'a': ((1000,), 'u1')}):\n"
    "        print('ready', flush=True); sys.stdin.read(); os.kill(os.getpid(), signal.SIGKILL)\n"
)


def leftovers(workspace):
    """Everything in the workspace that is not one of its usual folders."""
    usual = {"datasets", "runs", "imports", "cache", "temporary", "one"}
    return {path.name for path in workspace.root.rglob("*") if path.name not in usual}


def aged(path, seconds=2 * DAY):
    for each in (path, *path.rglob("*")):
        os.utime(each, (time.time() - seconds,) * 2)
    return path


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_drafts_stay_while_their_process_lives_and_go_when_it_was_killed(workspace):
    command = [sys.executable, "-c", KILLED, str(workspace.root)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout.readline().strip() == b"ready"
    before = leftovers(workspace)
    assert len(before) >= 5 and sweep(workspace) == 0 and leftovers(workspace) == before
    child.communicate(b"now")
    assert leftovers(workspace) == before
    assert sweep(workspace) >= 3000
    assert leftovers(workspace) == set()


def test_drafts_of_unknown_processes_go_by_their_age(workspace):
    for name in (".state.pt.0011aabb.tmp", f".best.{'0' * 8}-1-1.aabbccdd.tmp"):
        (workspace.root / "runs" / "one").mkdir(exist_ok=True)
        (workspace.root / "runs" / "one" / name).write_bytes(b"x")
    sweep(workspace)
    assert len(leftovers(workspace)) == 2
    aged(workspace.root / "runs" / "one")
    sweep(workspace)
    assert not leftovers(workspace)


def test_uploads_go_a_day_after_the_last_write_and_an_hour_after_it_where_the_disk_is_nearly_full(
    workspace, monkeypatch
):
    old = aged(made.write(workspace.temporary / "aa", {"old.png": b"x"}))
    fresh = made.write(workspace.temporary / "bb", {"deep/fresh.png": b"x"})
    os.utime(fresh, (0, 0))  # the folder is old, what was uploaded into it is not
    some_hours = aged(made.write(workspace.temporary / "cc", {"x.png": b"x"}), 5 * 3600)
    sweep(workspace)
    assert not old.exists() and (fresh / "deep" / "fresh.png").exists() and some_hours.exists()
    monkeypatch.setattr(cleaning, "SPARE_BYTES", 2**62)
    sweep(workspace)
    assert fresh.exists() and not some_hours.exists()


def test_runs_data_sets_and_the_cache_are_left_alone(workspace, class_zip):
    dataset = opening.open_data(class_zip({"cat": 3, "dog": 3}), workspace)
    run = new_run(workspace, count=3)
    with ArrayCache(workspace.cache).building("key", {"a": ((3,), "u1")}):
        pass
    (workspace.imports / "model.safetensors").write_bytes(b"x")
    before = made.fingerprint(workspace.root)
    aged(workspace.root)
    sweep(workspace)
    assert made.fingerprint(workspace.root) == before and dataset.id and run.folder.exists()


def test_a_folder_that_never_became_a_run_goes_and_one_with_anything_else_in_it_stays(workspace):
    begun = aged(made.write(workspace.root / "runs" / "begun", {"split.json": b"{}"}))
    mine = aged(made.write(workspace.root / "runs" / "mine", {"split.json": b"{}", "thesis.docx": b"x"}))
    sweep(workspace)
    assert not begun.exists() and mine.exists()


def test_what_only_resuming_needs_goes_from_runs_that_have_ended(workspace):
    ended, stopped, unfinished = (new_run(workspace, name=name) for name in ("ended", "stopped", "unfinished"))
    for run in (ended, stopped, unfinished):
        train(run, epochs=3)
        run.state_file.write_bytes(b"state")
    finish(ended, report_of(ended))
    finish(stopped, report_of(stopped), reason="stopped")
    sweep(workspace)
    assert [run.state_file.exists() for run in (ended, stopped, unfinished)] == [False, True, True]


def test_a_deletion_that_a_crash_cut_short_is_done_to_its_end(workspace, monkeypatch):
    run = new_run(workspace)
    from resnet_studio import durable

    monkeypatch.setattr(durable.shutil, "rmtree", lambda folder: None)  # the program dies here
    workspace.delete_run(run)
    monkeypatch.undo()
    assert workspace.runs() == [] and len(list((workspace.root / "runs").iterdir())) == 1
    aged(workspace.root / "runs")
    monkeypatch.setattr(owners, "is_alive", lambda token: False)
    sweep(workspace)
    assert list((workspace.root / "runs").iterdir()) == []


def test_it_is_done_again_and_again(workspace, monkeypatch):
    monkeypatch.setattr(cleaning, "EVERY_SECONDS", 0.05)
    stop = threading.Event()
    thread = cleaning.keep_clean(workspace, stop)
    for name in ("aa", "bb"):
        old = aged(made.write(workspace.temporary / name, {"old.png": b"x"}))
        wait_for(lambda old=old: not old.exists())
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_two_people_who_upload_the_same_pictures_both_get_them(workspace):
    """Equal uploads are one file on the server: whoever is served first must not take it from the other."""
    handout = made.write(workspace.temporary / "hash", made.class_files({"cat": 4, "dog": 4}))
    files = [(path.relative_to(handout).as_posix(), path) for path in sorted(handout.rglob("*.png"))]
    first = intake.from_picked(files, workspace, name="mine", inside=workspace.temporary)
    second = intake.from_picked(files, workspace, name="yours", inside=workspace.temporary)
    assert len(first.samples) == len(second.samples) == 8
