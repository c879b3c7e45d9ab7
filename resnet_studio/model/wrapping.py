"""Weights in the wrappings that they are published in: what a training script, Lightning or DataParallel put around."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Value = TypeVar("Value")

_TABLES = (
    "state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "backbone", "encoder",
    "weights", "params",
)  # fmt: skip
_DEEPEST = 4
_STEMS = ("conv1.weight", "conv1.0.weight")  # of one convolution, and of three
_FIRST, _LAST = "layer1.0.conv1.weight", "layer4.0.conv1.weight"


def table(saved: object) -> object:
    """The table of tensors in what was ``saved`` beside an epoch, an optimizer and the like; ``saved`` without any."""
    import torch

    for _ in range(_DEEPEST):
        if not isinstance(saved, Mapping) or any(isinstance(value, torch.Tensor) for value in saved.values()):
            break
        inner = next((saved[key] for key in _TABLES if isinstance(saved.get(key), Mapping)), None)
        if inner is None:
            break
        saved = inner
    return saved


def resnet_in(state: Mapping[str, Value]) -> dict[str, Value]:
    """The entries of ``state`` that are a ResNet's, named as its library names them.

    Where the network is a part of another, its names begin alike (``module.``, ``model.backbone.``); the rest is
    left out then. Without such a part ``state`` stays as it is; of two the first is used.
    """
    starts = [key.removesuffix(stem) for key in state for stem in _STEMS if key.endswith(stem)]
    begin = next((start for start in starts if {start + _FIRST, start + _LAST} <= state.keys()), "")
    if begin and not begin.endswith("."):
        return dict(state)
    return {key.removeprefix(begin): value for key, value in state.items() if key.startswith(begin)}
