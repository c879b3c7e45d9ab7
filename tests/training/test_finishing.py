"""The end of a training: what was trained is written down first, whatever becomes of the pictures or the program."""

import os
import shutil
import threading

import pytest
from hand_made import new_run as hand_made_run
from sweeps import few
from waiting import wait_for

from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.events import EpochFinished, Finished, Interrupted, Started, Testing
from resnet_studio.model import checkpoint
from resnet_studio.training import finishing, plan
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import Jobs, check_resumable, drive
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    weights="starter", freeze="layer4", epochs=3, batch_size=16, picture_size=32, precision="fp32", device="cpu",
    augmentation="none",
)  # fmt: skip


@pytest.fixture
def folder(class_folders):
    return class_folders({"crimson": 12, "seagreen": 12})


@pytest.fixture
def run(folder, workspace):
    return plan.new_run(open_data(folder, workspace), QUICK, workspace)


def notes_of(run):
    return [note.key for note in run.state().notes]


class Died(BaseException):
    """Ends the program where it is raised: nothing catches it."""


def died(*_):
    raise Died


def test_pictures_that_are_gone_at_the_end_cost_the_test_and_nothing_else(run, folder, monkeypatch):
    def on_event(event):
        if isinstance(event, EpochFinished) and event.epoch == 3:
            shutil.rmtree(folder)

    end = drive(run, Control(), on_event)
    assert isinstance(end, Finished) and end.test_accuracy is None and end.epochs_run == 3
    assert notes_of(run) == ["note.test_pictures_gone"] and not run.report_file.exists()
    assert checkpoint.load(run.best).card.metrics["validation_accuracy"] == end.validation_accuracy
    assert not run.state_file.exists()


def test_what_is_there_is_scored_and_what_is_not_is_said(run, folder):
    gone = run.split["test"]["file"][0]

    def on_event(event):
        if isinstance(event, Testing):
            (folder / gone).unlink()

    end = drive(run, Control(), on_event)
    assert isinstance(end, Finished) and end.test_accuracy is not None
    assert notes_of(run) == ["note.test_pictures_left_out"]
    assert len(run.read_json("report.json")["pictures"]) == len(run.split["test"]["file"]) - 1


@few("pictures", ["there", "gone"])
def test_a_program_that_dies_while_it_tests_loses_no_epoch(run, folder, monkeypatch, pictures):
    with monkeypatch.context() as patched:
        patched.setattr(finishing, "score", died)
        with pytest.raises(Died):
            drive(run, Control())
    assert run.best.exists() and run.state().status == "interrupted" and not run.held()
    check_resumable(run)
    if pictures == "gone":
        shutil.rmtree(folder)
    end = drive(run, Control())
    assert isinstance(end, Finished) and end.epochs_run == 3
    assert (end.test_accuracy is None) == (pictures == "gone")
    assert sum(isinstance(event, Started) for event in run.events()) == 1  # nothing was trained again
    assert len(run.state().epochs) == 3 and run.state().status == "finished"
    assert not any(path.exists() for path in run.needed_to_resume)


def test_the_scores_after_dying_are_those_of_an_undisturbed_training(run, folder, workspace, monkeypatch):
    straight = drive(plan.new_run(open_data(folder, workspace), QUICK, workspace), Control())
    with monkeypatch.context() as patched:
        patched.setattr(finishing, "score", died)
        with pytest.raises(Died):
            drive(run, Control())
    end = drive(run, Control())
    assert (end.test_accuracy, end.validation_accuracy) == (straight.test_accuracy, straight.validation_accuracy)
    assert end.best_epoch == straight.best_epoch


def test_what_resuming_needs_is_there_until_the_end_stands_in_the_log(run, monkeypatch):
    seen = []

    def on_event(event):
        if isinstance(event, Finished):
            seen.append((run.state().status, (run.folder / "ended.json").exists()))

    drive(run, Control(), on_event)
    assert seen == [("finished", True)] and not (run.folder / "ended.json").exists()


@few("kind", ["zip", "folder"])
def test_a_workspace_that_was_moved_goes_on(tmp_path, class_zip, class_folders, capsys, kind):
    counts = {"crimson": 12, "seagreen": 12}
    source = class_zip(counts) if kind == "zip" else class_folders(counts)
    workspace = Workspace.open(tmp_path / "before")
    run = plan.new_run(open_data(source, workspace), QUICK.replace(epochs=4), workspace)
    control = Control()
    end = drive(run, control, lambda event: control.pause() if isinstance(event, EpochFinished) else None)
    assert isinstance(end, Interrupted)
    shutil.move(tmp_path / "before", tmp_path / "after")
    moved = Workspace.open(tmp_path / "after")
    shutil.rmtree(moved.cache)
    if kind == "folder":  # the pictures were moved as well, and opened where they are now
        shutil.move(source, tmp_path / "elsewhere")
        assert cli.main(["resume", run.id, "--json", "--workspace", str(moved.root)]) == 2
        assert str(source) in capsys.readouterr().out
        open_data(tmp_path / "elsewhere", moved)
    assert cli.main(["resume", run.id, "--json", "--workspace", str(moved.root)]) == 0
    state = moved.run(run.id).state()
    assert state.status == "finished" and len(state.epochs) == 4 and state.finished.test_accuracy is not None


def test_why_a_run_was_paused_is_said_everywhere(workspace, capsys, monkeypatch):
    from resnet_studio.service.run_data import RunData
    from resnet_studio.service.watch import RunWatch
    from resnet_studio.ui.results.view import waiting
    from resnet_studio.ui.runs.view import table
    from resnet_studio.ui.train.live import Renderer

    run = hand_made_run(workspace)
    run.append(Started(device="CPU", precision="fp32", epochs=3))
    run.append(Interrupted(key="error.disk_full"))
    data = RunData(workspace)
    assert "disk is full" in waiting(data.of(run), "en") and "磁盘已满" in waiting(data.of(run), "zh")
    answer = Renderer(RunWatch(workspace, Jobs(workspace))).answer(run.id, "", "en")
    assert "disk is full" in answer["parts"]["notes"]
    assert f'data-resume="{run.id}"' in table(data.listed(), "en")


def test_the_command_line_says_that_the_disk_is_full(run, workspace, capsys, monkeypatch):
    from resnet_studio.training import saving

    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(saving, "replacing", full)
    assert cli.main(["resume", run.id, "--json", "--workspace", str(workspace.root)]) == 1
    out, err = capsys.readouterr()
    assert "disk is full" in out and "disk is full" in err
    assert run.state().status == "interrupted"


def test_after_a_full_disk_the_queue_waits_for_space(workspace, monkeypatch):
    from types import SimpleNamespace

    from resnet_studio.training import jobs as module

    trained, free = [], [0]
    monkeypatch.setattr(module, "drive", lambda run, control: trained.append(run.id))
    looks = threading.Semaphore(0)

    def disk_usage(_):
        looks.release()
        return SimpleNamespace(free=free[0], total=2**40)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    jobs, waiting = Jobs(workspace), hand_made_run(workspace)
    jobs.submit(waiting)
    assert all(looks.acquire(timeout=20) for _ in range(3)), "it looks again and again"
    assert trained == [] and jobs.queued() == [waiting.id] and waiting.state().status == "queued"
    free[0] = 2**40
    wait_for(lambda: trained)
    assert trained == [waiting.id]
    jobs.close()
