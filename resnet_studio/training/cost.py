"""The arithmetic of a training, from which the time that it takes is forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from resnet_studio.model import anatomy, architecture
from resnet_studio.training.caching import cached_views, caches_features
from resnet_studio.training.cycles import cycle_at
from resnet_studio.training.plan import freeze_in, picture_size_in

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig


def gflop(config: TrainConfig, counts: Mapping[str, int]) -> float:
    """Arithmetic of a whole training with a resolved ``config``, in GFLOP, for ``counts`` of train, validation and test
    pictures: a forward pass through all stages, and twice that for the backward pass through those that learn (once
    for the gradient of the maps, once for that of the weights where they are trained). Adversarial training goes twice
    through all stages, and once back to the pictures. Learning without labels first shows two views of each picture.
    """
    assert config.picture_size is not None and config.epochs is not None
    costs = anatomy.gflops(architecture.of(config), config.picture_size, config.stem)
    whole = sum(costs.values())
    frozen = sum(costs[stage] for stage in anatomy.frozen_stages(config.freeze))
    areas = [(picture_size_in(config, epoch) / config.picture_size) ** 2 for epoch in range(config.epochs)]
    cached, backward = caches_features(config), 2 if config.tuned_parameters == "all" else 1
    views = sum(
        cached_views(config, begin) for begin in {cycle_at(config, epoch).begin for epoch in range(config.epochs)}
    )
    through_frozen = (views * areas[0] if cached else sum(areas)) * counts["train"]
    through_frozen += (1 if cached else config.epochs) * counts["validation"]
    through_rest = config.epochs * counts["validation"] * (whole - frozen)
    for epoch, area in enumerate(areas):
        learning = sum(costs[stage] for stage in anatomy.trained_stages(freeze_in(config, epoch)))
        through_rest += counts["train"] * area * (whole - frozen + backward * learning)
        if config.adversarial:
            through_rest += counts["train"] * area * (2 * whole + (backward - 1) * learning)
    views = 2 * config.pretrain_epochs * (counts["train"] + counts.get("unlabelled", 0))  # all stages, and back
    return through_frozen * frozen + through_rest + (counts["test"] + 3 * views) * whole
