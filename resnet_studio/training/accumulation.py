"""Gradient accumulation: the gradients that one update gathers are those of one large batch of all its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from resnet_studio.training.materials import class_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.training.materials import Materials


@dataclass(frozen=True)
class Share:
    """What a batch weighs (its pictures, each times the weight of its class), and which share of its group that is."""

    weight: float
    of_group: float


def shares(batches: Sequence[NDArray[np.int64]], weights: NDArray[np.float64], steps: int) -> list[Share]:
    """The share of each of ``batches``, of which every ``steps`` make up a group; the last group may be smaller.

    ``weights`` [N] are those of the pictures that the batches index.
    """
    each = [float(weights[batch].sum()) for batch in batches]
    groups = [sum(each[start : start + steps]) for start in range(0, len(each), steps)]
    return [Share(weight, weight / max(groups[index // steps], 1e-12)) for index, weight in enumerate(each)]


def picture_weights(m: Materials) -> NDArray[np.float64]:
    """What each training picture weighs in the mean loss of a batch: 1, or the weight of its class.

    Mixing pictures within a batch moves weights between them, and leaves their sum.
    """
    labels = m.batches.training.labels.cpu()
    weights = class_weights(m)
    return np.ones(len(labels)) if weights is None else weights.cpu().double()[labels].numpy()


class Attempts:
    """Tries a batch; a failed try leaves no trace in gradients, BatchNorm's statistics or random numbers.

    While a batch is tried, parameters hold its gradients alone; those of the group's earlier batches lie safe here.
    """

    def __init__(self, m: Materials) -> None:
        self._device = m.device
        self._parameters = trained_parameters(m)
        buffers = list(m.suffix.buffers())
        alike = {dtype: [buffer for buffer in buffers if buffer.dtype == dtype] for dtype in {b.dtype for b in buffers}}
        self._buffers = [(group, [buffer.clone() for buffer in group]) for group in alike.values()]
        self._gathered: list[Tensor | None] = []
        self._random: list[Tensor] = []

    def begin(self) -> None:
        """Save the state before a batch; parameters have no gradients afterwards."""
        self._gathered = [parameter.grad for parameter in self._parameters]
        self._random = _random_states(self._device)
        for buffers, before in self._buffers:
            torch._foreach_copy_(before, buffers)
        self._clear()

    def undo(self) -> None:
        """Restore the state from before the batch."""
        self._clear()
        for buffers, before in self._buffers:
            torch._foreach_copy_(buffers, before)
        torch.set_rng_state(self._random[0])
        if len(self._random) > 1:
            torch.get_device_module(self._device).set_rng_state(self._random[1])

    def finish(self) -> None:
        """Add what the group had gathered before to the gradients of the batch."""
        for parameter, gathered in zip(self._parameters, self._gathered, strict=True):
            if gathered is not None:
                parameter.grad = gathered if parameter.grad is None else parameter.grad.add_(gathered)
        self._gathered = []

    def _clear(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None


def trained_parameters(m: Materials) -> list[torch.nn.Parameter]:
    """All parameters that are trained, stage by stage from the head back."""
    return [parameter for _, group in m.stages for parameter in group]


def _random_states(device: torch.device) -> list[Tensor]:
    """The states of torch's default generators of the CPU and of ``device``."""
    states = [torch.get_rng_state()]
    if device.type != "cpu":
        states.append(torch.get_device_module(device).get_rng_state())
    return states


def saved_gradients(m: Materials) -> list[Tensor | None]:
    """The gradients gathered so far, in the order of :func:`trained_parameters`; None for those without any."""
    return [parameter.grad for parameter in trained_parameters(m)]


def restore_gradients(m: Materials, gradients: Sequence[Tensor | None]) -> None:
    """Give the trained parameters back what :func:`saved_gradients` held, in its layout: a norm sums in that order."""
    for parameter, gradient in zip(trained_parameters(m), gradients, strict=True):
        parameter.grad = None if gradient is None else gradient.to(parameter.device)
