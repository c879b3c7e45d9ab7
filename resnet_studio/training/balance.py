"""Classes with very different numbers of pictures: how far apart they are, and what is done about it from where on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from resnet_studio.evaluation.calibration import EVEN

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset

Weighting = Literal["none", "balanced", "adjusted"]
BALANCED_PAST = 5.0  # times the pictures of the smallest class: past that, plain training gives the small one up


def imbalance(labels: Iterable[int]) -> float:
    """How many times more often the most frequent of ``labels`` occurs than the rarest; 1 without any."""
    counts = Counter(labels).values()
    return max(counts) / min(counts) if counts else 1.0


def imbalance_of(dataset: Dataset) -> float:
    """The imbalance of the pictures of ``dataset`` that may be trained on."""
    return imbalance(sample.label for sample in dataset.samples if sample.part in (None, "train"))


def weighting(ratio: float) -> Weighting:
    """How classes are weighted where the user leaves that open and they differ by ``ratio``.

    With 100 pictures of one class and 5 of the other, the probe finds 0.60 of the small class and 0.86 of the large one
    with adjusted logits, 0.27 and 0.97 with weights (``benchmarks/imbalance.py``).
    """
    return "adjusted" if ratio > BALANCED_PAST else "none"


def resolved(config: TrainConfig) -> Weighting:
    """The weighting of a resolved ``config``."""
    return "none" if config.class_weighting == "auto" else config.class_weighting


def is_even(config: TrainConfig) -> bool:
    """Whether all classes count alike in what a training of ``config`` is chosen by, so that its probabilities are
    those of classes that are equally frequent.
    """
    return config.class_weighting in EVEN


def class_weights(labels: Tensor, classes: int) -> Tensor:
    """Weights of classes [classes], inverse to their numbers of ``labels``, their mean over the pictures 1."""
    counts = labels.bincount(minlength=classes).float().clamp(min=1)
    return counts.sum() / (len(counts) * counts)


def log_shares(labels: Tensor, classes: int) -> Tensor:
    """The logarithm of the share of each class [classes] in ``labels``.

    Added to the logits in the loss alone, it makes the plain logits those of classes that are equally frequent: a rare
    class has to lead by as much as it is rare (logit adjustment, Menon et al. 2021, arXiv 2007.07314, equation 10).
    """
    counts = labels.bincount(minlength=classes).float().clamp(min=1)
    return (counts / counts.sum()).log()
