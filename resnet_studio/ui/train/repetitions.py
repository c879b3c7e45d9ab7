"""How often to train: with other seeds, or once for each fold of a cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from resnet_studio.text import say
from resnet_studio.ui.page.context import reader

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

SEEDS = (1, 3, 5, 10)
FOLDS, FOLDED = 5, "folds"
FEW = 2_000  # pictures, up to which a cross-validation is offered: a test part of more says enough by itself


def repetition_choices(*, folded: bool) -> list[tuple[str, int | str]]:
    """How often to train, as its label and its value; ``folded`` where a cross-validation is offered too."""
    values: list[int | str] = [*SEEDS, *([FOLDED] if folded else [])]
    return [(say(f"train.seeds.{value}", reader()), value) for value in values]


def may_be_folded(dataset: Dataset) -> bool:
    """Whether a cross-validation is offered: for few pictures, where the parts are not preset."""
    preset = any(sample.part in ("validation", "test") for sample in dataset.samples)
    return 0 < len(dataset.samples) <= FEW and not preset


def seeds_of(given: Sequence[Any]) -> int:
    """With how many seeds to train; one where the choice is no number of them, or makes no sense."""
    return given[0] if given and given[0] in SEEDS else 1
