"""Whether a device computes what it should: two trained steps on it beside the same two in double precision.

Drivers and kernels can be wrong without an error; gradients of channels-last BatchNorm on Metal have been
(pytorch/pytorch issues 175189 and 175190).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.models import ResNet

from resnet_studio.config import TrainConfig
from resnet_studio.model import resnet
from resnet_studio.model.device import layout
from resnet_studio.training import graphs, hardware
from resnet_studio.training.batches import autocast
from resnet_studio.training.optim import make_optimizer

PICTURES, CLASSES, SIDE = 8, 3, 16
RATE, MOMENTUM = 0.05, 0.9
STEPS = 2
ALLOWED = {"fp32": 0.02, "bf16": 0.3}
"""Largest relative difference of what two steps change; a gradient of the wrong sign or layout gives 1 and more."""


@dataclass(frozen=True, kw_only=True)
class DeviceCheck:
    """What came of it. ``difference``: the norm of what two steps change on the device less what they change in double
    precision on the CPU, by the norm of the latter; None where ``problem`` says why there is none.
    """

    device: str
    name: str
    precision: str
    graphs: bool = False
    difference: float | None = None
    seconds: float = 0.0
    problem: str = ""

    @property
    def sound(self) -> bool:
        """Whether the device may be trained on."""
        return self.difference is not None and self.difference <= ALLOWED[self.precision]


def devices() -> list[torch.device]:
    """All that this machine has: the CPU, every CUDA card, Apple's GPU."""
    found = [torch.device("cpu")]
    found += [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    return found + ([torch.device("mps")] if torch.backends.mps.is_available() else [])


def check_device(device: torch.device) -> list[DeviceCheck]:
    """Train on ``device`` in each precision that a training may choose there, on CUDA also as graphs."""
    fastest = hardware.choose_compute("auto", device)
    ways = [(compute, False) for compute in dict.fromkeys([hardware.choose_compute("fp32", device), fastest])]
    if device.type == "cuda":
        ways.append((fastest, True))
    return [_check(device, compute, as_graphs) for compute, as_graphs in ways]


def _check(device: torch.device, compute: hardware.Compute, as_graphs: bool) -> DeviceCheck:
    begun = time.perf_counter()
    name = hardware.describe(device)
    facts = {"device": str(device), "name": name, "precision": compute.precision, "graphs": as_graphs}
    try:
        difference = _difference(changes(device, compute, as_graphs), _reference())
    except RuntimeError as error:  # whatever a driver says
        return DeviceCheck(**facts, problem=str(error).partition("\n")[0])  # type: ignore[arg-type]
    return DeviceCheck(**facts, difference=difference, seconds=time.perf_counter() - begun)  # type: ignore[arg-type]


def _network() -> ResNet:
    network = resnet.build(18, CLASSES, stem="small", seed=0)
    network.train()
    return network


def _batch() -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)
    return torch.randn(PICTURES, 3, SIDE, SIDE, generator=draw), torch.arange(PICTURES) % CLASSES


def changes(device: torch.device, compute: hardware.Compute, as_graphs: bool) -> list[Tensor]:
    """What two steps change in each parameter, by the means that a training uses on ``device``."""
    network = _network()
    before = [value.detach().double() for value in network.parameters()]
    compute.prepare(network)
    network.to(device, memory_format=layout(device))
    config = TrainConfig(optimizer="sgd", learning_rate=RATE, momentum=MOMENTUM, weight_decay=0)
    optimizer = make_optimizer([("all", list(network.parameters()))], config, fused=True)
    for group in optimizer.param_groups:
        group["lr"] = RATE
    pictures, labels = (values.to(device) for values in _batch())
    pictures = pictures.contiguous(memory_format=layout(device))
    forward = graphs.graphed(network, pictures, compute) if as_graphs else network
    for _ in range(STEPS):
        with autocast(device, compute):
            logits = forward(pictures)
        F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return [value.detach().cpu().double() - old for value, old in zip(network.parameters(), before, strict=True)]


def _reference() -> list[Tensor]:
    """The same in double precision on the CPU, with torch's plain optimiser."""
    network = _network().double()
    before = [value.detach().clone() for value in network.parameters()]
    optimizer = torch.optim.SGD(network.parameters(), RATE, momentum=MOMENTUM, nesterov=True, foreach=False)
    pictures, labels = _batch()
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(network(pictures.double()), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return [value.detach() - old for value, old in zip(network.parameters(), before, strict=True)]


def _difference(found: list[Tensor], expected: list[Tensor]) -> float:
    apart = [one - other for one, other in zip(found, expected, strict=True)]
    return _norm(apart) / _norm(expected)


def _norm(values: list[Tensor]) -> float:
    return float(torch.stack([value.square().sum() for value in values]).sum().sqrt())
