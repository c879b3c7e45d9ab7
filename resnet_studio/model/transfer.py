"""From a table of tensors into a model: everything fits exactly, or nothing is changed and an error explains why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from resnet_studio.errors import WeightsError
from resnet_studio.model.anatomy import inner_widths
from resnet_studio.model.architecture import Architecture, Network, available, get

Key = TypeVar("Key", str, int)

HEAD = ("fc.", "avgpool.", "global_pool.")  # what standardises features belongs to the head on them
_COUNTER = ".num_batches_tracked"


def fill(model: nn.Module, network: Network, state: Mapping[str, Tensor], name: str) -> None:
    """Copy all of ``state`` but the head into ``model``, a ``network``; ``name`` is the weights' in errors.

    Counters of BatchNorm may be missing, as in weights from before PyTorch 0.4.1; nothing else may be missing, left
    over or of another shape: :class:`WeightsError` says what the weights are instead.
    """
    own = _body(model.state_dict())
    given = _body(state)
    missing = {key for key in own if not key.endswith(_COUNTER)} - given.keys()
    if missing or given.keys() - own.keys() or any(given[key].shape != own[key].shape for key in given):
        raise _misfit(state, get(network), own, name)
    _copy(own, given)


def fill_head(model: nn.Module, state: Mapping[str, Tensor]) -> bool:
    """Copy the head in ``state`` into ``model`` where it has the same layers; says whether it did.

    Dropout moves the layers' names but has no weights, so layers are matched by their order.
    """
    own = [value for key, value in model.state_dict().items() if key.startswith(HEAD)]
    given = [value for key, value in state.items() if key.startswith(HEAD)]
    if [value.shape for value in own] != [value.shape for value in given]:
        return False
    _copy(dict(enumerate(own)), dict(enumerate(given)))
    return True


def network_of(state: Mapping[str, Tensor]) -> Architecture | None:
    """The architecture of the weights in ``state``, whatever its stem; None where none that can be built here fits."""
    from resnet_studio.model.resnet import skeleton

    given, counts = _stages(state), _blocks(state)
    for entry in available():
        if entry.blocks == counts:
            widths = widths_in(state, entry)
            if widths is not None and _stages(skeleton(entry, 1, widths=widths).state_dict()) == given:
                return entry
    return None


def widths_in(state: Mapping[str, Tensor], network: Architecture) -> tuple[int, ...] | None:
    """The inner widths of a ``network`` with the weights in ``state``, empty where they are the usual ones; None where
    such a network cannot have these.
    """
    names = ("bn1", "bn2") if network.bottleneck else ("bn1",)
    blocks = [f"layer{stage}.{block}" for stage, count in enumerate(network.blocks, 1) for block in range(count)]
    norms = [state.get(f"{block}.{name}.weight") for block in blocks for name in names]
    found = tuple(len(each) for each in norms if each is not None and each.ndim == 1)
    usual = inner_widths(network)
    if found == usual:
        return ()
    fits = len(found) == len(usual) and all(own <= full for own, full in zip(found, usual, strict=True))
    return found if fits and network.groups == 1 else None


def _blocks(state: Mapping[str, Tensor]) -> tuple[int, ...]:
    """How many residual blocks each of the four stages has."""
    return tuple(
        len({key.split(".")[1] for key in state if key.startswith(f"layer{stage}.")}) for stage in (1, 2, 3, 4)
    )


def _stages(state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """The shapes of all weights between stem and head."""
    return {key: value.shape for key, value in state.items() if key.startswith("layer") and not key.endswith(_COUNTER)}


def _body(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if not key.startswith(HEAD)}


def _copy(own: Mapping[Key, Tensor], given: Mapping[Key, Tensor]) -> None:
    with torch.no_grad():
        for key, value in given.items():
            own[key].copy_(value)


def _misfit(state: Mapping[str, Tensor], network: Architecture, own: Mapping[str, Tensor], name: str) -> WeightsError:
    """Why ``state`` does not fit a ``network`` whose weights are ``own``."""
    found = network_of(state)
    if found is None:
        return WeightsError("error.weights.not_resnet", file=name)
    if found != network:
        biases = [value for key, value in state.items() if key.startswith(HEAD) and key.endswith("bias")]
        classes = biases[-1].shape[0] if biases else 0
        if not classes:  # a network that learned without labels, or one without its head
            return WeightsError("error.weights.other_body", file=name, fitting=found.title, network=network.title)
        values = {"fitting": found.title, "classes": classes, "network": network.title}
        return WeightsError("error.weights.other_depth", file=name, **values)
    stem, own_stem = _stem(state), _stem(own)
    if stem and stem != own_stem:
        return WeightsError(f"error.weights.{'small' if _is_small(stem) else 'standard'}_stem", file=name)
    return WeightsError("error.weights.not_resnet", file=name)


def _stem(state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """The shapes of the stem's convolutions: one, or three in a deep stem."""
    return {key: value.shape for key, value in state.items() if key.startswith("conv1.") and value.dim() == 4}


def _is_small(stem: Mapping[str, torch.Size]) -> bool:
    return [shape[-1] for shape in stem.values()] == [3]
