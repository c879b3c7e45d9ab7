"""Which features a head sees where it alone is trained: those of layer4, or those of layer3 beside them.

Cross-validation on the training pictures decides: linear probes on the features of both are scored on the pictures that
they were not fitted to. Validation and test pictures take no part in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from resnet_studio.data.augment import AugmentationRecipe
from resnet_studio.events import Event, Noted, Preparing
from resnet_studio.model import resnet
from resnet_studio.model.device import layout
from resnet_studio.training import balance, probe
from resnet_studio.training.batches import FreshBatches
from resnet_studio.training.cards import preprocessing_of
from resnet_studio.training.probe import MOST_COMPARED
from resnet_studio.training.starting import build_network, starting_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from resnet_studio.config import Features, TrainConfig
    from resnet_studio.data import views
    from resnet_studio.data.reading import Reading
    from resnet_studio.training.batches import Part
    from resnet_studio.training.hardware import Compute
    from resnet_studio.workspace import Run

FOLDS, CHUNK = 5, 64


@dataclass(frozen=True)
class FeaturesChoice:
    """Of ``pictures``, how many probes without them had right with the features of layer4, and with both stages'."""

    pictures: int
    layer4: int
    both: int

    @property
    def features(self) -> Features:
        """Both stages where they had more right; layer4, the smaller head, where that cannot be said."""
        return "layer3+layer4" if self.both > self.layer4 else "layer4"


def settle_features(
    run: Run, config: TrainConfig, reading: Reading, train: Part, end: views.Framed, compute: Compute
) -> Generator[Event, None, TrainConfig]:
    """``config``, a resolved one with a frozen network, with the features of its head settled, in the run's settings
    too. Those of layer4 where the starting weights know nothing, or know the classes.
    """
    both = config.replace(features="layer3+layer4")
    model = build_network(both, len(run.about["classes"]))
    origin = yield from starting_weights(model, both, tuple(run.about["classes"]))
    features: Features = "layer4"
    if config.weights != "scratch" and not origin.to_json()["detail"].get("head"):
        device = train.labels.device
        compute.prepare(model)
        model.to(device, memory_format=layout(device))
        prefix = resnet.cut(model, "layer4").prefix
        fresh = FreshBatches(
            train, train, prefix, AugmentationRecipe(), preprocessing_of(origin, end, reading, train), compute
        )
        features = (yield from choose_features(fresh, model.architecture.features, config)).features
    settled = config.replace(features=features)
    run.write_resolved(settled)
    return settled


def choose_features(fresh: FreshBatches, last: int, config: TrainConfig) -> Generator[Event, None, FeaturesChoice]:
    """Compare what ``fresh`` computes for training pictures: ``last`` features of layer4, then those of layer3."""
    order = np.random.default_rng(config.seed).permutation(len(fresh.training))[:MOST_COMPARED]
    chosen = torch.from_numpy(np.sort(order))
    rows: list[Tensor] = []
    for part in torch.split(chosen, CHUNK):
        with torch.no_grad():
            rows.append(_pooled(fresh.plain(part)))
        yield Preparing(stage="features", done=sum(map(len, rows)), total=len(chosen))
    features, labels = torch.cat(rows), fresh.training.labels.cpu()[chosen]
    places = folds([_kept_together(fresh, at) for at in chosen.tolist()], labels.numpy(), config.seed)
    right = [held_out(each, labels, places, config) for each in (features[:, :last], features)]
    found = FeaturesChoice(len(chosen), *right)
    values = {"pictures": found.pictures, "layer4": found.layer4, "both": found.both, "folds": FOLDS}
    yield Noted(key=f"note.features.{'both' if found.features != 'layer4' else 'layer4'}", values=values)
    return found


def folds(groups: list[str], labels: NDArray[np.int64], seed: int) -> Tensor:
    """The fold [N] of each picture, stratified by class as far as ``groups``, which stay together, allow it."""
    from sklearn.model_selection import StratifiedGroupKFold

    found = np.zeros(len(labels), np.int64)
    count = min(FOLDS, len(set(groups)), int(np.bincount(labels).max()))
    if count > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # classes smaller than the number of folds
            cutter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
            for fold, (_, held) in enumerate(cutter.split(labels, labels, groups)):
                found[held] = fold
    return torch.from_numpy(found)


def held_out(features: Tensor, labels: Tensor, places: Tensor, config: TrainConfig) -> int:
    """How many pictures probes have right that were fitted to the other folds; where all classes count alike, those of
    classes that are as frequent.
    """
    weighting, classes = balance.resolved(config), int(labels.max()) + 1
    worth = torch.ones(classes) if weighting == "none" else balance.class_weights(labels, classes)
    mean, scale = features.mean(0), features.std(0, correction=0) + 1e-6
    C = probe.strength((features - mean) / scale, labels, classes, config.seed, weighting=weighting)
    right = 0.0
    for fold in range(int(places.max()) + 1):
        known, held = places != fold, places == fold
        if not known.any() or not held.any():
            continue
        fitted = probe.fit(features[known], labels[known], classes, config.seed, C=C, weighting=weighting)
        guesses = (features[held] @ fitted.weight.T + fitted.bias).argmax(1)
        right += float((worth[labels[held]] * (guesses == labels[held])).sum())
    return round(right)


def _pooled(features: Tensor) -> Tensor:
    found = features.float()
    return (found.mean((2, 3)) if found.ndim == 4 else found).flatten(1).cpu()


def _kept_together(fresh: FreshBatches, at: int) -> str:
    sample = fresh.training.samples[at]
    return sample.group or sample.content or sample.name
