"""What a training works with, and the running sums of an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from resnet_studio.training import balance
from resnet_studio.training.world import ALONE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torchvision.models import ResNet

    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Split
    from resnet_studio.model.checkpoint import Card
    from resnet_studio.training import hardware
    from resnet_studio.training.batches import Batches
    from resnet_studio.training.world import World
    from resnet_studio.workspace import Run


@dataclass(kw_only=True)
class Materials:
    """What a session works with, made by :mod:`resnet_studio.training.setup`."""

    run: Run
    config: TrainConfig
    split: Split
    card: Card
    device: torch.device
    compute: hardware.Compute
    model: ResNet
    prefix: torch.nn.Module
    suffix: torch.nn.Module
    stages: list[tuple[str, list[torch.nn.Parameter]]]
    batches: Batches
    rows: NDArray[np.int64] | None = None
    """Where a training is resumed without some pictures: the row of each picture that it began with, or -1."""
    validation_differs: bool = False
    world: World = ALONE


@dataclass
class Tally:
    """Running sums of an epoch; the tensors stay on the device, so that no step waits for it."""

    loss: Tensor
    correct: Tensor
    seen: int = 0
    seconds: float = 0.0

    @classmethod
    def on(cls, device: torch.device) -> Tally:
        """A tally of nothing."""
        return cls(torch.zeros((), device=device), torch.zeros((), device=device))


def class_weights(m: Materials) -> Tensor | None:
    """What each class weighs in the loss; None where all pictures weigh alike."""
    if m.config.class_weighting != "balanced":
        return None
    return balance.class_weights(m.batches.training.labels, len(m.card.classes))


def class_shift(m: Materials) -> Tensor | None:
    """What is added to the logits in the loss; None where nothing is."""
    if m.config.class_weighting != "adjusted":
        return None
    return balance.log_shares(m.batches.training.labels, len(m.card.classes))
