"""The loss of a training: cross-entropy with smoothed labels, on request so that all classes count alike, and what the
answers of teachers add (Hinton et al. 2015, arXiv 1503.02531).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig

MOST_OF_OTHERS = 0.5  # of what a picture's own class weighs
UNLABELLED = -100  # the target of a picture that only its teachers know; torch's own mark for it


@dataclass(frozen=True)
class Objective:
    """What a batch is trained by. ``weights`` [C] are those of the classes, ``smoothing`` that of the labels; ``shift``
    [C] is added to the logits, see :func:`resnet_studio.training.balance.log_shares`.

    Of each picture, ``teacher_weight`` of the loss asks for the teachers' answer, the rest for the label.
    """

    weights: Tensor | None
    smoothing: float
    teacher_weight: float
    temperature: float
    shift: Tensor | None = None

    @classmethod
    def of(cls, config: TrainConfig, weights: Tensor | None, shift: Tensor | None = None) -> Objective:
        """The objective that the settings ask for."""
        return cls(weights, config.label_smoothing, config.teacher_weight, config.temperature, shift)

    def __call__(self, logits: Tensor, targets: Tensor, taught: Tensor | None = None) -> Tensor:
        """The sum of the losses of pictures with ``logits`` [B, C], float; see :func:`summed` and :func:`distilled`."""
        shifted = logits if self.shift is None else logits + self.shift
        labelled = summed(shifted, targets, self.weights, self.smoothing)
        if taught is None:
            return labelled
        learnt = distilled(logits, taught, self.temperature, self.weights)
        return (1 - self.teacher_weight) * labelled + self.teacher_weight * learnt


def summed(logits: Tensor, targets: Tensor, weights: Tensor | None, smoothing: float) -> Tensor:
    """The sum of the losses of pictures with ``logits`` [B, C], float, and ``targets`` [B] or, mixed, [B, C].

    Pictures whose target is :data:`UNLABELLED` add nothing.
    With class ``weights`` [C] as in ``torch.nn.CrossEntropyLoss``, but that what smoothing asks of the other classes
    stays below half of what a picture asks of its own. There it grows with the weight of a rare class: past 19 to 1,
    smoothing by 0.1 asks two classes for the rare one whatever the picture shows, and a training ends in that.
    """
    if weights is None:
        return F.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum", ignore_index=UNLABELLED)
    if targets.ndim == 2:
        shares = targets
    else:
        shares = F.one_hot(targets.clamp(min=0), logits.shape[1]).float() * (targets >= 0).unsqueeze(1)
    own = (1 - smoothing) * shares * weights
    others = (smoothing / logits.shape[1]) * weights
    most = MOST_OF_OTHERS * own.sum(1, keepdim=True)
    asked = own + others * (most / others.sum().clamp(min=1e-12)).clamp(max=1)
    return -(asked * torch.log_softmax(logits, 1)).sum()


def distilled(logits: Tensor, taught: Tensor, temperature: float, weights: Tensor | None = None) -> Tensor:
    """The sum over pictures of how far the softened answers are from what is ``taught`` [B, C]: the divergence of
    Kullback and Leibler, times the square of the ``temperature``, so that gradients keep their size (section 2.1).

    ``taught`` are probabilities at that temperature. With class ``weights`` [C] a picture weighs what the class does
    that the teachers see in it.
    """
    apart = F.kl_div(torch.log_softmax(logits / temperature, 1), taught, reduction="none").sum(1) * temperature**2
    return (apart if weights is None else apart * weights[taught.argmax(1)]).sum()
