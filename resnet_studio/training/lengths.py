"""For how many epochs, in what batches and how fast a network learns where the user leaves that open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from resnet_studio.training.cycles import FEW

if TYPE_CHECKING:
    from resnet_studio.config import Freeze, TrainConfig

MANY = 5_000
"""From so many training pictures on, all of a pretrained network is trained."""
MIDDLING_EPOCHS = 7
"""From 1,000 training pictures on, in batches of 32: on sets of 1,400 and more as accurate as the 15 to 19 epochs that
the formula below gives, in batches of 64 (README, "How fast").
"""


def epochs(train_pictures: int, freeze: Freeze, *, scratch: bool) -> int:
    """The fewer, the more pictures there are."""
    if _is_middling(train_pictures, freeze, scratch):
        return MIDDLING_EPOCHS
    if scratch:
        return int(min(40.0, max(10.0, 90 / math.sqrt(math.sqrt(train_pictures)))))
    return int(min(40.0, max(6.0, 120 / math.sqrt(math.sqrt(train_pictures)))))


def batch_size(train_pictures: int, freeze: Freeze, *, scratch: bool, chosen: bool) -> int:
    """The larger, the more pictures there are, but small where few epochs are ``chosen`` here."""
    if train_pictures < 500 or (chosen and _is_middling(train_pictures, freeze, scratch)):
        return 32
    return 128 if train_pictures >= 10_000 else 64


def _is_middling(train_pictures: int, freeze: Freeze, scratch: bool) -> bool:
    """Whether stages of a pretrained network are trained behind frozen ones, with more pictures than a first cycle is
    for and fewer than make training everything worth its time.
    """
    return not scratch and freeze not in ("none", "layer4") and FEW <= train_pictures < MANY


def learning_rate(config: TrainConfig, *, scratch: bool) -> float:
    """The peak, by the optimiser."""
    rates = (0.1, 0.01) if config.optimizer == "sgd" else (2e-3, 1e-3)
    return rates[0] if scratch else rates[1]
