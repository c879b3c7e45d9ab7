"""Which processor a model computes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from resnet_studio.errors import ConfigError

if TYPE_CHECKING:
    import torch

FEW_PICTURES = 2
"""For so many, a second thread gains nothing: see :func:`threads_for`."""


def layout(device: torch.device) -> torch.memory_format:
    """The memory format that networks compute in: channels last, but not on Metal, whose gradients of BatchNorm and
    max-pooling are wrong in it (pytorch/pytorch issues 175189 and 175190).
    """
    import torch

    return torch.contiguous_format if device.type == "mps" else torch.channels_last


@cache
def cuda_works() -> bool:
    """Whether there is a CUDA card that this PyTorch has kernels for: old cards are listed, and fail at the first."""
    import torch

    try:
        return torch.cuda.is_available() and bool(torch.zeros(1, device="cuda").add_(1).item() == 1)
    except RuntimeError:
        return False


def choose_device(name: str) -> torch.device:
    """The torch device called ``name``; ``auto`` takes CUDA, then Apple's MPS, then the CPU.

    Raises :class:`ConfigError` where the machine does not have it.
    """
    import torch

    if name == "auto":
        name = "cuda" if cuda_works() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError("error.device.unknown", device=name) from error
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(device.type, False):
        raise ConfigError("error.device.missing", device=name)
    return device


def check_devices(name: str, count: int) -> None:
    """Raise :class:`ConfigError` where this machine has no ``count`` GPUs of the kind ``name``; a CPU takes any."""
    if count == 1:
        return
    import torch

    found = {"cuda": torch.cuda.device_count(), "mps": 1}.get(choose_device(name).type, count)
    if count > found:
        raise ConfigError("error.devices.missing", devices=count, found=found)


@contextmanager
def threads_for(pictures: int, device: torch.device) -> Iterator[None]:
    """Compute with one thread within, where a CPU computes for a few ``pictures``; in the calling thread alone.

    Threads wait for each other after every layer. Beside other programs each wait lasts until the slower one gets a
    core: on two cores, among eleven busy programs, one picture took a ResNet-18 0.6 s with two threads (2.4 s where
    they spin while they wait) and 0.3 s with one; on idle cores 25 and 23 ms. ``torch.set_num_threads`` would also be
    taken over by every thread that begins meanwhile, a training's too.
    """
    import torch

    if device.type != "cpu" or pictures > FEW_PICTURES or torch.get_num_threads() == 1:
        yield
        return
    with _openmp().limit(limits=1):
        yield


@cache
def _openmp() -> Any:
    """The libraries of threads that torch has loaded; to find them takes 26 ms."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="openmp")
