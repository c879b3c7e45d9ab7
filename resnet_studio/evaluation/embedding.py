"""Pooled features of pictures from the weights that a training starts from, cached by the pictures' contents.

A trained network knows its labels by heart, the wrong ones too; the weights that it started from do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from resnet_studio.data import cached_rows, views
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.decode import VERSION, decode_all
from resnet_studio.data.reading import Reading
from resnet_studio.errors import WeightsError
from resnet_studio.model import starter_features, weights
from resnet_studio.model.card import Card, read_card

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torchvision.models import ResNet

    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Split
    from resnet_studio.workspace import Run

Progress = Callable[[int, int], None]
DEPTH: Literal[18] = 18
CHUNK = 64
Pooling = Literal["mean", "mean and spread"]


@dataclass(frozen=True)
class Backbone:
    """A network by its ``depth`` and starting ``weights``, and how it is shown pictures."""

    depth: int
    weights: str
    end: views.Framed
    reading: Reading = Reading()

    @classmethod
    def of_run(cls, run: Run) -> Backbone:
        """What ``run`` started from; the best that this machine has where it started from random weights, or where its
        network is no plain ResNet with all its channels.
        """
        config = run.config
        pruned = run.best.exists() and bool(read_card(run.best).widths)
        if config.weights == "scratch" or config.family != "resnet" or pruned:
            plain = config.replace(weights="auto", family="resnet", depth=DEPTH, stem="auto")
            return cls.usual(plain, views.final_view(config, _split(run)))
        card: Card | None = read_card(run.best) if run.best.exists() else None
        if card is None:
            return cls(config.depth, config.weights, views.final_view(config, _split(run)))
        return cls(config.depth, config.weights, views.Framed.of(card.preprocessing), card.preprocessing.reading)

    @classmethod
    def usual(cls, config: TrainConfig, end: views.Framed) -> Backbone:
        """The best weights that this machine has for a network of this depth, shown pictures as ``end`` says."""
        choice = weights.explain(config.weights, config.depth)
        if choice.key == "scratch":
            raise WeightsError("error.review.no_weights")
        if choice.key == "starter" and end.side < 64:  # too small for what it was trained at
            end = views.Framed(round(96 * views.OVERSCAN), 96, end.fit)
        return cls(config.depth, choice.weights, end)


def _split(run: Run) -> Split:
    from resnet_studio.data.run_split import split_of

    return split_of(run)


def embed(
    backbone: Backbone,
    files: Sequence[Path],
    contents: Sequence[str],
    cache: ArrayCache,
    *,
    device: str = "auto",
    pooling: Pooling = "mean",
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Features [N, C] of ``files``: the outputs of the last two stages, each averaged over the picture; with the other
    ``pooling`` [N, 2 C], their standard deviations over the picture too.

    Those of pictures with equal ``contents`` that were computed before are taken from ``cache``. Rows of NaN stand for
    pictures that cannot be read. Raises :class:`WeightsError` where the weights cannot be had.
    """
    family = cache.key(
        "pooled features", 1, VERSION, backbone.depth, _identity(backbone.weights, backbone.depth),
        repr(backbone.end), *backbone.reading.differences(), *([] if pooling == "mean" else [pooling]),
    )  # fmt: skip
    known, new = cached_rows.find(cache, family, "features", contents)
    computed = compute_features(backbone, [files[place] for place in new], device, progress, pooling) if new else None
    width = computed.shape[1] if computed is not None else known[0].arrays["features"].shape[1] if known else 0
    features = np.full((len(files), width), np.nan, np.float32)
    for found in known:
        found.copy("features", features)
    if computed is not None:
        features[new] = computed
        if cache.has_room(computed.nbytes):
            named = [contents[place] for place in new]
            shapes = {"features": (computed.shape, "<f4")}
            shapes[cached_rows.contents_of("features")] = cached_rows.shape_of_contents(len(new))
            with cache.building(cache.key(family, named), shapes) as building:
                building.arrays["features"][:] = computed
                cached_rows.record_contents(building, family, features=named)
    return features


def _identity(chosen: str, depth: int) -> object:
    """What tells one file of weights from another without reading it."""
    if not weights.is_path(chosen):
        key = weights.explain(chosen, depth).key
        return [chosen, key, starter_features.identity()] if key == "starter" else [chosen, key]
    status = Path(chosen).expanduser().stat()
    return [chosen, status.st_size, status.st_mtime_ns]


def compute_features(
    backbone: Backbone, files: Sequence[Path], device: str, progress: Progress | None, pooling: Pooling = "mean"
) -> NDArray[np.float32]:
    """Features of ``files``; the next pictures are decoded by threads, a chunk at a time."""
    import torch

    from resnet_studio.model import resnet
    from resnet_studio.model.device import choose_device, layout

    chosen = choose_device(device)
    if device == "auto" and chosen.type == "mps":  # beside a training, two threads on Metal can crash it
        chosen = torch.device("cpu")
    stem = weights.explain(backbone.weights, backbone.depth).stem or "standard"
    model = resnet.build(backbone.depth, 2, stem=stem, seed=0)
    origin = weights.load_into(model, backbone.depth, backbone.weights)
    model.eval().to(device=chosen, memory_format=layout(chosen))
    rows = []
    for start in range(0, len(files), CHUNK):
        decoded = decode_all(files[start : start + CHUNK], backbone.end, reading=backbone.reading)
        some = np.full((len(files[start : start + CHUNK]), _width(model, pooling)), np.nan, np.float32)
        if len(decoded.pixels):
            batch = torch.from_numpy(decoded.pixels).permute(0, 3, 1, 2).to(chosen).float().div_(255)
            mean, std = (torch.tensor(each, device=chosen).view(1, 3, 1, 1) for each in (origin.mean, origin.std))
            inputs = ((batch - mean) / std).contiguous(memory_format=layout(chosen))
            some[list(decoded.indices)] = _pooled(model, inputs, pooling).cpu().numpy()
        rows.append(some)
        if progress is not None:
            progress(min(start + CHUNK, len(files)), len(files))
    return np.concatenate(rows)


def _width(model: ResNet, pooling: Pooling) -> int:
    head: torch.nn.Linear = model.fc
    return (head.in_features + head.in_features // 2) * (1 if pooling == "mean" else 2)


def _pooled(model: ResNet, inputs: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    import torch

    with torch.inference_mode():
        early = model.layer2(model.layer1(model.maxpool(model.relu(model.bn1(model.conv1(inputs))))))
        third = model.layer3(early)
        fourth = model.layer4(third)
        stages = [third.float(), fourth.float()]
        rows = [stage.mean((2, 3)) for stage in stages]
        if pooling != "mean":  # of one place alone there is no deviation, and "unbiased" would be nan
            rows += [stage.std((2, 3), unbiased=False) for stage in stages]
        return torch.cat(rows, 1)
