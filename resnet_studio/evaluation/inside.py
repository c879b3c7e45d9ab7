"""Inside of a network: its first filters, and the feature maps that one picture gives, stage by stage.

A stage puts out a map for each of its channels, which is high where the channel found in the picture what it looks for
(Zeiler and Fergus, arXiv 1311.2901). Shown are the channels with the highest mean. The first convolution's filters are
themselves pictures of what it looks for; those of later ones have too many channels for that.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from resnet_studio.data.views import Framed
from resnet_studio.errors import StudioError
from resnet_studio.evaluation.heatmaps import feature_maps
from resnet_studio.model.architecture import Stage
from resnet_studio.prediction import TAPPED, Prediction, Predictor

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torchvision.models import ResNet

CHANNELS = 12
"""Of each stage, so many are shown."""
COLOURS = "viridis"
"""Even steps of lightness, also for colour-blind eyes and in grey."""
FILTERS_IN_A_ROW = 16


@dataclass(frozen=True, eq=False)
class StageMaps:
    """The strongest of the ``total`` channels that a stage puts out, by mean activation, the strongest first.

    ``channels`` are their numbers from 0, ``means`` their mean activations, ``values`` float32 [channels, h, w] their
    maps.
    """

    stage: Stage
    total: int
    channels: tuple[int, ...]
    means: tuple[float, ...]
    values: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the maps, cells."""
        height, width = self.values.shape[1:]
        return int(height), int(width)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, without the maps."""
        channels = [
            {"channel": channel, "mean": round(mean, 6)}
            for channel, mean in zip(self.channels, self.means, strict=True)
        ]
        return {"stage": self.stage, "total": self.total, "size": list(self.shape), "channels": channels}


@dataclass(frozen=True, eq=False)
class Inside:
    """What goes on inside a network for one picture.

    ``view`` uint8 [side, side, 3] is what it is shown of the picture, ``prediction`` its answer; ``stages`` are the
    maps from the input to the output, ``filters`` those of :func:`first_filters`.
    """

    view: NDArray[np.uint8]
    prediction: Prediction
    stages: tuple[StageMaps, ...]
    filters: NDArray[np.uint8]


def look_inside(predictor: Predictor, picture: Path | Image.Image, most: int = CHANNELS) -> Inside:
    """The maps of the ``most`` strongest channels of each stage for ``picture``, and the first filters.

    Raises :class:`BadPicture`, and :class:`CheckpointError` where the network computes what is no number.
    """
    from resnet_studio.model.checkpoint import preprocess

    upright, how = predictor.upright(picture), predictor.card.preprocessing
    (said,) = predictor([picture])
    if isinstance(said, StudioError):
        raise said
    _, maps = feature_maps(predictor, preprocess(upright, how)[None], TAPPED)
    stages = tuple(strongest(stage, maps[stage][0].cpu().numpy(), most) for stage in TAPPED)
    return Inside(Framed.of(how).pixels(upright), said, stages, first_filters(predictor.model, how.std))


def strongest(stage: Stage, maps: NDArray[np.float32], most: int) -> StageMaps:
    """The ``most`` channels of ``maps`` [C, h, w] with the highest means; of equal ones the first."""
    means = maps.reshape(len(maps), -1).astype(np.float64).mean(1)
    order = np.argsort(-means, kind="stable")[:most]
    return StageMaps(stage, len(maps), tuple(order.tolist()), tuple(means[order].tolist()), maps[order])


def first_filters(model: ResNet, std: Sequence[float]) -> NDArray[np.uint8]:
    """The filters of the first convolution as pictures, uint8 [filters, h, w, 3].

    Grey is zero; each is scaled by its own largest weight. The network gets colours divided by ``std``, so dividing the
    weights by it says what they weigh the picture's own colours with.
    """
    from torch import nn

    first = next(layer for layer in model.modules() if isinstance(layer, nn.Conv2d))
    weights = first.weight.detach().float().cpu().numpy() / np.asarray(std, np.float32)[None, :, None, None]
    largest = np.maximum(np.abs(weights).max(axis=(1, 2, 3), keepdims=True), 1e-12)
    pixels = np.round(127.5 * (1 + weights / largest)).astype(np.uint8)
    found: NDArray[np.uint8] = np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))
    return found


def painted(values: NDArray[np.float32]) -> Image.Image:
    """One map [h, w] in a palette of 256 colours, a pixel for each cell: from 0, or what is below, to its maximum."""
    low, high = min(0.0, float(values.min())), float(values.max())
    levels = np.round(255 * (values - low) / max(high - low, 1e-12))
    picture = Image.fromarray(levels.astype(np.uint8))
    picture.putpalette(_palette())
    return picture


def filter_sheet(filters: NDArray[np.uint8], scale: int = 1, row: int = FILTERS_IN_A_ROW) -> Image.Image:
    """``filters`` [N, h, w, 3] in rows, each pixel ``scale`` px wide, with a clear gap between them."""
    count, height, width = filters.shape[:3]
    gap, across = max(1, scale // 2), min(row, count)
    down = -(-count // across)
    size = (across * (width * scale + gap) - gap, down * (height * scale + gap) - gap)
    sheet = Image.new("RGBA", size, (0, 0, 0, 0))
    for number, pixels in enumerate(filters):
        one = Image.fromarray(pixels).resize((width * scale, height * scale), Image.Resampling.NEAREST)
        sheet.paste(one, (number % across * (width * scale + gap), number // across * (height * scale + gap)))
    return sheet


def encoded(picture: Image.Image) -> bytes:
    """``picture`` as PNG: 2 kB for a map of 56 x 56 cells."""
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


@cache
def _palette() -> bytes:
    from matplotlib import colormaps

    colours = np.asarray(colormaps[COLOURS](np.arange(256) / 255))[:, :3]
    return np.round(255 * colours).astype(np.uint8).tobytes()
