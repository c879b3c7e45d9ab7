"""Which processor a model computes on."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from resnet_studio.errors import ConfigError

if TYPE_CHECKING:
    import torch


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
