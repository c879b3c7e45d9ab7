"""Cached features of the frozen prefix: each picture goes through it once a view instead of once an epoch.

The validation pictures have one view, the plain centre crop. The training pictures have several augmented ones beside
it, and every step draws one for each of its pictures, so that augmentation still helps. Entries live in the
workspace's cache, named by the pictures' contents, the prefix's weights, the size and the augmentation.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from resnet_studio.data import cached_rows, decode
from resnet_studio.data.augment import RANDOM
from resnet_studio.events import Preparing
from resnet_studio.model.weights_hash import weights_hash
from resnet_studio.training.batches import FreshBatches, Part, on_device_if_it_fits, step_seed
from resnet_studio.training.caching import CACHED_VIEWS, MOST_VIEWS, cached_views, caches_features
from resnet_studio.training.cycles import cycle_at
from resnet_studio.training.kept_views import CachedFeatures
from resnet_studio.training.known import frozen_taps, tapped
from resnet_studio.training.plan import picture_size_in

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.cache import ArrayCache, CachedArrays
    from resnet_studio.model.architecture import Stage

VERSION = 1
PARTS = ("train", "validation")
CHUNK, SMALL_GPU_CHUNK, GPU_CHUNK = 64, 128, 512  # pictures at once
LARGE_GPU = 12 * 2**30
VIEW_EPOCH = 2**31  # views draw from seeds that no epoch uses
STORED = {"bf16": ("<u2", torch.bfloat16), "fp32": ("<f4", torch.float32)}


def cache_features(
    fresh: FreshBatches, config: TrainConfig, cache: ArrayCache, views: int | None = None, epoch: int = 0
) -> Generator[Preparing, None, CachedFeatures | FreshBatches]:
    """The same batches from cached features, where caching pays and they fit into ``cache``; else ``fresh``.

    ``views`` is the number that a resumed training has used, whatever room there is now; else it is that of the cycle
    of ``epoch``. The unaugmented pictures come
    first, as they are all that a probe needs. :func:`cache_augmented` adds the augmented views.
    """
    views = views_with_room(fresh, config, cache, epoch) if views is None else views
    if not caches_features(config) or views == 0:
        return fresh
    taps = frozen_taps(config)
    key = cache.key("plain features", VERSION, *_plain(fresh, taps), *_follows_from(fresh))
    if (entry := cache.get(key)) is None:
        yield from _cache_plain(fresh, cache, key, taps)
        entry = cache.get(key)
        assert entry is not None
    train, validation_features = (_as_tensor(entry.arrays[name], fresh) for name in ("train", "validation"))
    taught = _taught(entry, "train", fresh)
    none_varied = (None if of is None else of.unsqueeze(0)[:0] for of in (train, taught))
    varied, varied_taught = none_varied
    assert varied is not None
    pooled = {name: {stage: torch.from_numpy(entry.arrays[f"{name}_{stage}"]) for stage in taps} for name in PARTS}
    return CachedFeatures(
        fresh.training, fresh.validation, train, varied, validation_features, taught, varied_taught, pooled
    )


def _cache_plain(
    fresh: FreshBatches, cache: ArrayCache, key: str, taps: Mapping[Stage, str]
) -> Generator[Preparing, None, None]:
    """Build the entry ``key``: what is there of a picture from another set, or from this one before an edit, is
    copied. What each of ``taps`` puts out is kept beside the features, pooled.
    """
    family = cache.key("plain features of a family", VERSION, *_plain(fresh, taps), *_besides_pictures(fresh))
    parts = {
        "train": (fresh.training, fresh.plain_pictures),
        "validation": (fresh.validation, fresh.validation_pictures),
    }
    shapes, names = _shapes_of_plain(fresh, taps), {}
    for name in parts:
        names[name] = [*_arrays_of(name, fresh), *(f"{name}_{stage}" for stage in taps)]
    total, done = len(fresh.training) + len(fresh.validation), 0
    with cache.building(key, shapes) as building:
        for name, (part, compute) in parts.items():
            known, new = cached_rows.find(cache, family, name, part.contents)
            for found, each in product(known, names[name]):
                found.copy(each, building.arrays[each])
            done += len(part) - len(new)
            chunks = ((chosen, compute(chosen)) for chosen in _chunks(new, fresh))
            yield from _fill(fresh, chunks, [building.arrays[each] for each in names[name]], done, total, taps)
            done += len(new)
        cached_rows.record_contents(
            building, family, train=fresh.training.contents, validation=fresh.validation.contents
        )


def _shapes_of_plain(fresh: FreshBatches, taps: Mapping[Stage, str]) -> dict[str, tuple[tuple[int, ...], str]]:
    """The shapes and types of all arrays of an entry of plain features."""
    modules = {stage: fresh.prefix.get_submodule(name) for stage, name in taps.items()}
    with tapped(modules) as pooled:
        shape, (stored, _) = _output_shape(fresh, fresh.preprocessing.crop), STORED[fresh.compute.precision]
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}
    for name, part in zip(PARTS, (fresh.training, fresh.validation), strict=True):
        shapes[name] = ((len(part), *shape), stored)
        shapes[cached_rows.contents_of(name)] = cached_rows.shape_of_contents(len(part))
        shapes |= _shape_of_taught(name, (len(part),), fresh)
        shapes |= {f"{name}_{stage}": ((len(part), each.shape[1]), "<f4") for stage, each in pooled.items()}
    return shapes


def cache_augmented(
    cached: CachedFeatures,
    fresh: FreshBatches,
    config: TrainConfig,
    cache: ArrayCache,
    views: int | None = None,
    epoch: int = 0,
) -> Generator[Preparing, None, CachedFeatures]:
    """``cached`` with the augmented views too, where ``config`` augments at all; without the pictures' own pixels.

    ``views`` and ``epoch`` as in :func:`cache_features`; a second cycle has views that the first did not have.
    """
    cached = replace(cached, training=_without_pixels(cached.training), validation=_without_pixels(cached.validation))
    if fresh.augmentation.identity:
        return cached
    size = picture_size_in(config, 0)
    views = max(CACHED_VIEWS, views_with_room(fresh, config, cache, epoch) if views is None else views) - 1
    first = MOST_VIEWS if cycle_at(config, epoch).begin else 0
    drawn = (asdict(fresh.augmentation), views, size, config.seed, *([first] if first else []))
    key = cache.key("varied features", VERSION, *_follows_from(fresh), *drawn)
    if (entry := cache.get(key)) is None:
        family = cache.key("varied features of a family", VERSION, *_besides_pictures(fresh), *drawn)
        yield from _cache_varied(fresh, cache, (key, family), range(first, first + views), size, config.seed)
        entry = cache.get(key)
        assert entry is not None
    varied_features, taught = _as_tensor(entry.arrays["train"], fresh), _taught(entry, "train", fresh)
    return replace(cached, varied_features=varied_features, varied_taught=taught)


def _cache_varied(
    fresh: FreshBatches, cache: ArrayCache, keys: tuple[str, str], views: range, size: int, seed: int
) -> Generator[Preparing, None, None]:
    """Build the entry of the first of ``keys``; what one of the family of the second has of a picture is copied."""
    key, family = keys
    count = len(fresh.training)
    shape, (stored, _) = _output_shape(fresh, size), STORED[fresh.compute.precision]
    known, new = cached_rows.find(cache, family, "train", fresh.training.contents)
    shapes = {"train": ((len(views), count, *shape), stored), **_shape_of_taught("train", (len(views), count), fresh)}
    shapes[cached_rows.contents_of("train")] = cached_rows.shape_of_contents(count)
    names = _arrays_of("train", fresh)
    with cache.building(key, shapes) as building:
        for found, name in product(known, names):
            found.copy(name, building.arrays[name], axis=1)
        done = len(views) * (count - len(new))
        for place, view in enumerate(views):
            varied = _varied(fresh, new, size, seed, view)
            done_so_far = done + place * len(new)  # no array may be held here: it would stay mapped
            yield from _fill(
                fresh, varied, [building.arrays[name][place] for name in names], done_so_far, len(views) * count
            )
        cached_rows.record_contents(building, family, train=fresh.training.contents)


def _without_pixels(part: Part) -> Part:
    return replace(part, pixels=part.pixels.new_empty((0, *part.pixels.shape[1:])), shown=None)


def _chunk(fresh: FreshBatches) -> int:
    device = fresh.training.labels.device
    if device.type == "cpu":
        return CHUNK
    large = device.type == "cuda" and torch.cuda.get_device_properties(device).total_memory >= LARGE_GPU
    return GPU_CHUNK if large else SMALL_GPU_CHUNK


def views_with_room(fresh: FreshBatches, config: TrainConfig, cache: ArrayCache, epoch: int = 0) -> int:
    """How many views are cached: as many as ``config`` wants, or few where all those do not fit, or none."""
    values = int(np.prod(_output_shape(fresh, fresh.preprocessing.crop))) * fresh.compute.dtype.itemsize
    wanted = cached_views(config, epoch)
    for views in (wanted, min(wanted, CACHED_VIEWS)):
        if cache.has_room((views * len(fresh.training) + len(fresh.validation)) * values):
            return views
    return 0


def _follows_from(fresh: FreshBatches) -> tuple[object, ...]:
    """All that the plain features depend on."""
    return (fresh.training.contents, fresh.validation.contents, *_besides_pictures(fresh))


def _plain(fresh: FreshBatches, taps: Mapping[Stage, str]) -> tuple[object, ...]:
    """What is particular to the plain features: whether they are of what is shown in the end, and what else is kept."""
    return fresh.training.shown is not None, list(taps)


def _besides_pictures(fresh: FreshBatches) -> tuple[object, ...]:
    """All that the features of a picture depend on, besides the picture."""
    return (
        weights_hash(fresh.prefix), asdict(fresh.preprocessing), fresh.training.pixels.shape[1], decode.VERSION,
        fresh.compute.precision, *([fresh.teachers.key] if fresh.teachers else []),
    )  # fmt: skip


def _arrays_of(name: str, fresh: FreshBatches) -> list[str]:
    """The arrays that are computed of the part ``name``: features, and what the teachers answer where it is trained."""
    return [name, *([f"{name}_taught"] if fresh.teachers and name == "train" else [])]


def _shape_of_taught(name: str, rows: tuple[int, ...], fresh: FreshBatches) -> dict[str, tuple[tuple[int, ...], str]]:
    return dict.fromkeys(_arrays_of(name, fresh)[1:], ((*rows, fresh.classes), "<f4"))


def _taught(entry: CachedArrays, name: str, fresh: FreshBatches) -> Tensor | None:
    """The stored answers of the teachers; None where there are none."""
    arrays = [entry.arrays[each] for each in _arrays_of(name, fresh)[1:]]
    return torch.from_numpy(arrays[0]) if arrays else None


def _chunks(places: Sequence[int], fresh: FreshBatches) -> Sequence[Tensor]:
    return torch.split(torch.tensor(places, dtype=torch.int64), _chunk(fresh)) if places else ()


def _varied(
    fresh: FreshBatches, new: Sequence[int], size: int, seed: int, view: int
) -> Iterator[tuple[Tensor, Tensor]]:
    for index, chosen in enumerate(_chunks(new, fresh)):
        with RANDOM:
            torch.manual_seed(step_seed(seed, VIEW_EPOCH + view, index))
            pictures = fresh.varied(chosen, size)
        yield chosen, pictures


def _fill(
    fresh: FreshBatches, chunks: Iterator[tuple[Tensor, Tensor]], arrays: Sequence[np.ndarray], done: int, total: int,
    taps: Mapping[Stage, str] = MappingProxyType({}),
) -> Generator[Preparing, None, None]:  # fmt: skip
    """Fill rows of ``arrays`` with the features of the pictures that come in ``chunks`` with their places, then with
    what teachers answer where there are any, then with what each of ``taps`` puts out; after each says how far it is.
    """
    modules = {stage: fresh.prefix.get_submodule(name) for stage, name in taps.items()}
    for chosen, pictures in chunks:
        taught = []  # before the pictures are normalised in place
        if fresh.teachers and len(arrays) > 1 + len(taps):
            taught.append(fresh.teachers.answers(pictures).cpu().numpy())
        with tapped(modules) as pooled:
            values = [_as_array(fresh.through(pictures)), *taught]
        values += [pooled[stage].numpy() for stage in taps]
        for array, rows in zip(arrays, values, strict=True):
            array[chosen.numpy()] = rows
        done += len(pictures)
        yield Preparing(stage="features", done=done, total=total)


def _output_shape(fresh: FreshBatches, size: int) -> tuple[int, ...]:
    """The shape of the features of a picture of ``size`` px; maps have their channels last, as they are computed."""
    output = fresh.through(torch.zeros(1, 3, size, size, device=fresh.training.labels.device))
    return tuple(_channels_last(output).shape[1:])


def _channels_last(features: Tensor) -> Tensor:
    return features.permute(0, 2, 3, 1) if features.ndim == 4 else features


def _as_array(features: Tensor) -> np.ndarray:
    """Features as numpy can store them: bf16 as its 16 bits."""
    last = _channels_last(features).contiguous().cpu()
    return (last.view(torch.uint16) if last.dtype == torch.bfloat16 else last.float()).numpy()


def _as_tensor(array: np.ndarray, fresh: FreshBatches) -> Tensor:
    """Stored features, on the device of ``fresh`` where they fit."""
    _, dtype = STORED[fresh.compute.precision]
    return on_device_if_it_fits(torch.from_numpy(array).view(dtype), fresh.training.labels.device)
