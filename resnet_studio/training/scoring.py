"""Scores the final network on validation and test pictures.

This uses cached features: a second training on the same frozen part needs only the rest.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from resnet_studio.data.augment import normalise
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.decode import CHUNK, are_checked, content, decode_all
from resnet_studio.data.decode import VERSION as DECODED
from resnet_studio.data.views import Framed
from resnet_studio.errors import DataError
from resnet_studio.evaluation.outputs import Outputs
from resnet_studio.evaluation.report import Report, compute_outputs, report_of, score_test_pictures
from resnet_studio.model.weights_hash import weights_hash
from resnet_studio.training.batches import as_batch
from resnet_studio.training.kept_views import CachedFeatures
from resnet_studio.training.known import Known, frozen_taps, tapped, through_suffix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from resnet_studio.data.dataset import Sample
    from resnet_studio.model.architecture import Stage
    from resnet_studio.training.known import KnownPictures
    from resnet_studio.training.materials import Materials

VERSION = 1


def score(m: Materials, known: KnownPictures | None = None) -> Report | None:
    """The report of ``m.model`` (eval mode) on the test pictures, in fp32 as predictions are made; None without any.
    What is computed of them on the way is ``known`` afterwards.

    Raises :class:`DataError` where none of the pictures can be decoded.
    """
    if not m.split.test:
        return None
    if not isinstance(m.batches, CachedFeatures):
        return score_test_pictures(m.model, m.card, m.split, m.device)
    return report_of(m.card.classes, _through_features(m, m.split.test, known))


def validation_outputs(m: Materials, known: KnownPictures | None = None) -> Outputs | None:
    """What ``m.model`` (eval mode) computes for the validation pictures, in fp32; None where none can be decoded. What
    is computed of them on the way is ``known`` afterwards.
    """
    part, kept = m.batches.validation, isinstance(m.batches, CachedFeatures)
    if m.card.preprocessing.reduces != "all" and (not kept or m.compute.precision == "fp32"):
        with torch.inference_mode():  # what the training holds of them is what a prediction computes with
            logits = torch.cat([each.float().cpu() for each in _validation_logits(m)])
        return Outputs.of(part.samples, logits.numpy(), part.skipped)
    try:
        if kept:
            return _through_features(m, m.split.validation, known)
        return compute_outputs(m.model, m.card, m.split.validation, _files(m, m.split.validation), m.device)
    except DataError:
        return None


def _validation_logits(m: Materials) -> Iterator[Tensor]:
    if isinstance(m.batches, CachedFeatures):
        for inputs, _ in m.batches.validate(CHUNK):
            yield m.suffix(inputs)
        return
    preprocessing = m.card.preprocessing
    for pixels in torch.split(m.batches.validation.pixels, CHUNK):
        yield m.model(normalise(as_batch(pixels, m.device), preprocessing.mean, preprocessing.std))


def _files(m: Materials, samples: Sequence[Sample]) -> list[Path]:
    return [m.split.path(sample) for sample in samples]


def _through_features(m: Materials, samples: Sequence[Sample], known: KnownPictures | None) -> Outputs:
    """What the network computes for ``samples``, using cached features of the frozen prefix."""
    cache, files = ArrayCache(m.run.cache), _files(m, samples)
    contents = [content(sample, file) for sample, file in zip(samples, files, strict=True)]
    preprocessing = m.card.preprocessing
    view, checked = Framed.of(preprocessing), are_checked(samples, contents)
    decoded = decode_all(files, view, reading=preprocessing.reading, contents=contents, cache=cache, checked=checked)
    if not decoded.indices:
        raise DataError("error.training.part_unreadable")
    used = [contents[index] for index in decoded.indices]
    features, pooled = _features(m, torch.from_numpy(decoded.pixels), used, cache)
    logits, trained = through_suffix(m, features)
    if known is not None:
        known.scored.append(Known(used, pooled | trained, logits))
    skipped = tuple(samples[index].name for index in decoded.skipped)
    return Outputs.of([samples[index] for index in decoded.indices], logits.numpy(), skipped)


def _features(
    m: Materials, pixels: Tensor, contents: list[str], cache: ArrayCache
) -> tuple[Tensor, dict[Stage, Tensor]]:
    """What the frozen prefix makes of ``pixels`` [N, S, S, 3], fp32 [N, ...], and what the stages that end within it
    do, pooled; cached where there is room.
    """
    preprocessing, taps = m.card.preprocessing, frozen_taps(m.config)
    about = (contents, weights_hash(m.prefix), asdict(preprocessing), list(taps))
    key = cache.key("test features", VERSION, DECODED, *about)
    if (entry := cache.get(key)) is not None:
        arrays = {name: torch.from_numpy(array) for name, array in entry.arrays.items()}
        return arrays["test"], {stage: arrays[stage] for stage in taps}
    modules = {stage: m.prefix.get_submodule(name) for stage, name in taps.items()}
    found: list[Tensor] = []
    stages: dict[Stage, list[Tensor]] = {stage: [] for stage in taps}
    for chunk in torch.split(pixels, CHUNK):
        inputs = normalise(as_batch(chunk, m.device), preprocessing.mean, preprocessing.std)
        with torch.inference_mode(), tapped(modules) as pooled:
            found.append(m.prefix(inputs).float().cpu())
        for stage, each in pooled.items():
            stages[stage].append(each)
    features, whole = torch.cat(found), {stage: torch.cat(each) for stage, each in stages.items()}
    _keep(cache, key, {"test": features} | {str(stage): each for stage, each in whole.items()})
    return features, whole


def _keep(cache: ArrayCache, key: str, tensors: Mapping[str, Tensor]) -> None:
    """Store ``tensors``, fp32, under ``key`` where there is room."""
    if not cache.has_room(sum(each.nbytes for each in tensors.values())):
        return
    shapes = {name: (tuple(each.shape), np.dtype(np.float32).str) for name, each in tensors.items()}
    with cache.building(key, shapes) as building:
        for name, each in tensors.items():
            building.arrays[name][:] = each.numpy()
