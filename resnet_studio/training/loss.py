"""The loss of a training: cross-entropy with smoothed labels and, on request, equal weights for all classes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

MOST_OF_OTHERS = 0.5  # of what a picture's own class weighs


def summed(logits: Tensor, targets: Tensor, weights: Tensor | None, smoothing: float) -> Tensor:
    """The sum of the losses of pictures with ``logits`` [B, C], float, and ``targets`` [B] or, mixed, [B, C].

    With class ``weights`` [C] as in ``torch.nn.CrossEntropyLoss``, but that what smoothing asks of the other classes
    stays below half of what a picture asks of its own. There it grows with the weight of a rare class: past 19 to 1,
    smoothing by 0.1 asks two classes for the rare one whatever the picture shows, and a training ends in that.
    """
    if weights is None:
        return F.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum")
    shares = targets if targets.ndim == 2 else F.one_hot(targets, logits.shape[1]).float()
    own = (1 - smoothing) * shares * weights
    others = (smoothing / logits.shape[1]) * weights
    most = MOST_OF_OTHERS * own.sum(1, keepdim=True)
    asked = own + others * (most / others.sum().clamp(min=1e-12)).clamp(max=1)
    return -(asked * torch.log_softmax(logits, 1)).sum()
