"""CUDA graphs: only where one step is like the next, and never in the way of a training."""

import numpy as np
import pytest
import torch

from resnet_studio.config import TrainConfig
from resnet_studio.model import resnet
from resnet_studio.training import compiling, graphs
from resnet_studio.training.hardware import Compute

CUDA, CPU = torch.device("cuda"), torch.device("cpu")
PLAIN = TrainConfig(weights="scratch", epochs=2, batch_size=8, picture_size=32)


def test_steps_alike_on_a_card_are_replayed(monkeypatch):
    assert graphs.supports_graphs(CUDA, PLAIN, graphs.WORTHWHILE_STEPS)
    assert not graphs.supports_graphs(CPU, PLAIN, 10_000)
    assert not graphs.supports_graphs(CUDA, PLAIN, graphs.WORTHWHILE_STEPS - 1)
    monkeypatch.setenv(graphs.SWITCH, "0")
    assert not graphs.supports_graphs(CUDA, PLAIN, 10_000)


@pytest.mark.parametrize("option", [{"accumulate_steps": 2}, {"adversarial": 0.01}, {"gradual_unfreezing": 1}])
def test_steps_with_a_second_backward_pass_or_other_parameters_are_not(option):
    assert not graphs.supports_graphs(CUDA, PLAIN.replace(**option), 10_000)


class Materials:
    """As much of a training's as recording looks at."""

    def __init__(self, device):
        self.device, self.config, self.compute = device, PLAIN, Compute("fp32")
        self.suffix = torch.nn.Linear(4, 2)
        self.batches = self

    def train(self, indices, size):
        return torch.rand(len(indices), 4), None, None


@pytest.fixture
def trained_part(monkeypatch):
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    materials = Materials(CUDA)
    return compiling.TrainedPart(materials, steps=100), materials.suffix


def test_a_recording_is_used_until_memory_runs_out(trained_part, monkeypatch):
    recorded = lambda batch: batch  # noqa: E731 - only its identity matters
    monkeypatch.setattr(compiling, "graphed", lambda *_: recorded)
    part, network = trained_part
    assert part.speed_up(0, [], np.arange(8)) == [] and part.forward is recorded
    part.use_uncompiled()
    assert part.forward is network


def test_what_cannot_be_recorded_is_trained_as_it_is(trained_part, monkeypatch):
    def fails(*_):
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    monkeypatch.setattr(compiling, "graphed", fails)
    part, network = trained_part
    assert part.speed_up(0, [], np.arange(8)) == [] and part.forward is network


def test_a_size_is_recorded_once(trained_part, monkeypatch):
    asked = []
    monkeypatch.setattr(compiling, "graphed", lambda network, inputs, compute: asked.append(len(inputs)) or network)
    part, _ = trained_part
    for epoch in range(2):
        part.speed_up(epoch, [], np.arange(8))
    assert asked == [8]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card")
@pytest.mark.parametrize("freeze", ["none", "layer3"])
def test_a_replay_gives_the_same_gradients_and_statistics(freeze):
    model = resnet.build(18, 3, stem="small", seed=0).to(CUDA, memory_format=torch.channels_last)
    network = resnet.cut(model, freeze).suffix.train()
    channels = 3 if freeze == "none" else 256
    batches = [torch.rand(size, channels, 8, 8, device=CUDA).contiguous(memory_format=torch.channels_last)
               for size in (8, 7, 8, 5)]  # fmt: skip
    before = {name: value.clone() for name, value in network.state_dict().items()}
    replayed = graphs.graphed(network, batches[0], Compute("fp32"))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    found = []
    for way in (network, replayed):
        network.load_state_dict(before)
        for batch in batches:
            network.zero_grad()
            way(batch).square().mean().backward()
        found.append([weight.grad.clone() for weight in network.parameters() if weight.requires_grad])
        found[-1] += [value.clone() for value in network.buffers()]
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(*found, strict=True))
