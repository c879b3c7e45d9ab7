"""Batches for the trained part of the network: decoded pictures, augmented and passed through the frozen prefix."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from resnet_studio.data import views
from resnet_studio.data.augment import AugmentationRecipe, augment, centre, mix, normalise, to_device
from resnet_studio.data.by_model import TEACHER
from resnet_studio.data.decode import are_checked, content, decode
from resnet_studio.errors import DataError
from resnet_studio.events import Preparing
from resnet_studio.model.device import layout
from resnet_studio.stepwise import map_steps
from resnet_studio.training.loss import UNLABELLED

if TYPE_CHECKING:
    from resnet_studio.config import Mix
    from resnet_studio.data.cache import ArrayCache
    from resnet_studio.data.dataset import Sample, Split
    from resnet_studio.data.reading import Reading
    from resnet_studio.model.checkpoint import Preprocessing
    from resnet_studio.training.distillation import Teachers
    from resnet_studio.training.hardware import Compute

WHOLE = slice(None)
Step = TypeVar("Step")
Converted = TypeVar("Converted")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """The pictures of one part of the split.

    ``pixels`` uint8 ``[N, side, side, 3]``, ``aspect`` float ``[N]``, ``labels`` int64 ``[N]``, all on one device;
    ``samples`` says which pictures they are, ``contents`` hashes their bytes, ``skipped`` could not be decoded.
    ``shown`` uint8 ``[N, crop, crop, 3]`` are the pictures as they are in the end, where ``pixels`` are kept otherwise:
    those are resized twice, and what a network makes of them lies apart from what it makes of pictures to predict.
    """

    pixels: Tensor
    aspect: Tensor
    labels: Tensor
    samples: tuple[Sample, ...]
    skipped: tuple[str, ...]
    contents: tuple[str, ...]
    shown: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def targets(self) -> Tensor:
        """The labels that people gave, int64 ``[N]``; :data:`UNLABELLED` for pictures that only a teacher knows."""
        unknown = [sample.labelled_by == TEACHER for sample in self.samples]
        return self.labels.masked_fill(torch.tensor(unknown, dtype=torch.bool, device=self.labels.device), UNLABELLED)


def decode_part(
    split: Split,
    samples: Sequence[Sample],
    view: views.View,
    device: torch.device,
    cache: ArrayCache,
    *,
    reading: Reading,
    done: int,
    total: int,
) -> Generator[Preparing, None, Part]:
    """Decode ``samples``; yields progress that counts on from ``done`` to ``total``."""
    files = [split.path(sample) for sample in samples]
    contents = [content(sample, file) for sample, file in zip(samples, files, strict=True)]
    checked = are_checked(samples, contents)
    decoding = decode(files, view, reading=reading, contents=contents, cache=cache, checked=checked)
    decoded = yield from map_steps(decoding, lambda ready: Preparing(stage="pictures", done=done + ready, total=total))
    selected = tuple(samples[index] for index in decoded.indices)
    return Part(
        pixels=on_device_if_it_fits(torch.from_numpy(decoded.pixels), device),
        aspect=torch.from_numpy(decoded.aspect).to(device),
        labels=torch.tensor([sample.label for sample in selected], dtype=torch.int64, device=device),
        samples=selected,
        skipped=tuple(samples[index].name for index in decoded.skipped),
        contents=tuple(contents[index] for index in decoded.indices),
    )


def decode_parts(
    split: Split,
    augmentation: AugmentationRecipe,
    end: views.Framed,
    device: torch.device,
    cache: ArrayCache,
    reading: Reading,
    *,
    shown: bool = False,
) -> Generator[Preparing, None, tuple[Part, Part]]:
    """The training and validation pictures, those for training also as they are ``shown`` in the end. Raises
    :class:`DataError` where decoding leaves a class without any.
    """
    total = len(split.train) + len(split.validation)
    view = views.training_view(end, augmentation)
    train = yield from decode_part(split, split.train, view, device, cache, reading=reading, done=0, total=total)
    if shown and view != end and len(train):
        counted = {"done": len(split.train) - len(train), "total": total}
        plain = yield from decode_part(split, train.samples, end, device, cache, reading=reading, **counted)
        if len(plain) == len(train):  # a file may be gone since
            train = replace(train, shown=plain.pixels)
    validation = yield from decode_part(
        split, split.validation, end, device, cache, reading=reading, done=len(split.train), total=total
    )
    for part in (train, validation):
        counts = torch.bincount(part.labels, minlength=len(split.classes)) if len(part) else torch.zeros(1)
        if part is train and (missing := (counts == 0).nonzero().flatten().tolist()):
            raise DataError("error.training.class_unreadable", name=split.classes[missing[0]])
        if not len(part):
            raise DataError("error.training.part_unreadable")
    return train, validation


def epoch_batches(count: int, batch_size: int, seed: int, epoch: int, *, fewest: int = 1) -> list[np.ndarray]:
    """The order of ``count`` pictures in ``epoch``, cut into batches of nearly equal size; see :func:`batch_count`."""
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return np.array_split(order, batch_count(count, batch_size, fewest))


def batch_count(count: int, batch_size: int, fewest: int = 1) -> int:
    """How many batches of nearly equal size ``count`` pictures make: none above ``batch_size``, unless one would be
    below ``fewest``; then there is one batch less, and some have a picture more.
    """
    return max(1, min(-(-count // batch_size), count // fewest))


def step_seed(seed: int, epoch: int, batch: int) -> int:
    """The seed of one step, so that a resumed run draws what the uninterrupted one would have drawn."""
    return int(np.random.SeedSequence([seed, epoch, batch]).generate_state(1, np.uint64)[0] >> 1)


def on_device_if_it_fits(pixels: Tensor, device: torch.device) -> Tensor:
    """``pixels`` on ``device`` where they take less than 40 % of its free memory, else where they are."""
    if device.type == "cuda":
        torch.cuda.empty_cache()  # memory that torch has cached counts as used
        free = torch.cuda.mem_get_info(device)[0]
    elif device.type == "mps":
        free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    else:
        return pixels
    return pixels if pixels.nbytes > 0.4 * free else pixels.to(device)


class Batches(Protocol):
    """Where the inputs of the suffix come from."""

    @property
    def training(self) -> Part:
        """The training pictures."""

    @property
    def validation(self) -> Part:
        """The validation pictures."""

    def train(self, indices: np.ndarray, size: int, part: slice = WHOLE) -> tuple[Tensor, ...]:
        """Inputs of the suffix, what it should answer and labels of the training pictures ``indices`` at ``size`` px;
        where there are teachers, also their answers to the same views, ``[B, classes]``.

        Only the ``part`` of them that this process computes; they are varied and mixed as all of them would be.
        It should answer the labels ``[B]``, or shares of the classes ``[B, classes]`` where pictures are mixed.
        """

    def plain(self, chosen: Tensor) -> Tensor:
        """Inputs of the suffix for the training pictures ``chosen`` [B], not augmented."""

    def validate(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All validation pictures as inputs of the suffix, with labels."""


@dataclass(frozen=True)
class FreshBatches:
    """Augments, mixes and passes pictures through the frozen prefix each time they are requested."""

    training: Part
    validation: Part
    prefix: torch.nn.Module
    augmentation: AugmentationRecipe
    preprocessing: Preprocessing
    compute: Compute
    mixing: Mix = "none"
    classes: int = 0
    teachers: Teachers | None = None

    def train(self, indices: np.ndarray, size: int, part: slice = WHOLE) -> tuple[Tensor, ...]:
        """See :class:`Batches`; freshly augmented. In a mix, pictures without a label count as what teachers see."""
        chosen = torch.from_numpy(indices)
        pictures, labels = self.varied(chosen, size), select_rows(self.training.labels, chosen)
        targets = select_rows(self.training.targets, chosen)
        if self.mixing != "none":
            pictures, targets = mix(pictures, labels, self.classes, self.mixing)
        taught = (self.teachers.answers(pictures[part]),) if self.teachers else ()
        return self.through(pictures[part]), targets[part], labels[part], *taught

    def plain(self, chosen: Tensor) -> Tensor:
        """See :class:`Batches`."""
        return self.through(self.plain_pictures(chosen))

    def plain_pictures(self, chosen: Tensor) -> Tensor:
        """The training pictures ``chosen`` [B] as they are in the end: float [B, 3, crop, crop] in [0, 1]."""
        part = self.training
        if part.shown is not None:
            return as_batch(select_rows(part.shown, chosen), part.labels.device)
        pixels = select_rows(part.pixels, chosen)
        size = self.preprocessing.crop
        if pixels.shape[1] == size:
            return as_batch(pixels, part.labels.device)
        moved = pixels.to(part.labels.device).permute(0, 3, 1, 2)
        aspect = select_rows(part.aspect, chosen)
        return centre(moved, aspect, size, size / self.preprocessing.resize)

    def validation_pictures(self, chosen: Tensor) -> Tensor:
        """The validation pictures ``chosen`` [B]: float [B, 3, crop, crop] in [0, 1]."""
        return as_batch(select_rows(self.validation.pixels, chosen), self.validation.labels.device)

    def validate(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """See :class:`Batches`."""
        part = self.validation
        for pixels, labels in zip(
            torch.split(part.pixels, batch_size), torch.split(part.labels, batch_size), strict=True
        ):
            yield self.through(as_batch(pixels, labels.device)), labels

    def varied(self, chosen: Tensor, size: int) -> Tensor:
        """The training pictures ``chosen`` [B], augmented by torch's default generator: float [B, 3, size, size] in
        [0, 1].
        """
        part, device = self.training, self.training.labels.device
        pixels = select_rows(part.pixels, chosen)
        if self.augmentation.identity:
            batch = as_batch(pixels, device)
            whole = batch.shape[-1] == size
            return batch if whole else F.interpolate(batch, size, mode="bilinear", antialias=True)
        moved = to_device(pixels, device).permute(0, 3, 1, 2)
        return augment(moved, select_rows(part.aspect, chosen), size, self.augmentation)

    def through(self, batch: Tensor) -> Tensor:
        """``batch`` in [0, 1], normalised and passed through the frozen prefix."""
        normalised = normalise(batch, self.preprocessing.mean, self.preprocessing.std)
        with torch.no_grad(), autocast(normalised.device, self.compute):
            output: Tensor = self.prefix(normalised.contiguous(memory_format=layout(normalised.device)))
        return output


def select_rows(values: Tensor, chosen: Tensor) -> Tensor:
    """The rows ``chosen`` [B] of ``values``, on their device."""
    return values[to_device(chosen, values.device)]


def as_batch(pixels: Tensor, device: torch.device) -> Tensor:
    """uint8 [B, S, S, 3] as float [B, 3, S, S] in [0, 1] on ``device``."""
    return to_device(pixels, device).permute(0, 3, 1, 2).float().div_(255)


def autocast(device: torch.device, compute: Compute) -> AbstractContextManager[Any]:
    """Computes in the chosen precision."""
    return torch.autocast(device.type, compute.dtype, enabled=compute.precision != "fp32")
