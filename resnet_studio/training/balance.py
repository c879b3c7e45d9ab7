"""Classes with very different numbers of pictures: how far apart they are, and from where on the loss balances them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

BALANCED_PAST = 5.0  # times the pictures of the smallest class: past that, plain training gives the small one up


def imbalance(labels: Iterable[int]) -> float:
    """How many times more often the most frequent of ``labels`` occurs than the rarest; 1 without any."""
    counts = Counter(labels).values()
    return max(counts) / min(counts) if counts else 1.0


def imbalance_of(dataset: Dataset) -> float:
    """The imbalance of the pictures of ``dataset`` that may be trained on."""
    return imbalance(sample.label for sample in dataset.samples if sample.part in (None, "train"))


def weighting(ratio: float) -> Literal["none", "balanced"]:
    """How classes are weighted where the user leaves that open and they differ by ``ratio``."""
    return "balanced" if ratio > BALANCED_PAST else "none"
