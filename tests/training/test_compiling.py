"""Compiling the trained part: only where it pays, without a trace in what is learned, and at no risk."""

import pytest
import torch

from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.events import Finished, Noted
from resnet_studio.model import checkpoint, resnet
from resnet_studio.training import compiling, plan
from resnet_studio.training.control import Control
from resnet_studio.training.hardware import Compute
from resnet_studio.training.jobs import drive

pytestmark = pytest.mark.slow

FP32 = Compute("fp32")
QUICK = TrainConfig(weights="scratch", epochs=2, batch_size=16, picture_size=16, precision="fp32", device="cpu")


@pytest.fixture
def new_run(class_folders, workspace, narrow_here):
    dataset = open_data(class_folders({"crimson": 20, "seagreen": 20}), workspace)
    return lambda: plan.new_run(dataset, QUICK, workspace)


def trained(run):
    assert isinstance(drive(run, Control()), Finished)
    return checkpoint.load(run.best).model.state_dict()


def test_only_a_gpu_with_much_left_to_do_earns_it_back():
    gpu, cpu = torch.device("cuda"), torch.device("cpu")
    assert compiling.worthwhile(gpu, 3600)
    assert not compiling.worthwhile(gpu, 60)
    assert not compiling.worthwhile(cpu, 3600)


def test_what_is_compiled_gives_the_same_gradients_and_leaves_no_trace():
    torch.manual_seed(0)
    network = resnet.cut(resnet.build(18, 3), "layer3").suffix.train()
    features, other = torch.rand(8, 256, 4, 4), torch.rand(5, 256, 4, 4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    forward = compiling.compiled(network, features, FP32, backend="aot_eager")
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(weight.grad is None for weight in network.parameters())
    for batch in (features, other):
        gradients = []
        for way in (network, forward):
            network.load_state_dict(before)
            network.zero_grad()
            way(batch).square().mean().backward()
            gradients.append([weight.grad.clone() for weight in network.parameters()])
        assert all(torch.allclose(one, two, atol=1e-6) for one, two in zip(*gradients, strict=True))


@pytest.mark.long
def test_both_batch_sizes_of_an_epoch_are_compiled_and_no_other(monkeypatch):
    network, asked = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2)), []
    monkeypatch.setattr(torch, "compile", lambda way, **_: lambda batch: (asked.append(len(batch)), way(batch))[1])
    forward = compiling.compiled(network, torch.rand(8, 4), FP32)
    assert sorted(asked) == [7, 8]
    for size in (7, 8, 5, 9):
        assert forward(torch.rand(size, 4)).shape == (size, 2)
    assert sorted(asked[2:]) == [7, 8]


@pytest.mark.long
def test_a_training_that_is_compiled_learns_the_same(new_run, monkeypatch):
    plain = trained(new_run())
    shapes = []

    def compiled(network, inputs, compute):
        shapes.append(tuple(inputs.shape))
        return original(network, inputs, compute, backend="aot_eager")

    original = compiling.compiled
    monkeypatch.setattr(compiling, "worthwhile", lambda device, seconds: seconds >= 0)
    monkeypatch.setattr(compiling, "compiled", compiled)
    fast = trained(new_run())
    assert shapes == [(14, 3, 16, 16)]
    assert all(torch.allclose(plain[name].float(), fast[name].float(), atol=1e-4) for name in plain)


def test_a_compiler_that_fails_costs_a_note_and_nothing_else(new_run, monkeypatch):
    def failing(network, inputs, compute):
        raise RuntimeError("no C compiler\nand a long story")

    plain = trained(new_run())
    monkeypatch.setattr(compiling, "worthwhile", lambda device, seconds: seconds >= 0)
    monkeypatch.setattr(compiling, "compiled", failing)
    run = new_run()
    assert all(torch.equal(value, plain[name]) for name, value in trained(run).items())
    notes = [event for event in run.events() if isinstance(event, Noted) and event.key == "note.not_compiled"]
    assert [note.values for note in notes] == [{"reason": "no C compiler"}]
