"""The best network: validation pictures score the network after every epoch, and the best so far is held in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from resnet_studio.events import EpochFinished
from resnet_studio.training.batches import autocast
from resnet_studio.training.materials import class_shift

if TYPE_CHECKING:
    from resnet_studio.training.materials import Materials


ENOUGH_TO_COMPARE = 100


@dataclass
class BestNetwork:
    """The best network so far: its scores, and the weights of its trained part on the CPU.

    ``unadapted``: its BatchNorm statistics are those that came with the starting weights; ``halfway``: it is the mean
    of the weights before and after the training. ``saved`` is when a best network was last written
    (``time.perf_counter``), ``on_disk`` whether it was this one.
    """

    epoch: EpochFinished | None = None
    suffix: Mapping[str, Tensor] | None = None
    unadapted: bool = False
    halfway: bool = False
    on_disk: bool = False
    saved: float = 0.0

    def beaten_by(
        self, epoch: EpochFinished, highest: float = 0.0, picture: float = 0.0, start: EpochFinished | None = None
    ) -> bool:
        """Whether the network that ``epoch`` scored is better.

        A single validation picture is chance: of those that lack no more than ``picture``, its share of the accuracy,
        of the ``highest`` accuracy so far, the one with the lowest loss is the best (``benchmarks/epochs.py``). With
        :data:`ENOUGH_TO_COMPARE` pictures none that has fewer right than ``start`` is: the loss of a probe, whose
        weights are held small, says little beside that of a network that was trained.
        """
        if not math.isfinite(epoch.validation_loss):
            return False
        if start is not None and 0 < picture <= 1 / ENOUGH_TO_COMPARE and epoch.score[0] < start.score[0] - 1e-9:
            return False
        if self.epoch is None:
            return True
        (accuracy, loss), (best, lowest) = epoch.score, self.epoch.score
        least = max(highest, accuracy, best) - picture - 1e-9
        if (accuracy >= least) != (best >= least):
            return accuracy >= least
        return loss > lowest or (loss == lowest and accuracy > best)

    def update(self, epoch: EpochFinished, suffix: torch.nn.Module) -> None:
        """Replace the best network by the one whose trained part is ``suffix``."""
        self.epoch = epoch
        self.suffix = {name: value.detach().cpu().clone() for name, value in suffix.state_dict().items()}
        self.on_disk = self.unadapted = self.halfway = False


class Scores(NamedTuple):
    """Of a network on the validation pictures: mean loss (no label smoothing, no class weights; of adjusted logits
    where the training has these), accuracy, and the mean accuracy over the classes.
    """

    loss: float
    accuracy: float
    balanced_accuracy: float


def validate(m: Materials, suffix: torch.nn.Module, batch_size: int) -> Scores:
    """The scores of the network whose trained part is ``suffix``."""
    suffix.eval()
    shift = class_shift(m)
    classes, labels = len(m.card.classes), m.batches.validation.labels
    loss, right = torch.zeros((), device=m.device), torch.zeros(classes, dtype=torch.long, device=m.device)
    with torch.no_grad(), autocast(m.device, m.compute):
        for inputs, answers in m.batches.validate(batch_size):
            logits = suffix(inputs).float()
            loss += F.cross_entropy(logits if shift is None else logits + shift, answers, reduction="sum")
            # a class beyond the last one for what is wrong: a mask would wait for the device
            right += torch.bincount(torch.where(logits.argmax(1) == answers, answers, classes), minlength=classes + 1)[
                :classes
            ]
    counts = torch.bincount(labels, minlength=classes)
    shares = right[counts > 0] / counts[counts > 0]
    return Scores(float(loss) / len(labels), int(right.sum()) / len(labels), float(shares.double().mean()))


def rescore(best: BestNetwork, m: Materials, batch_size: int) -> None:
    """Score the best network on the validation pictures that are left, so that later ones can be compared with it."""
    if best.epoch is None or best.suffix is None:
        return
    now = {name: value.clone() for name, value in m.suffix.state_dict().items()}
    m.suffix.load_state_dict(best.suffix)
    scores = validate(m, m.suffix, batch_size)
    m.suffix.load_state_dict(now)
    best.epoch = replace(
        best.epoch,
        validation_loss=scores.loss,
        validation_accuracy=scores.accuracy,
        balanced_accuracy=None if best.epoch.balanced_accuracy is None else scores.balanced_accuracy,
    )


def before_training(loss: float, accuracy: float, balanced_accuracy: float | None) -> EpochFinished:
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
        balanced_accuracy=balanced_accuracy,
    )
