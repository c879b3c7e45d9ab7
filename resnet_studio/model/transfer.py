"""From a table of tensors into a model: everything fits exactly, or nothing is touched and a sentence says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from resnet_studio.errors import WeightsError
from resnet_studio.model.anatomy import DEPTHS, blocks, feature_channels

Key = TypeVar("Key", str, int)

_HEAD = "fc."
_COUNTER = ".num_batches_tracked"


def fill(model: nn.Module, depth: int, state: Mapping[str, Tensor], name: str) -> None:
    """Copy all of ``state`` but the head into ``model``, a ResNet of ``depth``; ``name`` is the weights' in errors.

    Counters of BatchNorm may be missing, as in weights from before PyTorch 0.4.1; nothing else may be missing, left
    over or of another shape: :class:`WeightsError` says what the weights are instead.
    """
    own = _body(model.state_dict())
    given = _body(state)
    missing = {key for key in own if not key.endswith(_COUNTER)} - given.keys()
    if missing or given.keys() - own.keys() or any(given[key].shape != own[key].shape for key in given):
        raise _misfit(state, depth, own["conv1.weight"], name)
    _copy(own, given)


def fill_head(model: nn.Module, state: Mapping[str, Tensor]) -> bool:
    """Copy the head in ``state`` into ``model`` where it has the same layers; says whether it did.

    Dropout moves the layers' names but has no weights, so layers are matched by their order.
    """
    own = [value for key, value in model.state_dict().items() if key.startswith(_HEAD)]
    given = [value for key, value in state.items() if key.startswith(_HEAD)]
    if [value.shape for value in own] != [value.shape for value in given]:
        return False
    _copy(dict(enumerate(own)), dict(enumerate(given)))
    return True


def depth_of(state: Mapping[str, Tensor]) -> int | None:
    """The depth of the ResNet whose weights ``state`` holds, or None where they are none of the five."""
    counts = tuple(
        len({key.split(".")[1] for key in state if key.startswith(f"layer{stage}.")}) for stage in (1, 2, 3, 4)
    )
    width = state["layer4.0.downsample.0.weight"].shape[0] if "layer4.0.downsample.0.weight" in state else 0
    return next((depth for depth in DEPTHS if blocks(depth) == counts and feature_channels(depth) == width), None)


def _body(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if not key.startswith(_HEAD)}


def _copy(own: Mapping[Key, Tensor], given: Mapping[Key, Tensor]) -> None:
    with torch.no_grad():
        for key, value in given.items():
            own[key].copy_(value)


def _misfit(state: Mapping[str, Tensor], depth: int, own_stem: Tensor, name: str) -> WeightsError:
    """Why ``state`` does not fit a ResNet of ``depth``."""
    found = depth_of(state)
    if found is None:
        return WeightsError("error.weights.not_resnet", file=name)
    if found != depth:
        biases = [value for key, value in state.items() if key.startswith(_HEAD) and key.endswith("bias")]
        classes = biases[-1].shape[0] if biases else 0
        return WeightsError("error.weights.other_depth", file=name, found=found, classes=classes, depth=depth)
    stem = state.get("conv1.weight")
    if stem is not None and stem.shape != own_stem.shape:
        small = stem.shape[-1] == 3
        return WeightsError("error.weights.small_stem" if small else "error.weights.standard_stem", file=name)
    return WeightsError("error.weights.not_resnet", file=name)
