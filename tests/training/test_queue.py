"""What waits goes on waiting: across restarts, in order, and never away from a program that lives."""

import dataclasses
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hand_made import new_run
from waiting import wait_for

from resnet_studio import cli
from resnet_studio.errors import StudioError
from resnet_studio.events import Interrupted, Progress, Queued, Started
from resnet_studio.limits import Limits
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
MEASURED = ("train_loss", "train_accuracy", "learning_rate", "pictures_per_second", "memory_mb")


@pytest.fixture
def runs(workspace):
    return [new_run(workspace, name=name, count=3) for name in ("c", "a", "d", "b")]


@pytest.fixture
def trained_runs(monkeypatch):
    """The runs that are trained, in order; nothing is really trained."""
    done = []
    monkeypatch.setattr(jobs_module, "drive", lambda run, control: done.append(run.id))
    return done


def server(workspace, runs):
    command = [sys.executable, "-c", SERVER, str(workspace.root), *(run.id for run in runs)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout.readline().strip() == b"queued"
    return child


@pytest.mark.slow
def test_the_queue_of_a_program_that_lives_is_left_to_it_and_that_of_a_dead_one_taken_over_in_order(
    workspace, runs, trained_runs
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
    wait_for(lambda: len(trained_runs) == len(runs))
    assert trained_runs == [run.id for run in runs]
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


def test_a_queue_that_is_closed_as_a_run_comes_ends_at_once(workspace, runs, trained_runs):
    import threading

    queue = Jobs(workspace, device_of=lambda _: "cpu")
    queue.submit(runs[0])
    queue.close(timeout=5)
    assert not [thread for thread in threading.enumerate() if thread.name == "training"]


def test_a_queue_that_an_earlier_version_left_is_taken_over(workspace, runs, trained_runs):
    for run in runs[:2]:
        run.append(Queued())
    queue = Jobs(workspace)
    assert queue.adopt() == runs[:2]
    assert queue.adopt() == []
    wait_for(lambda: len(trained_runs) == 2)
    queue.close()


def test_places_outlive_a_clock_that_was_set_back(workspace, runs, trained_runs, monkeypatch):
    from resnet_studio import event_log

    times = iter([400.0, 300.0, 200.0, 100.0])
    monkeypatch.setattr(event_log, "time", SimpleNamespace(time=lambda: next(times)))
    for place, run in enumerate(runs, 1):
        run.append(Queued(owner="00000000-1-1-x", place=place))
    assert left_waiting(workspace) == runs


@pytest.fixture
def blocked_training(monkeypatch):
    """What is trained, device by device; each training ends when its run's name is put into the set."""
    begun, go = [], set()

    def drive(run, control):
        begun.append(run.id)
        wait_for(lambda: run.id in go or control.request)

    monkeypatch.setattr(jobs_module, "drive", drive)
    return begun, go


def test_every_device_has_a_queue_of_its_own(workspace, runs, blocked_training):
    begun, go = blocked_training
    devices = dict(zip([run.id for run in runs], ["cuda:0", "cuda:0", "cuda:1", "cuda:1"], strict=True))
    queue = Jobs(workspace, lambda run: devices[run.id])
    for run in runs:
        queue.submit(run)
    first, second, third, fourth = (run.id for run in runs)
    wait_for(lambda: len(begun) == 2)
    assert sorted(queue.running()) == sorted([first, third]) and queue.queued() == [second, fourth]
    wait_for(lambda: [queue.place(run.id) for run in runs] == [0, 1, 0, 1])  # once the device of each is known
    go.add(third)  # the other device is still busy
    wait_for(lambda: fourth in begun)
    assert second not in begun and queue.place(second) == 1
    queue.stop(first)
    wait_for(lambda: second in begun)
    queue.close()
    assert queue.running() == [] and begun.count(first) == 1


def test_one_device_trains_one_run_at_a_time_in_the_order_of_the_queue(workspace, runs, blocked_training):
    begun, go = blocked_training
    queue = Jobs(workspace)
    for run in runs:
        queue.submit(run)
    for number, run in enumerate(runs, 1):
        wait_for(lambda number=number: len(begun) == number)
        assert queue.running() == [run.id] and len(queue.queued()) == len(runs) - number
        go.add(run.id)
    queue.close()
    assert begun == [run.id for run in runs]


def test_a_device_that_is_not_there_or_cannot_be_asked_for_holds_up_nobody(workspace, runs, trained_runs):
    def device(run):
        if run == runs[0]:
            raise RuntimeError("driver")
        return "cpu"

    queue = Jobs(workspace, device)
    for run in runs:
        queue.submit(run)
    wait_for(lambda: len(trained_runs) == len(runs))
    queue.close()


@pytest.mark.parametrize(("named", "device"), [("cpu", "cpu"), ("auto", "cpu"), ("cuda:9", "cpu"), ("cuda", "cuda:0")])
def test_the_queue_of_a_run_is_that_of_the_device_its_settings_come_to(workspace, monkeypatch, named, device):
    import torch

    from resnet_studio.config import TrainConfig
    from resnet_studio.model import device as devices

    if named == "cuda":
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    elif torch.cuda.is_available():
        pytest.skip("this machine has a card")
    devices.cuda_works.cache_clear()
    run = new_run(workspace, resolved=TrainConfig(epochs=1, device=named))
    assert jobs_module.device_of(run) == device


def owned(workspace, name, who, **about):
    run = new_run(workspace, name=name, count=3)
    settings = run.settings
    run.write_settings(dataclasses.replace(settings, about={**settings.about, "owner": f"person:{who}", **about}))
    return workspace.run(run.id)


def test_others_have_their_turn_between_the_parts_of_a_study_which_then_goes_on(workspace, monkeypatch):
    import threading

    trained, go = [], threading.Event()
    monkeypatch.setattr(jobs_module, "drive", lambda run, control: (trained.append(run.id), go.wait(20))[:0])
    parts = [owned(workspace, f"part{at}", "ada") for at in range(3)]
    more, bobs = owned(workspace, "more", "ada"), owned(workspace, "bobs", "bob")
    queue = Jobs(workspace, device_of=lambda _: "cpu")
    queue.submit(*parts)
    wait_for(lambda: trained)
    queue.submit(more)
    queue.submit(bobs)
    wait_for(lambda: queue.queued() == [bobs.id, more.id])  # once it is known on what they compute
    go.set()
    wait_for(lambda: len(trained) == 5)
    assert trained == [run.id for run in (parts[0], bobs, parts[1], parts[2], more)]
    queue.close()


def test_a_study_whose_owner_is_alone_is_not_interrupted_and_one_that_waits_between_parts_can_be_stopped(
    workspace, monkeypatch
):
    import threading

    trained, gates = [], {}

    def drive(run, control):
        trained.append(run.id)
        gates.setdefault(run.id, threading.Event()).wait(20)

    monkeypatch.setattr(jobs_module, "drive", drive)
    parts = [owned(workspace, f"part{at}", "ada") for at in range(3)]
    bobs = owned(workspace, "bobs", "bob")
    for run in parts:
        run.append(Queued())
    queue = Jobs(workspace, device_of=lambda _: "cpu")
    queue.submit(*parts)
    wait_for(lambda: trained)
    gates.setdefault(parts[0].id, threading.Event()).set()
    wait_for(lambda: len(trained) == 2)
    queue.submit(bobs)
    gates.setdefault(parts[1].id, threading.Event()).set()
    wait_for(lambda: trained[-1] == bobs.id)
    assert queue.place(parts[2].id) == 1
    queue.stop(parts[2].id)
    assert queue.place(parts[2].id) is None and parts[2].state().status == "interrupted"
    gates.setdefault(bobs.id, threading.Event()).set()
    queue.close()
    assert trained == [run.id for run in (parts[0], parts[1], bobs)]


def test_another_program_sees_the_places_that_the_queue_itself_has_and_how_long_it_takes(
    workspace, monkeypatch, capsys
):
    go = set()

    def drive(run, control):
        with run.lock().acquire(timeout=0):
            run.append(Started(device="CPU", precision="fp32", epochs=3))
            run.append(Progress(epoch=1, batch=1, batches=9, remaining_seconds=100.0, **dict.fromkeys(MEASURED, 1.0)))
            wait_for(lambda: run.id in go)
        run.append(Interrupted())

    monkeypatch.setattr(jobs_module, "drive", drive)
    queue = Jobs(workspace, device_of=lambda _: "cpu")
    runs = {name: owned(workspace, name, name[:3]) for name in ("ada1", "ada2", "ada3", "bob1", "bob2", "eve1")}
    queue.submit(runs["ada1"])
    wait_for(lambda: queue.running())
    for name in ("ada2", "ada3", "bob1", "bob2", "eve1"):
        queue.submit(runs[name])
    new_run(workspace, name="left").append(Queued(owner="00000000-1-1-x", place=1))  # by a program that has ended

    def listed():
        assert cli.main(["runs", "--json", "--workspace", str(workspace.root)]) == 0
        rows = json.loads(capsys.readouterr().out)["runs"]
        return {row["run"]: (row["place"], row["expected_wait_seconds"]) for row in rows}

    def agree():
        found = {id: place for id, (place, _) in listed().items()}
        return all(found[run.id] == queue.place(run.id) for run in runs.values())

    wait_for(lambda: agree() and listed()[runs["bob1"].id] == (1, 100.0))
    found = listed()
    assert found[runs["ada1"].id] == (0, None)
    assert [place for place, _ in found.values()].count(None) == 1
    go.add(runs["ada1"].id)
    wait_for(lambda: queue.running() == [runs["bob1"].id])
    wait_for(lambda: agree() and listed()[runs["eve1"].id] == (1, 100.0))
    assert cli.main(["runs", "--workspace", str(workspace.root)]) == 0
    assert "place 1, 1 min 40 s to wait" in capsys.readouterr().out
    go |= {run.id for run in runs.values()}
    queue.close()


def test_limits_of_the_queue_are_counted(workspace, monkeypatch):
    import threading

    go, met = threading.Event(), []
    monkeypatch.setattr(jobs_module, "drive", lambda run, control: go.wait(20))
    queue = Jobs(workspace, device_of=lambda _: "cpu", limits=Limits(waiting_each=1, waiting_all=2), met=met.append)
    for at in range(2):
        queue.submit(owned(workspace, f"ada{at}", "ada"))
        wait_for(lambda: queue.running())
    with pytest.raises(StudioError):
        queue.check_room("person:ada")
    queue.submit(owned(workspace, "bobs", "bob"))
    with pytest.raises(StudioError):
        queue.check_room("person:bob")
    assert met == ["waiting_each", "waiting_all"]
    go.set()
    queue.close()
