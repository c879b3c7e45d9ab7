"""Batches for the trained part of the network: decoded pictures, augmented and sent through the frozen prefix."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from resnet_studio.data.augment import Recipe, augment, kept_side, normalise
from resnet_studio.data.decode import CentreCrop, Decoded, Squeezed, View, decode
from resnet_studio.errors import DataError
from resnet_studio.events import Preparing

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Sample, Split
    from resnet_studio.model.checkpoint import Preprocessing


@dataclass(frozen=True)
class Part:
    """The pictures of one part of the split.

    ``pixels`` uint8 ``[N, side, side, 3]``, ``aspect`` float ``[N]``, ``labels`` int64 ``[N]``, all on one device;
    ``samples`` says which pictures they are, ``skipped`` which could not be decoded.
    """

    pixels: Tensor
    aspect: Tensor
    labels: Tensor
    samples: tuple[Sample, ...]
    skipped: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


def decode_part(
    split: Split, samples: Sequence[Sample], view: View, device: torch.device, *, done: int, total: int
) -> Generator[Preparing, None, Part]:
    """Decode ``samples``; yields progress that counts on from ``done`` to ``total``."""
    decoding = decode([split.path(sample) for sample in samples], view)
    try:
        while True:
            yield Preparing(stage="pictures", done=done + next(decoding), total=total)
    except StopIteration as stop:
        decoded: Decoded = stop.value
    kept = tuple(samples[index] for index in decoded.kept)
    return Part(
        pixels=torch.from_numpy(decoded.pixels).to(device),
        aspect=torch.from_numpy(decoded.aspect).to(device),
        labels=torch.tensor([sample.label for sample in kept], dtype=torch.int64, device=device),
        samples=kept,
        skipped=tuple(samples[index].name for index in decoded.skipped),
    )


def decode_parts(
    split: Split, config: TrainConfig, how: Recipe, preprocessing: Preprocessing, device: torch.device
) -> Generator[Preparing, None, tuple[Part, Part]]:
    """The training and validation pictures. Raises :class:`DataError` where decoding leaves a class without any."""
    total = len(split.train) + len(split.validation)
    crop = CentreCrop(preprocessing.resize, preprocessing.crop)
    view = crop if how.identity else Squeezed(kept_side(config, how))
    train = yield from decode_part(split, split.train, view, device, done=0, total=total)
    validation = yield from decode_part(split, split.validation, crop, device, done=len(split.train), total=total)
    for part in (train, validation):
        counts = torch.bincount(part.labels, minlength=len(split.classes)) if len(part) else torch.zeros(1)
        if part is train and (missing := (counts == 0).nonzero().flatten().tolist()):
            raise DataError("error.training.class_unreadable", name=split.classes[missing[0]])
        if not len(part):
            raise DataError("error.training.part_unreadable")
    return train, validation


def epoch_batches(count: int, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The order of ``count`` pictures in ``epoch``, cut into batches of nearly equal size, none above ``batch_size``.

    Nearly equal, since a last batch of one picture would break BatchNorm.
    """
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return np.array_split(order, -(-count // batch_size))


def step_seed(seed: int, epoch: int, batch: int) -> int:
    """The seed of one step, so that a resumed run draws what the uninterrupted one would have drawn."""
    return int(np.random.SeedSequence([seed, epoch, batch]).generate_state(1, np.uint64)[0] >> 1)


class FreshBatches:
    """Augments and sends pictures through the frozen prefix each time they are asked for."""

    def __init__(
        self, train: Part, validation: Part, prefix: torch.nn.Module, how: Recipe, preprocessing: Preprocessing
    ) -> None:
        self.training, self.validation = train, validation
        self._prefix, self._how, self._preprocessing = prefix, how, preprocessing

    def train(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        """Inputs of the suffix and labels of the training pictures ``indices``, freshly augmented."""
        part = self.training
        chosen = torch.from_numpy(indices).to(part.labels.device)
        pixels = part.pixels[chosen].permute(0, 3, 1, 2)
        if self._how.identity:
            batch = pixels.float().div_(255)
        else:
            batch = augment(pixels, part.aspect[chosen], self._preprocessing.crop, self._how)
        return self._through(batch), part.labels[chosen]

    def validate(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All validation pictures as inputs of the suffix, with labels."""
        part = self.validation
        for pixels, labels in zip(
            torch.split(part.pixels, batch_size), torch.split(part.labels, batch_size), strict=True
        ):
            yield self._through(pixels.permute(0, 3, 1, 2).float().div_(255)), labels

    def _through(self, batch: Tensor) -> Tensor:
        normalised = normalise(batch, self._preprocessing.mean, self._preprocessing.std)
        with torch.no_grad():
            output: Tensor = self._prefix(normalised.contiguous(memory_format=torch.channels_last))
        return output
