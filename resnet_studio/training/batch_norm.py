"""BatchNorm over the batch of all processes on a CPU, where torch's own SyncBatchNorm has no kernels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class SharedBatchNorm(torch.nn.BatchNorm2d):
    """As :class:`torch.nn.BatchNorm2d`; in training mode mean and variance [C] are those of all processes' pictures.

    Gradients flow through both sums, as they do within one process.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """Normalise ``inputs`` [B, C, H, W]; each process may have another B, and none may have none."""
        if not self.training:
            return super().forward(inputs)
        values = inputs.float()
        shape = (1, -1, 1, 1)
        count = torch.tensor([values.numel() / values.shape[1]], dtype=torch.float64)
        torch.distributed.all_reduce(count)
        total = float(count)
        mean = _Sum.apply(values.sum((0, 2, 3))) / total
        centred = values - mean.view(shape)
        variance = _Sum.apply(centred.square().sum((0, 2, 3))) / total
        normal: Tensor = centred * torch.rsqrt(variance + self.eps).view(shape)
        self._follow(mean.detach(), variance.detach() * (total / max(1.0, total - 1)))
        if self.affine:
            normal = normal * self.weight.view(shape) + self.bias.view(shape)
        return normal.to(inputs.dtype)

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics, as torch does."""
        if not self.track_running_stats:
            return
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance, momentum)


class _Sum(torch.autograd.Function):
    """The sum over all processes; what comes back is summed as well, as each process holds a share of the loss."""

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        return _added_up(values)

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        return _added_up(gradients[0])


def _added_up(values: Tensor) -> Tensor:
    total = values.clone()
    torch.distributed.all_reduce(total)
    return total
