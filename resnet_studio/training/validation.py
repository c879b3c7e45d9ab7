"""Which network is kept: the validation pictures score it after every epoch, and the best so far is held in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from resnet_studio.events import EpochFinished
from resnet_studio.training.batches import autocast

if TYPE_CHECKING:
    from resnet_studio.training.materials import Materials


@dataclass
class Best:
    """The best network so far: its scores, and the weights of its trained part on the CPU.

    ``saved`` is when a best network was last written (``time.perf_counter``), ``on_disk`` whether it was this one.
    """

    epoch: EpochFinished | None = None
    suffix: Mapping[str, Tensor] | None = None
    on_disk: bool = False
    saved: float = 0.0

    def beaten_by(self, loss: float, accuracy: float) -> bool:
        """Whether a network with these validation scores is better; the loss decides between equal accuracies."""
        if not math.isfinite(loss):
            return False
        return self.epoch is None or (accuracy, -loss) > (self.epoch.validation_accuracy, -self.epoch.validation_loss)

    def keep(self, epoch: EpochFinished, suffix: torch.nn.Module) -> None:
        """Take the network that ``suffix`` is the trained part of in place of the one held."""
        self.epoch = epoch
        self.suffix = {name: value.detach().cpu().clone() for name, value in suffix.state_dict().items()}
        self.on_disk = False


def validate(m: Materials, suffix: torch.nn.Module, batch_size: int) -> tuple[float, float]:
    """Mean loss (no label smoothing, no class weights) and accuracy of ``suffix`` on the validation pictures."""
    suffix.eval()
    loss, correct = torch.zeros((), device=m.device), torch.zeros((), device=m.device)
    with torch.no_grad(), autocast(m.device, m.compute):
        for inputs, labels in m.batches.validate(batch_size):
            logits = suffix(inputs).float()
            loss += F.cross_entropy(logits, labels, reduction="sum")
            correct += (logits.argmax(1) == labels).sum()
    count = len(m.batches.validation)
    return float(loss) / count, float(correct) / count


def before_training(loss: float, accuracy: float) -> EpochFinished:
    """Epoch 0, which trained nothing, with its validation scores."""
    return EpochFinished(
        epoch=0,
        train_loss=math.nan,
        train_accuracy=math.nan,
        validation_loss=loss,
        validation_accuracy=accuracy,
        learning_rate=0.0,
        pictures_per_second=0.0,
        seconds=0.0,
        best=True,
    )
