"""What is said before a training about how it looks at these pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from resnet_studio.data import views
from resnet_studio.data.mirroring import mirrored_pairs
from resnet_studio.events import Noted
from resnet_studio.training.plan import keeps_features

MOST_NAMED = 5

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset, Split


def picture_cautions(settled: TrainConfig, asked: TrainConfig, pictures: Dataset | Split) -> Iterator[Noted]:
    """What a training with a resolved ``settled`` makes of ``pictures`` that the one who ``asked`` should know."""
    if settled.fit == "crop" and pictures.median_aspect > views.WIDE:
        share = views.in_the_end(settled, pictures).share(pictures.median_aspect)
        yield Noted(key="note.plan.wide", values={"share": share})
    pairs = mirrored_pairs(pictures.classes)
    if pairs and asked.horizontal_flip and settled.augmentation != "none":
        yield Noted(
            key="note.plan.mirrored", values={"pairs": [f"{one} / {other}" for one, other in pairs[:MOST_NAMED]]}
        )
    early, size = asked.early_picture_size, settled.picture_size
    assert size is not None
    if early is not None and early < min(size, settled.early_picture_size or size) and keeps_features(settled):
        yield Noted(key="note.plan.full_views", values={"asked": early, "size": size})
