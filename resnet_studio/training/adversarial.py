"""Adversarial training with the fast gradient sign method (Goodfellow et al., arXiv 1412.6572, sections 4 and 6).

Half of a batch's loss comes from the pictures as they are, half from the same pictures moved, each pixel by epsilon, in
the direction in which the loss grows. One backward pass gives the gradients of the weights and of the pictures, so that
a step costs about twice as much and no more memory. The moved pictures go through BatchNorm as batches of their own,
and its running statistics are of both kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from resnet_studio.data.augment import normalise

if TYPE_CHECKING:
    from resnet_studio.model.checkpoint import Preprocessing
    from resnet_studio.training.materials import Materials

CLEAN = 0.5  # the share of the loss that the pictures as they are have: alpha in the paper

Pass = Callable[[Tensor, float], tuple[Tensor, Tensor]]
"""Sends inputs forward and a share of their loss backward; returns that share of the loss, and the logits."""


@dataclass(frozen=True)
class FastGradientSign:
    """The attack on normalised pictures: each channel moves by ``distance`` and stays from ``black`` to ``white``.

    All three are [1, 3, 1, 1].
    """

    distance: Tensor
    black: Tensor
    white: Tensor

    @classmethod
    def of(cls, epsilon: float, preprocessing: Preprocessing, device: torch.device) -> FastGradientSign:
        """The attack that moves pixels by ``epsilon``, where black is 0 and white is 1."""

        def normalised(value: float) -> Tensor:
            return normalise(torch.full((1, 3, 1, 1), value, device=device), preprocessing.mean, preprocessing.std)

        black = normalised(0.0)
        return cls(normalised(epsilon) - black, black, normalised(1.0))

    def both(self, through: Pass, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """What ``through`` returns for normalised ``pictures`` [B, 3, H, W], their attacked twins in the loss."""
        pictures = pictures.detach().requires_grad_()
        clean_loss, logits = through(pictures, CLEAN)
        attacked_loss, _ = through(self.attacked(pictures), 1 - CLEAN)
        return clean_loss + attacked_loss, logits

    def attacked(self, pictures: Tensor) -> Tensor:
        """``pictures`` moved along the sign of their gradient."""
        assert pictures.grad is not None
        moved = pictures.detach() + self.distance * pictures.grad.sign()
        return moved.clamp(self.black, self.white)


def attack_of(m: Materials) -> FastGradientSign | None:
    """The attack that the settings of a training ask for, if any."""
    epsilon = m.config.adversarial
    return FastGradientSign.of(epsilon, m.card.preprocessing, m.device) if epsilon else None
