"""SimSiam: what a network learns from pictures without their labels (Chen and He 2021, arXiv 2011.10566).

Two changed views of a picture go through the network; what a small predictor makes of the one is to point the way of
the other, through which no gradient runs. That, and the predictor, keep the network from giving one answer to all
pictures, without negative pairs or large batches.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from resnet_studio.data.augment import RANDOM, normalise
from resnet_studio.training.batches import autocast

if TYPE_CHECKING:
    from resnet_studio.training.control import Control
    from resnet_studio.training.hardware import Compute

WIDTH, NARROW = 512, 128  # of the projection, and inside the predictor: a quarter, as in the paper
RATE, MOMENTUM, DECAY = 0.05, 0.9, 1e-4  # per 256 pictures (section 3)
FEWEST, BATCH = 16, 64
LEAST_SHOWN, HUE = 0.2, 0.1
COLLAPSED = 0.2
"""Of the spread of evenly distributed outputs: below it the network answers all pictures alike (section 4.1)."""


class SimSiam(nn.Module):
    """``body`` with ``inputs`` features, a projection and a predictor, both with BatchNorm (section 3)."""

    def __init__(self, body: nn.Module, inputs: int) -> None:
        super().__init__()
        self.body = body
        self.projection = nn.Sequential(
            nn.Linear(inputs, WIDTH, bias=False), nn.BatchNorm1d(WIDTH), nn.ReLU(),
            nn.Linear(WIDTH, WIDTH, bias=False), nn.BatchNorm1d(WIDTH, affine=False),
        )  # fmt: skip
        self.predictor = nn.Sequential(
            nn.Linear(WIDTH, NARROW, bias=False), nn.BatchNorm1d(NARROW), nn.ReLU(), nn.Linear(NARROW, WIDTH)
        )

    def forward(self, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of two views [B, 3, S, S] of the same pictures, and the spread of the outputs."""
        first, second = (self.projection(self.body(each)).float() for each in (one, other))
        loss = (agreement(self.predictor(first), second) + agreement(self.predictor(second), first)) / 2
        spread = F.normalize(first.detach(), dim=1).std(0).mean() * math.sqrt(WIDTH)
        return loss, spread


def agreement(predicted: Tensor, target: Tensor) -> Tensor:
    """Minus the mean cosine of both [B, D]; no gradient reaches ``target`` (algorithm 1)."""
    return -F.cosine_similarity(predicted.float(), target.detach(), dim=1).mean()


@dataclass(frozen=True)
class Plan:
    """How long and with what is learnt: ``rate`` is that of a batch, ``mirrored`` whether mirrored views are views."""

    epochs: int
    batch: int
    seed: int
    rate: float | None = None
    mirrored: bool = True


@dataclass
class Lesson:
    """``learner`` on its way, with the loss and the spread of each epoch that is ``ended``: -1 is where both views of
    all pictures agree, 1 where the outputs are evenly distributed.
    """

    learner: SimSiam
    pixels: Tensor
    plan: Plan
    device: torch.device
    compute: Compute | None = None
    ended: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.batch = min(self.plan.batch, len(self.pixels))
        self.steps = len(self.pixels) // self.batch
        rate = self.plan.rate or RATE * self.batch / 256
        self._optimizer = torch.optim.SGD(self.learner.parameters(), rate, momentum=MOMENTUM, weight_decay=DECAY)
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, self.plan.epochs * self.steps)

    @property
    def collapsed(self) -> bool:
        """Whether the network gives all pictures the same answer: of no use."""
        return not self.ended or self.ended[-1][1] < COLLAPSED

    def state(self) -> dict[str, Any]:
        """What going on after an epoch needs."""
        return {
            "learner": self.learner.state_dict(), "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(), "ended": self.ended,
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` was."""
        self.learner.load_state_dict(state["learner"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self.ended = [(float(loss), float(spread)) for loss, spread in state["ended"]]

    def epochs(self, control: Control) -> Iterator[None]:
        """Learn epoch after epoch, along a half cosine; ends in the middle of one where ``control`` asks for that."""
        self.learner.train()
        while len(self.ended) < self.plan.epochs:
            steps = list(self._epoch(len(self.ended), control))
            if len(steps) < self.steps:
                return
            self.ended.append((sum(loss for loss, _ in steps) / self.steps, steps[-1][1]))
            yield
            if control.request:
                return
        for parameter in self.learner.parameters():
            parameter.grad = None

    def _epoch(self, epoch: int, control: Control) -> Generator[tuple[float, float], None, None]:
        order = torch.randperm(len(self.pixels), generator=torch.Generator().manual_seed(self.plan.seed + epoch))
        for step, chosen in enumerate(torch.split(order[: self.steps * self.batch], self.batch)):
            if control.request:
                return
            with RANDOM:
                torch.manual_seed(self.plan.seed * 1_000_003 + epoch * self.steps + step)
                views = [changed(self.pixels[chosen], mirrored=self.plan.mirrored).to(self.device) for _ in range(2)]
            with autocast(self.device, self.compute) if self.compute else nullcontext():
                loss, spread = self.learner(*views)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
            self._schedule.step()
            yield float(loss.detach()), float(spread)


def changed(pixels: Tensor, *, mirrored: bool) -> Tensor:
    """A changed view [B, 3, S, S] of each picture, uint8 [B, S, S, 3]: cropped, mirrored, recoloured (appendix A)."""
    from torchvision.transforms import v2

    from resnet_studio.model.preprocess import IMAGENET_MEAN, IMAGENET_STD

    steps: Sequence[Any] = (
        v2.RandomResizedCrop(pixels.shape[1], scale=(LEAST_SHOWN, 1.0), antialias=True),
        v2.RandomHorizontalFlip(0.5 if mirrored else 0.0),
        v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.4, HUE)], 0.8),
        v2.RandomGrayscale(0.2),
    )
    change = v2.Compose(steps)
    varied = torch.stack([change(each) for each in pixels.permute(0, 3, 1, 2).float() / 255])
    return normalise(varied, IMAGENET_MEAN, IMAGENET_STD)
