"""What the frozen prefix computes, kept: each picture goes through it once a view instead of once an epoch.

The validation pictures have one view. The training pictures have several augmented ones, the first of them the plain
centre crop, and every step draws one for each of its pictures, so that augmentation still helps. Entries live in the
workspace's cache, named by the pictures' contents, the prefix's weights, the size and the augmentation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from resnet_studio.events import Preparing
from resnet_studio.training.batches import FreshBatches, Part, on_device_if_it_fits, step_seed
from resnet_studio.training.plan import KEPT_VIEWS, keeps_features

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.cache import ArrayCache

VERSION = 1
CHUNK = 64
VIEW_EPOCH = 2**31  # views draw from seeds that no epoch uses
STORED = {"bf16": ("<u2", torch.bfloat16), "fp32": ("<f4", torch.float32)}


@dataclass(frozen=True)
class KeptBatches:
    """Batches of kept features.

    ``train_features`` [views, N, ...] and ``validation_features`` [M, ...] hold the suffix's inputs.
    """

    training: Part
    validation: Part
    train_features: Tensor
    validation_features: Tensor

    def train(self, indices: np.ndarray, size: int) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """See :class:`Batches`; a view is drawn for each picture, at the size that it was kept at."""
        chosen = torch.from_numpy(indices)
        views = torch.randint(len(self.train_features), (len(chosen),))
        place = self.train_features.device
        inputs = self.train_features[views.to(place), chosen.to(place)]
        labels = self.training.labels
        return _arranged(inputs.to(labels.device)), labels[chosen.to(labels.device)]

    def plain(self, chosen: Tensor) -> Tensor:
        """See :class:`Batches`; the first view."""
        features = self.train_features[0][chosen.to(self.train_features.device)]
        return _arranged(features.to(self.training.labels.device))

    def validate(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """See :class:`Batches`."""
        labels = self.validation.labels
        for inputs, answers in zip(
            torch.split(self.validation_features, batch_size), torch.split(labels, batch_size), strict=True
        ):
            yield _arranged(inputs.to(labels.device)), answers


def keep(
    fresh: FreshBatches, config: TrainConfig, cache: ArrayCache
) -> Generator[Preparing, None, KeptBatches | FreshBatches]:
    """The same batches from kept features, where keeping them pays and they fit into ``cache``; else ``fresh``."""
    if not keeps_features(config):
        return fresh
    views = 1 if fresh.how.identity else KEPT_VIEWS
    shape = _output_shape(fresh)
    stored, _ = STORED[fresh.compute.precision]
    count, others = len(fresh.training), len(fresh.validation)
    shapes = {"train": ((views, count, *shape), stored), "validation": ((others, *shape), stored)}
    size = (views * count + others) * int(np.prod(shape)) * np.dtype(stored).itemsize
    if not cache.has_room(size):
        return fresh
    key = cache.key(
        "features", VERSION, fresh.training.contents, fresh.validation.contents, _weights_hash(fresh.prefix),
        asdict(fresh.preprocessing), asdict(fresh.how), fresh.training.pixels.shape[1], views, config.seed,
        fresh.compute.precision,
    )  # fmt: skip
    if (entry := cache.get(key)) is None:
        with cache.building(key, shapes) as building:
            yield from _compute(fresh, config.seed, building.arrays["train"], building.arrays["validation"])
        entry = cache.get(key)
        assert entry is not None
    device = fresh.training.labels.device
    train, validation = (
        on_device_if_it_fits(_as_tensor(entry.arrays[name], fresh), device) for name in ("train", "validation")
    )
    return KeptBatches(fresh.training, fresh.validation, train, validation)


def _compute(
    fresh: FreshBatches, seed: int, train: np.ndarray, validation: np.ndarray
) -> Generator[Preparing, None, None]:
    """Fill the arrays; about once a chunk says how far it is."""
    views, count = train.shape[:2]
    total, done = views * count + len(validation), 0
    for view in range(views):
        for index, start in enumerate(range(0, count, CHUNK)):
            torch.manual_seed(step_seed(seed, VIEW_EPOCH + view, index))
            chosen = torch.arange(start, min(start + CHUNK, count))
            inputs = fresh.augmented(chosen, fresh.preprocessing.crop) if view else fresh.plain(chosen)
            train[view, start : start + len(chosen)] = _as_array(inputs)
            done += len(chosen)
            yield Preparing(stage="features", done=done, total=total)
    start = 0
    for inputs, labels in fresh.validate(CHUNK):
        validation[start : start + len(labels)] = _as_array(inputs)
        start += len(labels)
        yield Preparing(stage="features", done=done + start, total=total)


def _output_shape(fresh: FreshBatches) -> tuple[int, ...]:
    """The shape of one picture's features; maps have their channels last, as they are computed."""
    output = fresh.through(torch.zeros(1, 3, *2 * [fresh.preprocessing.crop], device=fresh.training.labels.device))
    return tuple(_channels_last(output).shape[1:])


def _channels_last(features: Tensor) -> Tensor:
    return features.permute(0, 2, 3, 1) if features.ndim == 4 else features


def _arranged(features: Tensor) -> Tensor:
    """Stored features [B, H, W, C] as the suffix wants them, [B, C, H, W]; pooled ones [B, C] as they are."""
    return features.permute(0, 3, 1, 2) if features.ndim == 4 else features


def _as_array(features: Tensor) -> np.ndarray:
    """Features as numpy can store them: bf16 as its 16 bits."""
    last = _channels_last(features).contiguous().cpu()
    return (last.view(torch.uint16) if last.dtype == torch.bfloat16 else last.float()).numpy()


def _as_tensor(array: np.ndarray, fresh: FreshBatches) -> Tensor:
    _, dtype = STORED[fresh.compute.precision]
    return torch.from_numpy(array).view(dtype)


def _weights_hash(module: torch.nn.Module) -> str:
    """SHA-256 over names and values of all parameters and buffers."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
