"""Optimisers, a learning rate a stage, the L1 penalty, schedules and the moving average of weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from resnet_studio.model.adapters import keep_middles
from resnet_studio.training.cycles import cycle_at

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig

Stage = tuple[str, Sequence[torch.nn.Parameter]]


def make_optimizer(stages: Sequence[Stage], config: TrainConfig, *, fused: bool) -> Optimizer:
    """The optimiser that ``config`` names.

    ``stages`` come from the head backwards; each learns at ``stage_factor`` times the rate of the one before
    (discriminative learning rates, arXiv 1801.06146). Weight decay and the L1 penalty, which :func:`soft_threshold`
    applies, spare biases and BatchNorm (arXiv 1812.01187).
    """
    groups = []
    for distance, (stage, parameters) in enumerate(stages):
        rate = (config.learning_rate or 0) * config.stage_factor**distance
        least = 4 if config.tuned_parameters == "adapters" else 5  # kernels of which only the middles learn
        decayed = [parameter for parameter in parameters if 1 < parameter.ndim < least]
        spared = [parameter for parameter in parameters if not 1 < parameter.ndim < least]
        groups += [
            {"params": chosen, "lr": rate, "weight_decay": decay, "l1_penalty": penalty, "stage": stage}
            for chosen, decay, penalty in ((decayed, config.weight_decay, config.l1_penalty), (spared, 0.0, 0.0))
            if chosen
        ]
    if config.optimizer == "sgd":
        nesterov = config.nesterov and config.momentum > 0
        return torch.optim.SGD(groups, lr=0.0, momentum=config.momentum, nesterov=nesterov, fused=fused)
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=0.0, betas=(config.momentum, 0.999), fused=fused)


@torch.no_grad()
def soft_threshold(optimizer: Optimizer) -> None:
    """After an update: move weights towards zero by learning rate times L1 penalty, and those nearer than that onto it.

    The proximal step of the penalty, which leaves exact zeros where a subgradient would swing around them (FOBOS, Duchi
    and Singer 2009, section 5). It is separate from the gradient for the reason that AdamW's weight decay is (arXiv
    1711.05101): Adam would divide it by the size of each weight's gradient.
    """
    for group in optimizer.param_groups:
        distance = group["lr"] * group.get("l1_penalty", 0.0)
        for weight in group["params"] if distance else ():
            if weight.requires_grad:
                weight.copy_(F.softshrink(weight, distance))


@torch.no_grad()
def share_zeros(average: AveragedModel, network: torch.nn.Module) -> None:
    """Make weights of ``average`` zero where those of ``network`` are: a mean over time is hardly ever exactly zero."""
    for averaged, current in zip(average.module.parameters(), network.parameters(), strict=True):
        if current.ndim > 1 and current.requires_grad:
            averaged.mul_(current != 0)


def make_schedule(optimizer: Optimizer, config: TrainConfig, steps_per_epoch: int) -> LambdaLR:
    """The schedule, once over each cycle, with ``steps_per_epoch`` updates an epoch."""

    def factor(step: int) -> float:
        cycle = cycle_at(config, step // steps_per_epoch)
        within, steps = step - cycle.begin * steps_per_epoch, cycle.epochs * steps_per_epoch
        return rate_factor(config, within, steps, steps_per_epoch)

    return LambdaLR(optimizer, factor)


def rate_factor(config: TrainConfig, step: int, steps: int, steps_per_epoch: int) -> float:
    """The share of the peak learning rate that update ``step`` (from 0) takes.

    One cycle rises and falls along half cosines (arXiv 1708.07120), from 1/25 to 1 to 1/10,000; the others rise
    linearly over the warm-up and then follow their name.
    """
    warmup = config.warmup_fraction * steps
    rising = (step + 1) / warmup if warmup >= 1 else 1.0
    falling = max(0.0, (step - warmup) / max(1.0, steps - warmup))
    if config.schedule == "one_cycle":
        if rising < 1:
            return _half_cosine(1 / 25, 1.0, rising)
        return _half_cosine(1.0, 1e-4, min(1.0, falling))
    if rising < 1:
        return rising
    if config.schedule == "cosine":
        return _half_cosine(1.0, 0.0, min(1.0, falling))
    if config.schedule == "step":
        return float(config.step_factor ** (step // (steps_per_epoch * config.step_epochs)))
    return 1.0


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


class MovingAverage(AveragedModel):
    """A moving average of weights and BatchNorm statistics that looks back ``1 / (1 - longest)`` updates.

    Its decay grows with the number of updates, so that the first epochs are not dominated by the initial weights. It
    counts them on the CPU: torch's own loop moves its count to the device and waits for it, twice an update.
    """

    def __init__(self, network: torch.nn.Module, longest: float) -> None:
        super().__init__(network, use_buffers=True)
        self.longest = longest

    @torch.no_grad()
    def update_parameters(self, model: torch.nn.Module) -> None:
        """Blend the weights of ``model`` in; the first ones are copied."""
        count = int(self.n_averaged)
        decay = min(self.longest, (1 + count) / (10 + count)) if count else 0.0
        pairs = list(zip(_values(self.module), _values(model), strict=True))
        blended = [pair for pair in pairs if pair[0].is_floating_point()]
        counted = [pair for pair in pairs if not pair[0].is_floating_point()]
        torch._foreach_lerp_([mine for mine, _ in blended], [theirs for _, theirs in blended], 1 - decay)
        if counted:
            torch._foreach_copy_([mine for mine, _ in counted], [theirs for _, theirs in counted])
        self.n_averaged += 1


def _values(network: torch.nn.Module) -> list[torch.Tensor]:
    return [*network.parameters(), *network.buffers()]


def make_average(network: torch.nn.Module, steps: int) -> MovingAverage:
    """The average of ``network`` over about a twentieth of ``steps``."""
    return MovingAverage(network, 1 - 1 / max(2.0, steps / 20))


def take_step(
    config: TrainConfig,
    network: torch.nn.Module,
    trained: list[torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    average: AveragedModel | None,
) -> None:
    """One step of ``optimizer`` and ``schedule`` with the gradients of the ``trained`` parameters of ``network``."""
    if config.tuned_parameters == "adapters":
        keep_middles(trained)
    if config.clip_gradient:
        torch.nn.utils.clip_grad_norm_(trained, config.clip_gradient)
    optimizer.step()
    if config.l1_penalty:
        soft_threshold(optimizer)
    optimizer.zero_grad(set_to_none=True)
    schedule.step()
    if average is not None:
        average.update_parameters(network)
        if config.l1_penalty:
            share_zeros(average, network)
