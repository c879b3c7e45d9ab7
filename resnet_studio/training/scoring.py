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
from resnet_studio.data.decode import CHUNK, content, decode_all
from resnet_studio.data.decode import VERSION as DECODED
from resnet_studio.data.views import Framed
from resnet_studio.errors import DataError
from resnet_studio.evaluation.outputs import Outputs
from resnet_studio.evaluation.report import Report, compute_outputs, report_of, score_test_pictures
from resnet_studio.model.weights_hash import weights_hash
from resnet_studio.training.batches import as_batch
from resnet_studio.training.kept_views import CachedFeatures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from resnet_studio.data.dataset import Sample
    from resnet_studio.training.materials import Materials

VERSION = 1


def score(m: Materials) -> Report | None:
    """The report of ``m.model`` (eval mode) on the test pictures, in fp32 as predictions are made; None without any.

    Raises :class:`DataError` where none of the pictures can be decoded.
    """
    if not m.split.test:
        return None
    if not isinstance(m.batches, CachedFeatures):
        return score_test_pictures(m.model, m.card, m.split, m.device)
    return report_of(m.card.classes, _through_features(m, m.split.test))


def validation_outputs(m: Materials) -> Outputs | None:
    """What ``m.model`` (eval mode) computes for the validation pictures, in fp32; None where none can be decoded."""
    part, kept = m.batches.validation, isinstance(m.batches, CachedFeatures)
    if m.card.preprocessing.reduces != "all" and (not kept or m.compute.precision == "fp32"):
        with torch.inference_mode():  # what the training holds of them is what a prediction computes with
            logits = torch.cat([each.float().cpu() for each in _validation_logits(m)])
        return Outputs.of(part.samples, logits.numpy(), part.skipped)
    try:
        if kept:
            return _through_features(m, m.split.validation)
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


def _through_features(m: Materials, samples: Sequence[Sample]) -> Outputs:
    """What the network computes for ``samples``, using cached features of the frozen prefix."""
    cache, files = ArrayCache(m.run.cache), _files(m, samples)
    contents = [content(sample, file) for sample, file in zip(samples, files, strict=True)]
    preprocessing = m.card.preprocessing
    decoded = decode_all(files, Framed.of(preprocessing), reading=preprocessing.reading, contents=contents, cache=cache)
    if not decoded.indices:
        raise DataError("error.training.part_unreadable")
    features = _features(m, torch.from_numpy(decoded.pixels), [contents[index] for index in decoded.indices], cache)
    with torch.inference_mode():
        logits = torch.cat([m.suffix(chunk.to(m.device)).cpu() for chunk in torch.split(features, CHUNK)])
    used = [samples[index] for index in decoded.indices]
    return Outputs.of(used, logits.numpy(), tuple(samples[index].name for index in decoded.skipped))


def _features(m: Materials, pixels: Tensor, contents: list[str], cache: ArrayCache) -> Tensor:
    """What the frozen prefix makes of ``pixels`` [N, S, S, 3], fp32 [N, ...]; cached where there is room."""
    preprocessing = m.card.preprocessing
    key = cache.key("test features", VERSION, DECODED, contents, weights_hash(m.prefix), asdict(preprocessing))
    if (entry := cache.get(key)) is not None:
        return torch.from_numpy(entry.arrays["test"])
    found = []
    for chunk in torch.split(pixels, CHUNK):
        with torch.inference_mode():
            found.append(
                m.prefix(normalise(as_batch(chunk, m.device), preprocessing.mean, preprocessing.std)).float().cpu()
            )
    features = torch.cat(found)
    if cache.has_room(features.nbytes):
        with cache.building(key, {"test": (tuple(features.shape), np.dtype(np.float32).str)}) as building:
            building.arrays["test"][:] = features.numpy()
    return features
