"""Warnings before a training: settings that will probably disappoint, and what they make of these pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from resnet_studio.data import views
from resnet_studio.data.by_model import MODEL
from resnet_studio.data.mirroring import mirrored_pairs
from resnet_studio.events import Event, Noted, PicturesSkipped
from resnet_studio.model import anatomy, architecture, weights
from resnet_studio.training.balance import is_even
from resnet_studio.training.caching import caches_features
from resnet_studio.training.plan import freeze_in

MOST_NAMED = 5

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset, Split
    from resnet_studio.training.batches import Part


def cautions(config: TrainConfig, requested: TrainConfig | None = None, ratio: float = 1.0) -> tuple[Noted, ...]:
    """Where a training with a resolved ``config`` will probably disappoint; it is done all the same.

    With what was ``requested``, also what the studio chose by itself and one should know: that no pretrained weights
    were found where random ones were not requested, and that classes, which differ by ``ratio``, are balanced.
    """
    said = []
    if requested is not None and requested.weights == "auto" and config.weights == "scratch":
        choice = weights.explain("auto", architecture.of(config))
        said.append(Noted(key=choice.reason, values=choice.values))
    if requested is not None and requested.class_weighting == "auto" and is_even(config):
        said.append(Noted(key=f"note.plan.{config.class_weighting}", values={"ratio": ratio}))
    if config.freeze == "layer4" and config.tuned_parameters != "all":
        said.append(Noted(key="note.plan.head_alone_tuned"))
    if config.weights == "scratch" and config.tuned_parameters != "all":
        said.append(Noted(key="note.plan.random_convolutions"))
    elif config.weights == "scratch" and config.freeze != "none":
        said.append(Noted(key="note.plan.random_frozen"))
    assert config.epochs is not None
    wanted = anatomy.trained_stages(config.freeze)
    reached = anatomy.trained_stages(freeze_in(config, config.epochs - 1))
    if left := wanted[: len(wanted) - len(reached)]:
        every = config.gradual_unfreezing
        needed = every * (len(wanted) - 1) + 1
        values = {"stages": left, "every": every, "needed": needed, "epochs": config.epochs}
        said.append(Noted(key="note.plan.never_unfrozen", values=values))
    return tuple(said)


def choices(config: TrainConfig, requested: TrainConfig) -> Iterator[Noted]:
    """What the studio does by itself where that was left open in ``requested``, and is nothing to think over before."""
    if requested.final_fit is None and config.final_fit:
        yield Noted(key="note.plan.few_to_choose_by")


def picture_cautions(resolved: TrainConfig, requested: TrainConfig, pictures: Dataset | Split) -> Iterator[Noted]:
    """What the user should know about training with ``resolved`` settings on ``pictures``, as ``requested``."""
    if resolved.picture_size is None:  # damaged settings, which preparing the training refuses in a sentence
        return
    if resolved.fit == "crop" and pictures.median_aspect > views.WIDE:
        share = views.final_view(resolved, pictures).share(pictures.median_aspect)
        yield Noted(key="note.plan.wide", values={"share": share})
    pairs = mirrored_pairs(pictures.classes)
    if pairs and requested.horizontal_flip and resolved.augmentation != "none":
        yield Noted(
            key="note.plan.mirrored", values={"pairs": [f"{one} / {other}" for one, other in pairs[:MOST_NAMED]]}
        )
    early, size = requested.early_picture_size, resolved.picture_size
    if early is not None and early < min(size, resolved.early_picture_size or size) and caches_features(resolved):
        yield Noted(key="note.plan.full_views", values={"asked": early, "size": size})


def about_pictures(train: Part, validation: Part, *, new: bool) -> Iterator[Event]:
    """Which pictures could not be decoded; at a ``new`` training, how many have a label that no person has checked."""
    if train.skipped or validation.skipped:
        yield PicturesSkipped(files=train.skipped + validation.skipped)
    if new and (count := sum(sample.labelled_by == MODEL for sample in train.samples)):
        yield Noted(key="note.pseudo_labelled", values={"count": count, "total": len(train.samples)})
