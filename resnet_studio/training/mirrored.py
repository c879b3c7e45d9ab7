"""Whether two classes are mirror images of each other, by their pictures: arrows to the left and to the right.

A probe on features of the pictures as they are classifies the mirrored ones. Of ordinary classes it recognises both
alike; of two that mirror each other it takes each for the other. None of these was the probe fitted to.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from resnet_studio.data import cached_rows, decode
from resnet_studio.data.augment import normalise
from resnet_studio.errors import StudioError
from resnet_studio.evaluation.report import wilson_interval
from resnet_studio.events import Event, Noted
from resnet_studio.model.preprocess import IMAGENET_MEAN, IMAGENET_STD
from resnet_studio.model.starter_features import identity, load_body
from resnet_studio.training.cautions import MOST_NAMED
from resnet_studio.training.probe import FOLDS, fit

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_studio.data.cache import ArrayCache
    from resnet_studio.training.batches import FreshBatches, Part
    from resnet_studio.training.materials import Materials

VERSION = 1
SIDE, GRID, CHUNK = 64, 3, 64
WIDTH = 256 * GRID**2
MOST_PICTURES, FEWEST_OF_A_CLASS = 240, 6
LEVEL = 0.998
"""Of the interval that must lie above chance: many pairs are looked at."""
C = 1e-2
RIGHT, TAKEN = 0.6, 0.4
"""Between two classes: at least this share is right as it is, and at most that one mirrored."""


def disable_unsafe_mirroring(
    m: Materials, fresh: FreshBatches, cache: ArrayCache
) -> Generator[Event, None, FreshBatches]:
    """``fresh`` without mirroring where that would make one class of two; the run's settings say so too."""
    precision = m.compute.precision if m.device.type == "cpu" else "fp32"  # of the CPU, which computes this
    pairs = mirrored_classes(fresh.training, len(m.split.classes), m.config.seed, cache, precision)
    if not pairs:
        return fresh
    named = [f"{m.split.classes[one]} / {m.split.classes[other]}" for one, other in pairs[:MOST_NAMED]]
    yield Noted(key="note.mirrored", values={"pairs": named})
    m.config = m.config.replace(horizontal_flip=False)
    m.run.write_resolved(m.config)
    m.batches = replace(fresh, augmentation=replace(fresh.augmentation, flip=False))
    return m.batches


def mirrored_classes(
    part: Part, classes: int, seed: int, cache: ArrayCache, precision: str = "fp32"
) -> list[tuple[int, int]]:
    """The pairs of labels in ``part`` whose pictures are each other's mirror images; looked for once, see ``cache``.

    Features are computed in the ``precision`` that is fastest on the CPU; on photographs and on Tiny ImageNet the probe
    answers alike in bf16, for all of 410 pictures and of their mirror images.
    """
    about = [part.contents, part.labels.tolist(), list(part.pixels.shape)]
    key = cache.key("mirrored classes", VERSION, identity(), *about, seed, precision)
    if (entry := cache.get(key)) is not None:
        return [(one, other) for one, other in entry.notes["pairs"]]
    pairs = _found(part, classes, seed, cache, precision)
    if cache.has_room(0):
        with cache.building(key, {}) as building:
            building.notes["pairs"] = pairs
    return pairs


def _found(part: Part, classes: int, seed: int, cache: ArrayCache, precision: str) -> list[tuple[int, int]]:
    """See :func:`mirrored_classes`; as far as a few pictures can tell.

    The features are those of the starter weights whatever the network that is trained, which may know nothing yet:
    layer3's maps, on a grid of 3 x 3, where left and right still differ.
    """
    chosen = _sample_indices(part.labels.cpu(), classes, seed)
    if not len(chosen):
        return []
    labels = part.labels.cpu()[chosen]
    try:
        plain, mirrored = _features(part, chosen, cache, precision)
    except (StudioError, OSError):  # an installation without the starter weights goes by the names of classes alone
        return []
    asked = torch.empty_like(labels), torch.empty_like(labels)
    fold = torch.arange(len(labels)) % FOLDS
    for out in range(FOLDS):
        held = fold == out
        probe = fit(plain[~held], labels[~held], classes, seed, C=C)
        for said, features in zip(asked, (plain, mirrored), strict=True):
            said[held] = (features[held] @ probe.weight.T + probe.bias).argmax(1)
    counts = [torch.bincount(labels * classes + said, minlength=classes**2).view(classes, classes) for said in asked]
    pairs = combinations(sorted(set(labels.tolist())), 2)
    return [(one, other) for one, other in pairs if _swapped(counts[0], counts[1], one, other)]


def _features(part: Part, chosen: Tensor, cache: ArrayCache, precision: str) -> tuple[Tensor, Tensor]:
    """Features [N, C] of the ``chosen`` pictures and of their mirror images; those computed before are in ``cache``."""
    contents = [part.contents[index] for index in chosen.tolist()]
    shown = [identity(), list(part.pixels.shape[1:])]
    family = cache.key("features beside mirrored ones", VERSION, decode.VERSION, *shown, precision)
    known, new = cached_rows.find(cache, family, "plain", contents)
    found = {name: np.empty((len(contents), WIDTH), np.float32) for name in ("plain", "mirrored")}
    for name, array in found.items():
        for each in known:
            each.copy(name, array)
    if new:
        body, places = load_body(), chosen[torch.tensor(new)]
        pixels = part.pixels[places.to(part.pixels.device)].cpu()
        for name, views in (("plain", pixels), ("mirrored", pixels.flip(2))):
            found[name][new] = pooled_features(body, views, precision).numpy()
        named = [contents[place] for place in new]
        shapes: dict[str, tuple[tuple[int, ...], str]] = {name: ((len(new), WIDTH), "<f4") for name in found}
        shapes[cached_rows.contents_of("plain")] = cached_rows.shape_of_contents(len(new))
        if cache.has_room(2 * len(new) * WIDTH * 4):
            with cache.building(cache.key(family, named), shapes) as building:
                for name, array in found.items():
                    building.arrays[name][:] = array[new]
                cached_rows.record_contents(building, family, plain=named)
    return torch.from_numpy(found["plain"]), torch.from_numpy(found["mirrored"])


def _swapped(plain: Tensor, mirrored: Tensor, one: int, other: int) -> bool:
    """Whether the probe tells the two classes apart, and confuses them for mirrored pictures."""
    shares, fits, seen = [], 0, 0
    for counts, expected in ((plain, (0, 3)), (mirrored, (1, 2))):
        between = [int(counts[a, b]) for a in (one, other) for b in (one, other)]
        if not sum(between):
            return False
        shares.append((between[0] + between[3]) / sum(between))
        fits, seen = fits + sum(between[place] for place in expected), seen + sum(between)
    return shares[0] >= RIGHT and shares[1] <= TAKEN and wilson_interval(fits, seen, LEVEL)[0] > 0.5


def _sample_indices(labels: Tensor, classes: int, seed: int) -> Tensor:
    """As many pictures of each class, in random order; none of classes with too few for the folds."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    each = max(FEWEST_OF_A_CLASS, MOST_PICTURES // classes)
    found = [order[labels[order] == label][:each] for label in range(classes)]
    enough = [chosen for chosen in found if len(chosen) >= FEWEST_OF_A_CLASS]
    if len(enough) < 2:
        return torch.zeros(0, dtype=torch.int64)
    chosen = torch.cat(enough[: 5 * MOST_PICTURES // each])
    mixed: Tensor = chosen[torch.randperm(len(chosen), generator=torch.Generator().manual_seed(seed))]
    return mixed


def pooled_features(body: torch.nn.Module, pixels: Tensor, precision: str = "fp32") -> Tensor:
    """Features [N, C] of ``pixels`` uint8 [N, S, S, 3]."""
    body, low = body.to(memory_format=torch.channels_last), precision != "fp32"
    found = []
    for chunk in torch.split(pixels, CHUNK):
        batch = F.interpolate(chunk.permute(0, 3, 1, 2).float().div_(255), SIDE, mode="bilinear", antialias=True)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
            maps = body(normalise(batch, IMAGENET_MEAN, IMAGENET_STD)).float()
        found.append(F.adaptive_avg_pool2d(maps, GRID).flatten(1))
    return torch.cat(found).clone()
