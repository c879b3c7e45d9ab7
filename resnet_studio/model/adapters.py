"""Adapters: a 1x1 convolution beside each 3x3 one, begun at zero, whose outputs are added (Rebuffi et al. 2018, arXiv
1803.10082). The 3x3 kernels stay as they came.

Both are linear in the same input, so that the pair is a 3x3 convolution whose middle is the sum of both middles, and
the gradient of the adapter is that of the middle. Here the middle itself is trained: the same numbers as with the
adapter apart, without weight decay, and nothing to merge in what is saved, resumed or exported.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

SIDE = 3


def adapted(module: nn.Module) -> list[nn.Parameter]:
    """The kernels of the 3x3 convolutions in ``module``."""
    return [parameter for parameter in module.parameters() if is_kernel(parameter)]


def learning(parameter: nn.Parameter) -> int:
    """How many numbers of ``parameter`` learn where adapters are trained."""
    return parameter.numel() // (SIDE * SIDE if is_kernel(parameter) else 1)


def is_kernel(parameter: torch.Tensor) -> bool:
    """Whether it is the kernel of a 3x3 convolution."""
    return parameter.ndim == 4 and parameter.shape[2:] == (SIDE, SIDE)


@torch.no_grad()
def keep_middles(parameters: Iterable[nn.Parameter]) -> None:
    """Of the gradients of 3x3 kernels, leave those of their middles alone."""
    for parameter in parameters:
        if parameter.grad is not None and is_kernel(parameter):
            middle = parameter.grad[:, :, 1, 1].clone()
            parameter.grad.zero_()
            parameter.grad[:, :, 1, 1] = middle
