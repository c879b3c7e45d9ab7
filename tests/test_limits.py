"""What one person or a broken disk can do to everyone is bounded, each bound with a sentence."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import made
import pytest
from hand_made import new_run

from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.errors import RunError, StudioError
from resnet_studio.service import importing
from resnet_studio.service.importing import Imports
from resnet_studio.training import jobs as jobs_module
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.page import repeated
from resnet_studio.ui.page.context import Studio, sentence_for
from resnet_studio.ui.page.repeated import start_once
from resnet_studio.workspace import Workspace


@pytest.fixture
def studio(workspace, monkeypatch):
    """Nothing is really trained, and whatever is trained takes until the test is over."""
    over = threading.Event()
    monkeypatch.setattr(jobs_module, "drive", lambda run, control: over.wait(30))
    jobs = Jobs(workspace)
    yield Studio(workspace, jobs)
    over.set()
    jobs.close()


def test_two_hundred_clicks_are_one_run(studio, workspace, class_zip):
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)
    config, runs = TrainConfig(epochs=2), []

    def click(settings=config, by="browser:me"):
        runs.append(start_once(studio, dataset, settings, lambda: None, run_name="pets", by=by).id)

    threads = [threading.Thread(target=click) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 200 and len(set(runs)) == 1 and len(workspace.runs()) == 1
    click(TrainConfig(epochs=3))
    click(by="browser:you")
    assert len(workspace.runs()) == 3  # other settings and other people are other wishes


def test_clicks_that_wait_longer_than_they_took_are_one_run_too(studio, workspace, class_zip, monkeypatch):
    monkeypatch.setattr(repeated, "SECONDS", 0.5)
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)
    runs = []

    def click():
        call = {"run_name": "pets", "by": "browser:me"}
        runs.append(start_once(studio, dataset, TrainConfig(epochs=2), lambda: time.sleep(0.8), **call).id)

    threads = [threading.Thread(target=click) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 3 and len(set(runs)) == 1


def test_the_same_again_later_is_another_run(studio, workspace, class_zip, monkeypatch):
    monkeypatch.setattr(repeated, "SECONDS", -1.0)
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)
    made_runs = [
        start_once(studio, dataset, TrainConfig(epochs=2), lambda: None, run_name="pets", by="browser:me")
        for _ in range(2)
    ]
    assert made_runs[0].id != made_runs[1].id


def test_the_queue_is_bounded_with_a_sentence(studio, workspace, class_zip, monkeypatch):
    monkeypatch.setattr(jobs_module, "MOST_WAITING", 2)
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)
    with pytest.raises(RunError, match="2 trainings wait already"):
        for number in range(9):
            config = TrainConfig(epochs=2, seed=number)
            start_once(studio, dataset, config, lambda: None, run_name="pets", by="browser:me")
    assert len(workspace.runs()) <= 3
    other = new_run(workspace, dataset="other")
    with pytest.raises(RunError, match="2 trainings wait already"):
        studio.jobs.resume(other.id)


def test_imports_are_bounded_with_a_sentence(monkeypatch):
    monkeypatch.setattr(importing, "MOST_AT_ONCE", 2)
    imports, over = Imports(), threading.Event()
    for _ in range(2):
        imports.start("pictures", lambda progress: over.wait(20))
    with pytest.raises(StudioError, match="2 data sets are being read"):
        imports.start("pictures", lambda progress: over.wait(20))
    over.set()
    imports.close()
    assert imports.start("pictures", lambda progress: None)
    imports.close()


@pytest.mark.parametrize("command", [["runs"], ["check", "sample:digits"]])
def test_a_workspace_that_is_a_file_is_refused_with_a_sentence(tmp_path, capsys, command):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        assert cli.main([*command, "--json", "--workspace", str(place)]) == 2
        assert "is not a folder" in json.loads(capsys.readouterr().out)["error"]


def test_without_a_home_folder_a_workspace_is_asked_for(monkeypatch, capsys):
    def no_home(*_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("RESNET_STUDIO_WORKSPACE", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(Path, "expanduser", no_home)
    assert cli.main(["runs", "--json"]) == 2
    assert "--workspace" in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_workspace_that_cannot_be_written_to_is_named(tmp_path, monkeypatch, capsys, number):
    def refused(self, *_, **__):
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, "mkdir", refused)
    assert cli.main(["runs", "--json", "--workspace", str(tmp_path / "studio")]) == 2
    said = json.loads(capsys.readouterr().out)["error"]
    assert "cannot be written to" in said and str(tmp_path / "studio") in said


def test_what_can_be_done_without_writing_is_done_in_a_workspace_that_cannot_be_written_to(workspace, monkeypatch):
    run = new_run(workspace)
    real = Path.open

    def read_only(self, mode="r", *rest, **named):
        if set(mode) & set("wax+"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        return real(self, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", read_only)
    assert [each.id for each in Workspace.open(workspace.root).runs()] == [run.id]
    assert cli.main(["runs", "--workspace", str(workspace.root)]) == 0


def test_the_page_says_what_is_wrong_with_the_disk():
    assert "disk is full" in sentence_for(OSError(errno.ENOSPC, "No space left on device"))
    assert "/studio" in sentence_for(OSError(errno.EROFS, "Read-only", "/studio/runs"))
    assert "unexpected" in sentence_for(OSError(errno.ENOENT, "No such file"))


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_output_in_any_encoding_loses_nothing(tmp_path, encoding):
    folder = made.write(tmp_path / "Bücher 猫", made.class_files({"猫": 5, "Ü": 5}))
    if os.name != "nt" and sys.platform != "darwin":
        (folder / "猫" / os.fsdecode(b"caf\xe9.txt")).write_text("no picture")
    command = [sys.executable, "-m", "resnet_studio", "check", str(folder), "--workspace", str(tmp_path / "studio")]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([*command, "--json"], capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr
    last = done.stdout.strip().splitlines()[-1].decode("ascii")
    assert json.loads(last)["classes"] == {"猫": 5, "Ü": 5}
    done = subprocess.run(command, capture_output=True, env=environment)
    assert done.returncode == 0 and b"Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names there are Unicode")
def test_names_that_are_not_utf8_are_written_down_and_come_back(tmp_path):
    from resnet_studio.durable import write_json

    name = os.fsdecode(b"caf\xe9.png")
    write_json(tmp_path / "file.json", {"names": [name, "猫"]})
    assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8"))["names"] == [name, "猫"]
