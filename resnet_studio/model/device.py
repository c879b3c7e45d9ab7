"""Which processor a model computes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet_studio.errors import ConfigError

if TYPE_CHECKING:
    import torch


def choose_device(name: str) -> torch.device:
    """The torch device called ``name``; ``auto`` takes CUDA, then Apple's MPS, then the CPU.

    Raises :class:`ConfigError` where the machine does not have it.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
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
