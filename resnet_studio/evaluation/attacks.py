"""How a model bears changes that are made against it: each pixel moved a little, the way that misleads it most.

The fast gradient sign method takes one step (FGSM: Goodfellow et al., arXiv 1412.6572), projected gradient descent
several from a random start (PGD: Madry et al., arXiv 1706.06083). Both know the network, as a training against them
does: see :mod:`resnet_studio.training.adversarial`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from resnet_studio.evaluation.paired_tests import paired_bootstrap, surely_fewer, uncounted
from resnet_studio.evaluation.report import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from resnet_studio.prediction import Predictor

Name = Literal["fgsm", "pgd"]
NAMES: tuple[Name, ...] = get_args(Name)
STEPS = {"fgsm": 1, "pgd": 5}
USUAL = 2 / 255
"""The strength for a model that was trained against none, on the 0..1 scale: nobody sees it."""
MOST = 100
"""Pictures that are attacked: each step goes backward too."""
BATCH = 25


@dataclass(frozen=True)
class AttackScore:
    """The accuracy under an attack that moves pixels by up to ``epsilon``, with its 95 % interval (Wilson), beside that
    of the same ``count`` pictures as they are, ``clean``; ``drop_interval`` is that of a paired bootstrap over so many
    ``lost`` and ``won`` (see :func:`uncounted`). ``trained``: the model was trained against
    attacks of this strength.
    """

    name: Name
    epsilon: float
    count: int
    clean: float
    accuracy: float
    interval: tuple[float, float]
    drop_interval: tuple[float, float]
    trained: bool
    lost: int = 0
    won: int = 0

    @property
    def costs(self) -> bool:
        """Whether it surely costs something."""
        return surely_fewer(self.lost, self.won)


def from_json(stored: Mapping[str, Any]) -> AttackScore:
    """What ``asdict`` made of an attack, by this or an earlier version."""
    low, high = stored["interval"]
    least, most = stored["drop_interval"]
    drop = float(stored["clean"]) - float(stored["accuracy"])
    lost, won = uncounted({"drop": drop, **stored}, int(stored["count"]))
    return AttackScore(**{**stored, "interval": (low, high), "drop_interval": (least, most), "lost": lost, "won": won})


def attack(
    name: Name, predictor: Predictor, views: NDArray[np.uint8], labels: Sequence[int], against: float
) -> AttackScore:
    """Attack the model on ``views`` uint8 [N, side, side, 3] with these ``labels``, at the strength that it was trained
    ``against``, or at :data:`USUAL` where that is 0.
    """
    epsilon = against or USUAL
    answers = labels_under_attack(predictor, views, labels, epsilon, STEPS[name])
    clean = labels_under_attack(predictor, views, labels, 0.0, 0)
    true = np.asarray(labels)
    before, after, count = clean == true, answers == true, len(true)
    lost, won = int((before & ~after).sum()), int((~before & after).sum())
    right = int(after.sum())
    return AttackScore(
        name, epsilon, count, float(before.mean()), right / count, wilson_interval(right, count),
        paired_bootstrap(lost, won, count), against > 0, lost, won,
    )  # fmt: skip


def labels_under_attack(
    predictor: Predictor, views: NDArray[np.uint8], labels: Sequence[int], epsilon: float, steps: int
) -> NDArray[np.int64]:
    """The classes [N] that the model answers after ``steps`` steps; a single one has the length of ``epsilon``."""
    import torch

    draw, found = torch.Generator().manual_seed(0), []
    for start in range(0, len(views), BATCH):
        pixels = torch.from_numpy(np.array(views[start : start + BATCH])).permute(0, 3, 1, 2).float() / 255
        noise = 2 * torch.rand(pixels.shape, generator=draw) - 1 if steps > 1 else torch.zeros_like(pixels)
        answers = torch.as_tensor(np.asarray(labels[start : start + BATCH]))
        found.append(_attacked(predictor, pixels, noise, answers, epsilon, steps))
    return np.concatenate(found)


def _attacked(
    predictor: Predictor, pixels: Tensor, noise: Tensor, answers: Tensor, epsilon: float, steps: int
) -> NDArray[np.int64]:
    """As :func:`labels_under_attack` for a batch of ``pixels`` in [0, 1], moved by ``noise`` times epsilon at first."""
    import torch
    import torch.nn.functional as F

    how = predictor.card.preprocessing
    with predictor.alone() as model, torch.enable_grad():  # a batch at a time: others want to ask it too
        device = next(model.parameters()).device
        mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (how.mean, how.std))
        pixels, answers = pixels.to(device), answers.to(device)
        moved = (pixels + epsilon * noise.to(device)).clamp(0, 1)
        step = epsilon if steps == 1 else 2.5 * epsilon / max(1, steps)
        for _ in range(steps):
            moved = moved.detach().requires_grad_()
            loss = F.cross_entropy(model((moved - mean) / std), answers, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, moved)
            moved = moved.detach() + step * gradient.sign()
            moved = torch.minimum(torch.maximum(moved, pixels - epsilon), pixels + epsilon).clamp(0, 1)
        with torch.no_grad():
            said: NDArray[np.int64] = model((moved - mean) / std).argmax(1).cpu().numpy()
    return said
