"""The trained part compiled for a GPU, where the training is long enough to earn the compiling back; else as graphs.

On an H200, torch.compile took 74 s for both batch sizes of a ResNet-50 at 224 px, and whole steps were 1.42 times as
fast afterwards (3,602 and 5,115 pictures a second; ``benchmarks/gpu.py``): it is paid back after four minutes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from resnet_studio.data.augment import RANDOM
from resnet_studio.events import EpochFinished, Noted
from resnet_studio.training.batches import autocast
from resnet_studio.training.cycles import cycle_at
from resnet_studio.training.graphs import graphed, supports_graphs
from resnet_studio.training.plan import picture_size_in

if TYPE_CHECKING:
    from resnet_studio.training.hardware import Compute
    from resnet_studio.training.materials import Materials

Forward = Callable[[Tensor], Tensor]

EARNED_BACK_SECONDS = 300.0  # of training that is still to come
BACKEND = "inductor"


def worthwhile(device: torch.device, seconds_left: float) -> bool:
    """Whether a training that takes ``seconds_left`` more on ``device`` would be over sooner."""
    return device.type == "cuda" and seconds_left >= EARNED_BACK_SECONDS


def compiled(network: torch.nn.Module, inputs: Tensor, compute: Compute, backend: str = BACKEND) -> Forward:
    """``network`` compiled for batches like ``inputs``, and those of one picture less, as an epoch has both; as it is
    for others. Tried out forward and backward.

    To be called between two updates: gradients are empty afterwards, and BatchNorm's statistics as they were. Raises
    whatever the compiler raises, such as for want of a C compiler.
    """
    torch.compiler.reset()  # what earlier trainings compiled counts towards a limit
    fast = torch.compile(network, backend=backend, dynamic=False)
    sizes = {len(inputs), max(2, len(inputs) - 1)}  # BatchNorm wants two
    before = {name: value.clone() for name, value in network.named_buffers()}
    try:
        with warnings.catch_warnings(), autocast(inputs.device, compute):
            warnings.simplefilter("ignore")  # advice to the author of the network
            for size in sizes:
                fast(inputs[:size]).float().square().mean().backward()
    finally:
        network.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, value in network.named_buffers():
                value.copy_(before[name])

    def forward(batch: Tensor) -> Tensor:
        alike = len(batch) in sizes and batch.shape[1:] == inputs.shape[1:]
        result: Tensor = fast(batch) if alike else network(batch)
        return result

    return forward


class TrainedPart:
    """The part of the network that a session trains; ``forward`` is how it computes: as it is, as graphs or compiled.

    ``steps`` is the number of batches of an epoch.
    """

    def __init__(self, materials: Materials, steps: int) -> None:
        self.forward: Forward = materials.suffix
        self._materials, self._steps = materials, steps
        self._compiled_for: int | None = None
        self._recorded_for: int | None = None

    def use_uncompiled(self) -> None:
        """Compute uncompiled from now on, for example when memory runs out; frees what graphs and torch hold."""
        self.forward = self._materials.suffix
        torch.cuda.empty_cache()

    def speed_up(self, epoch: int, history: Sequence[EpochFinished], indices: np.ndarray) -> list[Noted]:
        """Compile or record for ``epoch`` and those after it with pictures as large, where that pays; the last of
        ``history`` says how long an epoch takes, ``indices`` are the pictures of a batch. A note where compiling
        failed.
        """
        m, size = self._materials, picture_size_in(self._materials.config, epoch)
        end = cycle_at(m.config, epoch).end
        alike = sum(picture_size_in(m.config, later) == size for later in range(epoch, end))
        seconds = history[-1].seconds if history else 0.0
        if size != self._compiled_for and worthwhile(m.device, alike * seconds):
            self._compiled_for = size
            return self._compile(self._inputs(indices, size))
        if size not in (self._compiled_for, self._recorded_for) and supports_graphs(
            m.device, m.config, alike * self._steps
        ):
            self._recorded_for = size
            self._record(self._inputs(indices, size))
        return []

    def _inputs(self, indices: np.ndarray, size: int) -> Tensor:
        with RANDOM:
            inputs, *_ = self._materials.batches.train(indices, size)
        return inputs

    def _compile(self, inputs: Tensor) -> list[Noted]:
        m = self._materials
        try:
            self.forward = compiled(m.suffix, inputs, m.compute)
        except Exception as error:  # noqa: BLE001 - whatever a compiler lacks, the training continues without it
            self.forward = m.suffix
            return [Noted(key="note.not_compiled", values={"reason": str(error).partition("\n")[0]})]
        return []

    def _record(self, inputs: Tensor) -> None:
        m = self._materials
        self.use_uncompiled()
        with suppress(RuntimeError):  # too little memory, or an operation that cannot be recorded: slower, not wrong
            self.forward = graphed(m.suffix, inputs, m.compute)
