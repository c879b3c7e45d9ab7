"""A training in one process is stopped, paused and resumed from another one; a request never outlives its run."""

import json
import signal
import subprocess
import sys
import time

import pytest
from sweeps import few
from waiting import wait_for

from resnet_studio import cli, run_requests
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.errors import RunError
from resnet_studio.events import Finished, Interrupted, Queued
from resnet_studio.training import plan
from resnet_studio.training.control import Control
from resnet_studio.training.driving import Job, ask, carry_out, drive, wait_for_end
from resnet_studio.training.jobs import Jobs
from resnet_studio.workspace import Workspace

QUICK = TrainConfig(
    weights="scratch", epochs=400, batch_size=16, picture_size=16, precision="fp32", average_weights=False, device="cpu"
)


@pytest.fixture
def pictures(class_folders):
    return class_folders({"crimson": 20, "seagreen": 20})


@pytest.fixture
def new_run(pictures, workspace):
    dataset = open_data(pictures, workspace)
    return lambda **changes: plan.new_run(dataset, QUICK.replace(**changes), workspace)


def command(*words, root):
    return [sys.executable, "-m", "resnet_studio", *map(str, words), "--workspace", str(root), "--json"]


def answered_elsewhere(*words, root):
    done = subprocess.run(command(*words, root=root), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def answer(capsys, workspace):
    """The command line in this process, which is not the one that trains."""

    def of(*words, status=0):
        assert cli.main(command(*words, root=workspace.root)[3:]) == status, capsys.readouterr()
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return of


@pytest.fixture
def resumed(workspace):
    """``resumed(run)`` trains ``run`` in a process of its own; what still lives at the end is killed."""
    children = []

    def begin(run):
        child = subprocess.Popen(command("resume", run.id, root=workspace.root), stdout=subprocess.PIPE, text=True)
        children.append(child)
        wait_for(lambda: run.held() or child.poll() is not None)
        return child

    yield begin
    for child in children:
        child.kill()
        child.wait()


def trained(run):
    return drive(run, Control())


@pytest.mark.slow
def test_what_another_process_trains_is_stopped_by_the_command_and_keeps_its_best(new_run, resumed, workspace, answer):
    run = new_run()
    child = resumed(run)
    wait_for(lambda: len(run.state().epochs) >= 1)
    on_event = answer("stop", run.id)
    assert on_event == {
        "run": run.id,
        "request": "stop",
        "ended": True,
        "status": "stopped",
        "checkpoint": str(run.best),
    }
    assert child.wait(30) == 0
    assert json.loads(child.stdout.read().splitlines()[-1])["reason"] == "stopped"
    assert not (run.folder / "request.json").exists() and not (run.folder / "session.json").exists()
    assert "neither" in answer("stop", run.id, status=2)["error"]


@pytest.mark.long
@pytest.mark.slow
def test_pause_and_resume_across_processes_end_like_an_undisturbed_training(new_run, resumed, workspace, answer):
    from resnet_studio.model import checkpoint

    straight, run = new_run(epochs=12), new_run(epochs=12)
    trained(straight)
    child = resumed(run)
    wait_for(lambda: len(run.state().epochs) >= 1)
    assert answer("pause", run.id)["status"] == "interrupted"
    assert child.wait(30) == 1 and 1 <= len(run.state().epochs) < 12
    second = resumed(run)
    assert second.wait(90) == 0 and run.state().status == "finished"  # no stale request paused it again
    one, two = (checkpoint.load(each.best).model.state_dict() for each in (straight, run))
    assert all((one[name] == two[name]).all() for name in one)


@pytest.mark.long
@pytest.mark.slow
def test_the_page_stops_and_pauses_what_another_process_trains(new_run, resumed, workspace):
    jobs, run = Jobs(workspace), new_run()
    child = resumed(run)
    wait_for(lambda: len(run.state().epochs) >= 1)
    jobs.pause(run.id)
    assert child.wait(30) == 1 and run.state().status == "interrupted"
    child = resumed(run)
    jobs.stop(run.id)
    assert child.wait(30) in (0, 1)
    assert run.state().status in ("stopped", "interrupted")  # the latter where it was still preparing
    jobs.close()


@pytest.mark.long
@pytest.mark.slow
def test_what_the_page_trains_or_has_in_its_queue_is_stopped_by_the_command(new_run, workspace):
    jobs, runs = Jobs(workspace), [new_run() for _ in range(3)]
    for run in runs:
        jobs.submit(run)
    wait_for(lambda: len(runs[0].state().epochs) >= 1)
    assert answered_elsewhere("stop", runs[1].id, root=workspace.root)["status"] == "interrupted"
    assert jobs.queued() == [runs[2].id] and jobs.running() == [runs[0].id]
    assert answered_elsewhere("pause", runs[0].id, root=workspace.root)["status"] == "interrupted"
    wait_for(lambda: jobs.running() == [runs[2].id])
    assert answered_elsewhere("stop", runs[2].id, root=workspace.root)["ended"]
    jobs.close()


@pytest.mark.slow
@few("state", ["preparing", "training", "asked"])
def test_a_process_killed_in_any_state_leaves_a_run_to_resume_that_nobody_can_ask(
    new_run, resumed, workspace, state, monkeypatch, answer
):
    run = new_run(epochs=400 if state != "asked" else 6)
    child = resumed(run)
    if state != "preparing":
        wait_for(lambda: len(run.state().epochs) >= 1)
    if state == "asked":  # it is killed before it can look
        child.send_signal(signal.SIGSTOP)
        assert answer("pause", run.id, "--timeout", "0")["ended"] is False
    child.kill()
    child.wait()
    assert run.state().status in ("interrupted", "queued")
    with pytest.raises(RunError, match="neither"):
        ask(run, "stop") or ask(run, "stop")  # a run that had said nothing yet is set aside by the first
    if state == "asked":
        assert (run.folder / "request.json").exists()
        assert isinstance(carry_out(Job((run,)), drive), Finished)
        assert run.state().status == "finished" and not (run.folder / "request.json").exists()


@pytest.mark.slow
def test_a_request_written_a_moment_before_the_end_is_dropped_with_the_run(new_run, narrow_here):
    run, asked = new_run(epochs=1), []

    def train(run, control):
        end = drive(run, control)
        asked.append(ask(run, "pause"))
        return end

    job = Job((run,))
    assert isinstance(carry_out(job, train), Finished) and asked == [job.session]
    assert job.control.request == "pause" and run.state().status == "finished"
    assert wait_for_end(run, job.session, 0) and not (run.folder / "request.json").exists()


@pytest.mark.slow
def test_a_request_that_was_written_too_late_does_not_reach_the_next_training(new_run, narrow_here):
    run = new_run(epochs=2)
    job = Job((run,), control := Control())
    control.pause()
    assert isinstance(carry_out(job, drive), Interrupted)
    run_requests.ask(run.folder, job.session, "pause")  # by someone who had read the session just before
    assert isinstance(carry_out(Job((run,)), drive), Finished)


@pytest.mark.slow
def test_a_request_for_one_workspace_means_nothing_in_another(new_run, tmp_path, workspace, narrow_here):
    run, other = new_run(epochs=1), Workspace.open(tmp_path / "other")
    with pytest.raises(RunError, match="no run"):
        Jobs(other).stop(run.id)
    copied = other.root / "runs" / run.id
    (copied).mkdir()
    for file in run.folder.iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    job, there = Job((run,)), Job((other.run(run.id),))
    there.announce()
    ask(other.run(run.id), "pause")
    assert isinstance(carry_out(job, drive), Finished)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"session": 3}', b'{"session": "x", "request": "stop"}', b"\xff", b"[" * 50_000],
    ids=lambda content: repr(content[:20]),
)
def test_a_request_that_makes_no_sense_is_none(tmp_path, content):
    (tmp_path / "request.json").write_bytes(content)
    (tmp_path / "session.json").write_bytes(content)
    session = run_requests.new_session()
    assert run_requests.session_of(tmp_path) is None and not run_requests.abandoned(tmp_path)
    with run_requests.listening([tmp_path], session, pytest.fail):
        (tmp_path / "request.json").write_bytes(content)
        time.sleep(2 * run_requests.LOOK_SECONDS)
    run_requests.announce(tmp_path, session)
    (tmp_path / "request.json").write_text(json.dumps({"session": session.id, "request": "delete"}))
    assert run_requests.asked(tmp_path, session) is None


def test_a_run_that_waits_for_a_program_that_ended_is_taken_out(new_run, workspace):
    run = new_run()
    run.append(Queued(owner="00000000-1-1-x", place=1))
    assert ask(run, "stop") is None and run.state().status == "interrupted"
    assert Jobs(workspace).adopt() == []


def test_who_trains_by_an_older_version_cannot_be_asked(new_run, monkeypatch):
    monkeypatch.setattr("resnet_studio.training.driving.ANNOUNCING_SECONDS", 0.1)
    run = new_run()
    with run.lock(), pytest.raises(RunError, match="takes no requests"):
        ask(run, "stop")


def test_a_pause_asked_for_here_is_not_turned_into_a_stop_from_elsewhere():
    control = Control()
    control.pause()
    control.act("stop")
    assert control.request == "pause"
    control = Control()
    control.stop()
    control.act("pause")
    assert control.request == "pause"
