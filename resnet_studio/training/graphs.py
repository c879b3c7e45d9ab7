"""Forward and backward pass as CUDA graphs: one launch each instead of hundreds.

A step on small pictures or with a small batch is over sooner on the card than Python can launch its kernels. A graph is
recorded once for each size of a batch (https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs) and replayed after
that; the kernels and so the numbers are the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.training.hardware import Compute

Forward = Callable[[Tensor], Tensor]

SWITCH = "RESNET_STUDIO_CUDA_GRAPHS"  # 0 turns them off
WORTHWHILE_STEPS = 50  # recording takes as long as about ten steps
WARM_UP = 3  # passes before recording, in which libraries choose their kernels


def supports_graphs(device: torch.device, config: TrainConfig, steps: int) -> bool:
    """Whether ``steps`` alike may be replayed: on CUDA, each with one forward and one backward pass of the same
    parameters. A second backward pass would overwrite the gradients of the first, which lie in the graph's memory.
    """
    alike = config.accumulate_steps == 1 and not config.adversarial and not config.gradual_unfreezing
    return device.type == "cuda" and alike and steps >= WORTHWHILE_STEPS and os.environ.get(SWITCH) != "0"


def graphed(network: torch.nn.Module, inputs: Tensor, compute: Compute) -> Forward:
    """``network`` as graphs for batches like ``inputs`` [B, ...] and those of one picture less, as an epoch has both;
    as it is for others.

    To be called between two updates: gradients are empty afterwards, and BatchNorm's statistics as they were. Raises
    :class:`RuntimeError` where something cannot be recorded or the memory does not suffice.
    """
    before = {name: value.clone() for name, value in network.named_buffers()}
    pool = torch.cuda.graph_pool_handle()  # one memory for all: only one of them is ever between its two passes
    try:
        sizes = sorted({len(inputs), max(2, len(inputs) - 1)}, reverse=True)
        passes = {size: _Passes(network, inputs[:size], compute, pool) for size in sizes}
    finally:
        network.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, value in network.named_buffers():
                value.copy_(before[name])

    def forward(batch: Tensor) -> Tensor:
        found = passes.get(len(batch))
        if found is None or batch.shape[1:] != inputs.shape[1:] or not torch.is_grad_enabled():
            result: Tensor = network(batch)
            return result
        return found(batch)

    return forward


class _Passes:
    """Both passes of ``network`` for batches like ``inputs``, recorded.

    Recording is local to this thread, so that predictions in other threads are not affected.
    """

    def __init__(self, network: torch.nn.Module, inputs: Tensor, compute: Compute, pool: Any) -> None:
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.inputs = inputs.detach().clone()
        self._network, self._compute = network, compute
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                logits = self._compute_logits()
                self._compute_gradients(logits, torch.zeros_like(logits))
                del logits
        torch.cuda.current_stream().wait_stream(aside)
        self.forward, self.backward = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.forward, pool=pool, capture_error_mode="thread_local"):
            logits = self._compute_logits()
        self.gradient = torch.zeros_like(logits)
        with torch.cuda.graph(self.backward, pool=pool, capture_error_mode="thread_local"):
            self.gradients = self._compute_gradients(logits, self.gradient)
        self.logits = logits.detach()

    def _compute_logits(self) -> Tensor:
        c = self._compute
        # what autocast remembers of one graph's weights would be read by another
        with torch.autocast("cuda", c.dtype, enabled=c.precision != "fp32", cache_enabled=False):
            result: Tensor = self._network(self.inputs)
        return result

    def _compute_gradients(self, logits: Tensor, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return torch.autograd.grad(logits, self.parameters, gradient, allow_unused=True)

    def __call__(self, batch: Tensor) -> Tensor:
        result: Tensor = _Replay.apply(self, batch, *self.parameters)
        return result


class _Replay(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, passes: _Passes, batch: Tensor, *_: Tensor) -> Tensor:
        ctx.passes = passes
        passes.inputs.copy_(batch)
        passes.forward.replay()
        return passes.logits.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        passes: _Passes = ctx.passes
        passes.gradient.copy_(gradient)
        passes.backward.replay()
        return None, None, *(None if found is None else found.detach() for found in passes.gradients)
