"""The trained part compiled for a GPU, where the training is long enough to earn the compiling back.

torch.compile needs about a minute for a ResNet-50 and its backward pass, and saves a share of each step afterwards.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from resnet_studio.training.batches import autocast

if TYPE_CHECKING:
    from resnet_studio.training.hardware import Compute

Forward = Callable[[Tensor], Tensor]

EARNED_BACK_SECONDS = 600.0  # of training that is still to come
BACKEND = "inductor"


def worthwhile(device: torch.device, seconds_left: float) -> bool:
    """Whether a training that takes ``seconds_left`` more on ``device`` would be over sooner."""
    return device.type == "cuda" and seconds_left >= EARNED_BACK_SECONDS


def compiled(network: torch.nn.Module, inputs: Tensor, compute: Compute, backend: str = BACKEND) -> Forward:
    """``network`` compiled for batches like ``inputs`` (and as it is for others), tried out forward and backward.

    To be called between two updates: gradients are empty afterwards, and BatchNorm's statistics as they were. Raises
    whatever the compiler raises, such as for want of a C compiler.
    """
    fast = torch.compile(network, backend=backend, dynamic=False)
    before = {name: value.clone() for name, value in network.named_buffers()}
    try:
        with warnings.catch_warnings(), autocast(inputs.device, compute):
            warnings.simplefilter("ignore")  # advice to whoever wrote the network
            fast(inputs).float().square().mean().backward()
    finally:
        network.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, value in network.named_buffers():
                value.copy_(before[name])

    def forward(batch: Tensor) -> Tensor:
        result: Tensor = fast(batch) if batch.shape == inputs.shape else network(batch)
        return result

    return forward
