"""Several processes that train one network together: each computes a share of every batch, on a device of its own.

Plain ``torch.distributed``: gradients are summed once a batch, so that every process takes the same step as one process
with the whole batch would. (accelerate wraps a network whose gradients are then averaged; the sum of a weighted mean's
shares is what the steps here need, and a ResNet fits on any device, so that nothing has to be sharded.)
The processes are those that ``torchrun``, SLURM's ``srun`` or :mod:`resnet_studio.training.launch` start, told apart by
``RANK``, ``WORLD_SIZE`` and ``LOCAL_RANK``. All of them see the same workspace; rank 0 alone writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from resnet_studio.errors import RunError
from resnet_studio.run_requests import Request
from resnet_studio.training.control import Control

if TYPE_CHECKING:
    import torch
    from torch import Tensor

PATIENCE = timedelta(hours=6)
"""How long the others wait while rank 0 decodes pictures or scores; one that has died is noticed at once."""
SIGNS_OF_LOSS = ("gloo", "NCCL", "Connection", "connection", "Socket", "socket", "peer")
SHARED_BATCH = slice(None)
Value = TypeVar("Value")


@dataclass(frozen=True)
class World:
    """The processes that train together, seen from one of them; by default it is alone, and nothing is exchanged."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def main(self) -> bool:
        """Whether this is the process that writes the run's folder."""
        return self.rank == 0

    def device(self, chosen: torch.device) -> torch.device:
        """This process's device of the kind that was ``chosen``. Raises :class:`RunError` where there is none left."""
        if self.size == 1 or chosen.type != "cuda":
            return chosen
        import torch

        if self.local_rank >= torch.cuda.device_count():
            raise RunError("error.devices.missing", devices=self.local_rank + 1, found=torch.cuda.device_count())
        torch.cuda.set_device(self.local_rank)
        return torch.device("cuda", self.local_rank)

    def part(self, count: int) -> slice:
        """Which of the ``count`` pictures of a batch this process computes; shares differ by one at most."""
        if self.size == 1:
            return SHARED_BATCH
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each of ``tensors`` by its sum over all processes."""
        if self.size == 1:
            return
        import torch
        from torch import distributed

        alike: dict[torch.dtype, list[Tensor]] = {}
        for tensor in tensors:
            alike.setdefault(tensor.dtype, []).append(tensor)
        with _noticing():
            for group in alike.values():
                flat = torch.cat([tensor.reshape(-1) for tensor in group])
                distributed.all_reduce(flat)
                sums = torch.split(flat, [tensor.numel() for tensor in group])
                torch._foreach_copy_(group, [part.view_as(t) for part, t in zip(sums, group, strict=True)])

    def share(self, value: Value | None = None) -> Value:
        """What rank 0 gives as ``value``, in every process; plain values only."""
        if self.size == 1:
            return value  # type: ignore[return-value]
        from torch import distributed

        values = [value]
        with _noticing():
            distributed.broadcast_object_list(values, src=0, device=_cpu())
        return values[0]  # type: ignore[return-value]

    def check(self, error: RuntimeError) -> None:
        """Raise :class:`RunError` where ``error`` says that another process is gone, as it may where BatchNorm does."""
        if self.size == 1:
            return
        from torch import distributed

        if isinstance(error, distributed.DistError) or any(sign in str(error) for sign in SIGNS_OF_LOSS):
            raise RunError("error.devices.lost") from error

    def agreed(self, control: Control) -> Control:
        """``control`` as rank 0 sees it, in every process: each look at it is made by all of them together."""
        return control if self.size == 1 else _Agreed(self, control)

    def synchronise(self, network: torch.nn.Module) -> World:
        """Let BatchNorm in training mode use the statistics of the whole batch, and not of this process's share.

        In place, as the network and its trained part share their layers. torch's own does that on a GPU alone.
        """
        if self.size == 1:
            return self
        import torch

        from resnet_studio.training.batch_norm import SharedBatchNorm

        on_gpu = next(network.parameters()).is_cuda
        shared: Any = torch.nn.SyncBatchNorm if on_gpu else SharedBatchNorm
        for layer in network.modules():
            if type(layer) is torch.nn.BatchNorm2d:
                vars(layer)["process_group"] = None  # all of them
                layer.__class__ = shared
        return self


ALONE = World()


class _Agreed(Control):
    """What rank 0 was asked for, in every process."""

    def __init__(self, world: World, control: Control) -> None:
        super().__init__()
        self._world, self._asked = world, control

    @property
    def request(self) -> Request | None:
        """As in :class:`Control`; every process has to look equally often."""
        return self._world.share(self._asked.request if self._world.main else None)


def is_member() -> bool:
    """Whether a launcher started this process as one of several."""
    return _number("WORLD_SIZE", 1) > 1


def is_follower() -> bool:
    """Whether a launcher started this process to compute along with another, which writes."""
    return is_member() and _number("RANK", 0) > 0


def join() -> World:
    """Meet the other processes that a launcher started; waits for them. Alone where there are none."""
    if not is_member():
        return ALONE
    import torch
    from torch import distributed

    if not distributed.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        with _noticing():
            distributed.init_process_group(backend, timeout=PATIENCE)
    return World(distributed.get_rank(), distributed.get_world_size(), _number("LOCAL_RANK", 0))


def leave() -> None:
    """Part from the other processes, where any were met."""
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


@contextmanager
def _noticing() -> Iterator[None]:
    """What the network of processes raises where one of them has died, as a run that can be resumed."""
    try:
        yield
    except RuntimeError as error:
        raise RunError("error.devices.lost") from error


def _number(name: str, default: int) -> int:
    value: Any = os.environ.get(name, "")
    return int(value) if value.isdigit() else default


def _cpu() -> torch.device:
    import torch

    return torch.device("cpu")
