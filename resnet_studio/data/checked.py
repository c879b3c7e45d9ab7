"""Whether what was recorded of labelled pictures makes sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resnet_studio.data.part_names import PARTS

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset, Sample


def well_labelled(dataset: Dataset) -> Dataset:
    """``dataset``, once :func:`check_labelled` has looked at it."""
    check_labelled(dataset.samples, dataset.classes)
    return dataset


def check_labelled(samples: Sequence[Sample], classes: Sequence[object]) -> None:
    """Raise ``ValueError`` for a class that is no text, and for a sample that is in none of them or of no known part.

    The recorded values may come from a damaged file.
    """
    labels, parts = {sample.label for sample in samples}, {sample.part for sample in samples}
    if set(map(type, classes)) - {str} or labels - set(range(len(classes))) or parts - {None, *PARTS}:
        raise ValueError("a class, a label or a part makes no sense")
