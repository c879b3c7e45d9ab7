"""Which trainings compute their frozen stages once a view, and how many views of each picture they keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet_studio.training.cycles import cycle_at

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig

CACHED_VIEWS, MOST_VIEWS = 4, 13  # of each training picture whose features are cached: as it is, and augmented


def caches_features(config: TrainConfig) -> bool:
    """Whether the frozen stages are computed once a view instead of once an epoch, given a resolved ``config``.

    It pays from layer1 on and for more epochs than views; mixing and attacking pictures has to happen before the
    frozen stages.
    """
    assert config.epochs is not None
    changed = config.mix != "none" or config.adversarial > 0
    return config.freeze not in ("none", "stem") and not changed and config.epochs > _views_for(config, config.epochs)


def cached_views(config: TrainConfig, epoch: int = 0) -> int:
    """How many views of each training picture are cached as features for the cycle that ``epoch`` (from 0) is in, the
    picture as it is among them; each cycle has its own.

    A head alone learns from four as from more. Trained stages know each of four by heart after a few epochs: they have
    a new one for every second epoch.
    """
    return _views_for(config, cycle_at(config, epoch).epochs)


def _views_for(config: TrainConfig, epochs: int) -> int:
    if config.augmentation == "none":
        return 1
    if config.freeze == "layer4":
        return CACHED_VIEWS
    return min(MOST_VIEWS, max(CACHED_VIEWS, 1 + epochs // 2))
