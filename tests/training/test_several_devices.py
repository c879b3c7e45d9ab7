"""Two processes train one network on the CPU (gloo), to the losses of one; nothing is lost when one of them dies."""

import json
import os
import subprocess
import sys
import threading

import pytest
import torch
from waiting import wait_for

from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.errors import ConfigError, RunError
from resnet_studio.events import EpochFinished, Finished, Interrupted, Started
from resnet_studio.model import checkpoint
from resnet_studio.training import launch, plan
from resnet_studio.training.control import Control
from resnet_studio.training.driving import ask, drive, wait_for_end
from resnet_studio.training.world import World, is_follower, join

BASE = TrainConfig(weights="scratch", epochs=2, batch_size=16, picture_size=16, precision="fp32", device="cpu")


@pytest.fixture
def dataset(class_folders, workspace):
    return open_data(class_folders({"crimson": 25, "seagreen": 22}), workspace)


@pytest.fixture
def new_run(dataset, workspace):
    return lambda **changes: plan.new_run(dataset, BASE.replace(**changes), workspace)


@pytest.fixture
def processes(monkeypatch):
    """The processes of the latest training on several devices."""
    found, start = [], launch.start_processes

    def started(run, devices):
        found[:] = start(run, devices)
        return found

    monkeypatch.setattr(launch, "start_processes", started)
    yield found
    for child in found:
        assert child.poll() is not None  # none is left behind


def losses(run):
    return [(epoch.train_loss, epoch.validation_loss) for epoch in run.state().epochs]


@pytest.mark.parametrize("count", [2, 7, 16, 33])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_picture_of_a_batch_is_computed_by_one_process(count, size):
    shares = [list(range(count))[World(rank, size).part(count)] for rank in range(size)]
    assert [row for share in shares for row in share] == list(range(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1 or size == 1


def test_alone_nothing_is_exchanged():
    alone, control, values = World(), Control(), [torch.ones(3)]
    alone.add_up(values)
    assert values[0].tolist() == [1, 1, 1] and alone.share(3) == 3 and alone.agreed(control) is control
    assert join() == World() and not is_follower()


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"accumulate_steps": 2, "optimizer": "sgd"}, id="all"),  # BatchNorm sees the whole batch
        pytest.param(
            {"weights": "starter", "freeze": "layer2", "augmentation": "standard", "mix": "mixup", "picture_size": 32},
            marks=pytest.mark.long,
            id="mixed",
        ),
    ],
)
def test_two_processes_come_to_the_losses_of_one_with_the_same_whole_batch(new_run, processes, settings):
    one, two = new_run(**settings), new_run(**settings, devices=2)
    assert isinstance(drive(one, Control()), Finished)
    assert isinstance(drive(two, Control()), Finished) and len(processes) == 2
    for alone, together in zip(losses(one), losses(two), strict=True):
        assert together == pytest.approx(alone, rel=2e-3, abs=2e-4)
    weights, others = (checkpoint.load(run.best).model.state_dict() for run in (one, two))
    assert list(weights) == list(others)


@pytest.mark.long
@pytest.mark.slow
def test_a_pause_and_a_resume_end_as_two_undisturbed_processes_do_to_the_bit(new_run, processes):
    straight, broken, control = new_run(devices=2, epochs=4), new_run(devices=2, epochs=4), Control()
    drive(straight, Control())

    def on_event(event):
        if isinstance(event, EpochFinished):
            control.pause()

    assert isinstance(drive(broken, control, on_event), Interrupted)
    assert 1 <= len(broken.state().epochs) < 4
    assert isinstance(drive(broken, Control()), Finished)
    assert losses(straight) == losses(broken)
    one, two = (checkpoint.load(run.best).model.state_dict() for run in (straight, broken))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert len([event for event in broken.events() if isinstance(event, Started)]) == 2


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, pytest.param(1, marks=pytest.mark.long)])
def test_when_one_process_is_killed_the_other_ends_and_the_run_can_be_resumed(new_run, processes, rank):
    run, ends = new_run(devices=2, epochs=300), []
    thread = threading.Thread(target=lambda: ends.append(drive(run, Control())))
    thread.start()
    wait_for(lambda: len(run.state().epochs) >= 1)
    processes[rank].kill()
    thread.join(90)
    assert not thread.is_alive() and all(child.poll() is not None for child in processes)
    assert isinstance(ends[0], Interrupted) and ends[0].key == "error.devices.lost"
    assert run.state().status == "interrupted" and run.state_file.exists() and not run.held()
    stop = Control()
    end = drive(run, stop, lambda event: stop.stop() if isinstance(event, EpochFinished) else None)
    assert isinstance(end, Finished) and end.reason == "stopped"


@pytest.mark.long
@pytest.mark.slow
def test_any_process_of_the_workspace_stops_it_and_the_death_of_the_starter_pauses_it(new_run, workspace):
    run = new_run(devices=2, epochs=2000)
    command = [sys.executable, "-m", "resnet_studio", "resume", run.id, "--workspace", str(workspace.root), "--json"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for(lambda: len(run.state().epochs) >= 1)
    child.kill()
    child.wait()
    wait_for(lambda: not run.held())
    assert run.state().interrupted is not None and run.state().status == "interrupted"
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    done = len(run.state().epochs)
    wait_for(lambda: len(run.state().epochs) > done)
    assert wait_for_end(run, ask(run, "stop"), 60)
    assert child.wait(60) == 0 and json.loads(child.stdout.read())["reason"] == "stopped"


@pytest.mark.long
@pytest.mark.slow
def test_torchrun_starts_it_too_and_one_object_comes_out(class_folders, workspace):
    pictures = class_folders({"crimson": 20, "seagreen": 20})
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "resnet_studio",
        "train", str(pictures), "--weights=scratch", "--epochs=1", "--picture-size=16", "--device=cpu",
        "--workspace", str(workspace.root), "--json",
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["run"] == workspace.runs()[0].id and len(workspace.runs()) == 1


def test_more_gpus_than_there_are_are_refused_before_anything_is_made(new_run, workspace, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ConfigError, match="asks for 3 GPUs, and this machine has 2"):
        new_run(device="cuda", devices=3)
    assert workspace.runs() == []
    with pytest.raises(RunError, match="this machine has 2"):
        World(2, 3, local_rank=2).device(torch.device("cuda"))
