"""What waits goes on waiting: across restarts, in order, and never away from a program that lives."""

import subprocess
import sys

import pytest
from hand_made import new_run

from resnet_studio.events import Queued
from resnet_studio.training import jobs as jobs_module
from resnet_studio.training.jobs import Jobs, left_waiting

SERVER = (
    "import sys, time; from pathlib import Path; from resnet_studio.workspace import Workspace;"
    "from resnet_studio.training import jobs;"
    "jobs.drive = lambda *_: time.sleep(600);"
    "workspace = Workspace.open(Path(sys.argv[1])); queue = jobs.Jobs(workspace);"
    "[queue.submit(workspace.run(name)) for name in sys.argv[2:]];"
    "print('queued', flush=True); time.sleep(600)"
)


@pytest.fixture
def runs(workspace):
    return [new_run(workspace, name=name, count=3) for name in ("c", "a", "d", "b")]


@pytest.fixture
def asked(monkeypatch):
    """The runs that are trained, in order; nothing is really trained."""
    done = []
    monkeypatch.setattr(jobs_module, "drive", lambda run, control: done.append(run.id))
    return done


def server(workspace, runs):
    command = [sys.executable, "-c", SERVER, str(workspace.root), *(run.id for run in runs)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout.readline().strip() == b"queued"
    return child


def wait_for(condition):
    import time

    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_the_queue_of_a_program_that_lives_is_left_to_it_and_that_of_a_dead_one_taken_over_in_order(
    workspace, runs, asked
):
    child = server(workspace, runs)
    try:
        beside = Jobs(workspace)
        assert beside.adopt() == [] and all(run.state().status == "queued" for run in runs)
    finally:
        child.kill()
        child.wait()
    assert left_waiting(workspace) == runs
    assert beside.adopt() == runs
    wait_for(lambda: len(asked) == len(runs))
    assert asked == [run.id for run in runs]
    beside.close()


def test_a_server_that_is_closed_leaves_its_queue_to_the_next_and_newer_runs_wait_behind(workspace, runs, monkeypatch):
    import threading

    go, trained = threading.Event(), []
    monkeypatch.setattr(jobs_module, "drive", lambda run, control: (trained.append(run.id), go.wait(20)))
    first = Jobs(workspace)
    for run in runs[:3]:
        first.submit(run)
    wait_for(lambda: trained)
    go.set()
    first.close()
    go.clear()
    waiting = [run for run in runs[:3] if run.id not in trained]
    assert all(run.state().status == "queued" for run in waiting)
    second = Jobs(workspace)
    assert second.adopt()[-len(waiting) :] == waiting if waiting else True
    second.submit(runs[3])
    assert second.queued()[-1] == runs[3].id
    go.set()
    second.close()


def test_a_queue_that_an_earlier_version_left_is_taken_over(workspace, runs, asked):
    for run in runs[:2]:
        run.append(Queued())
    queue = Jobs(workspace)
    assert queue.adopt() == runs[:2]
    assert queue.adopt() == []
    wait_for(lambda: len(asked) == 2)
    queue.close()


def test_places_outlive_a_clock_that_was_set_back(workspace, runs, asked, monkeypatch):
    from resnet_studio import event_log

    times = iter([400.0, 300.0, 200.0, 100.0])
    monkeypatch.setattr(event_log.time, "time", lambda: next(times))
    for place, run in enumerate(runs, 1):
        run.append(Queued(owner="00000000-1-1-x", place=place))
    assert left_waiting(workspace) == runs
