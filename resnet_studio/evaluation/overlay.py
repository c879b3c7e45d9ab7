"""Heat maps as pictures: to lay over a picture on the page, and beside the original in one file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from resnet_studio.evaluation import plots
from resnet_studio.evaluation.fonts import shown_names
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from resnet_studio.evaluation.heatmaps import HeatMap

COLOURS = "inferno"
"""Dark to bright in even steps, also for colour-blind eyes and in grey."""
OPAQUE = 0.9
UNSEEN = (128, 128, 128, 170)
"""Over what the network was not shown."""
NOT_SHOWN = 255
"""The place of that colour in the palette."""
STRENGTH = 0.8
BARS = 5
ROW_MM, WIDTH_MM = 58.0, 190.0


def mean_over(maps: Sequence[HeatMap], width: int, height: int) -> NDArray[np.float32]:
    """The mean of several networks' heat [height, width] over one picture; NaN where none of them saw anything."""
    each = np.stack([found.over(width, height) for found in maps])
    seen = np.isfinite(each).sum(0)
    total: NDArray[np.float32] = np.nan_to_num(each).sum(0)
    return np.where(seen > 0, total / np.maximum(seen, 1), np.nan).astype(np.float32)


def painted(found: HeatMap | Sequence[HeatMap], width: int, height: int) -> Image.Image:
    """The heat map in a palette of 256 colours, to lay over the upright picture at that size: clear where it is cold,
    grey over what the network was not shown. Of several networks, the mean of theirs.
    """
    heat = mean_over(found, width, height) if isinstance(found, Sequence) else found.over(width, height)
    levels = np.where(np.isfinite(heat), np.round(np.nan_to_num(heat) * (NOT_SHOWN - 1)), NOT_SHOWN)
    picture = Image.fromarray(levels.astype(np.uint8))
    colours, opacity = _palette()
    picture.putpalette(colours.tobytes())
    picture.info["transparency"] = opacity.tobytes()
    return picture


def encoded(picture: Image.Image) -> bytes:
    """What :func:`painted` makes, as PNG: about 7 kB for 224 px."""
    written = io.BytesIO()
    picture.save(written, "PNG", transparency=picture.info["transparency"])
    return written.getvalue()


def blended(picture: Image.Image, found: HeatMap, strength: float = STRENGTH) -> Image.Image:
    """The upright RGB ``picture`` with the heat map over it; ``strength`` 0..1 is its opacity."""
    heat = painted(found, *picture.size).convert("RGBA")
    heat.putalpha(heat.getchannel("A").point(lambda value: round(value * strength)))
    return Image.alpha_composite(picture.convert("RGBA"), heat).convert("RGB")


@dataclass(frozen=True, eq=False)
class SheetRow:
    """One picture of a sheet: its ``title``, the upright picture, and its map."""

    title: str
    picture: Image.Image
    found: HeatMap


def sheet(rows: Sequence[SheetRow], classes: Sequence[str], language: Language = "en") -> bytes:
    """PNG with a row for each picture: itself, the heat map over it, the best classes with their probabilities."""
    from matplotlib.figure import Figure

    style = plots.plot_style("paper", width=WIDTH_MM, dpi=150)
    size = (WIDTH_MM / plots.INCH, ROW_MM * len(rows) / plots.INCH)
    figure = Figure(figsize=size, layout="constrained")
    names, _ = shown_names(classes)
    for row, (original, over, bars) in zip(rows, figure.subplots(len(rows), 3, squeeze=False), strict=True):
        explained = say("explain.sheet.map", language, name=names[row.found.label])
        blend = blended(row.picture, row.found)
        for axis, picture, title in ((original, row.picture, row.title), (over, blend, explained)):
            axis.imshow(np.asarray(picture))
            axis.set_title(title, fontsize=style.points, color=plots.INK)
            axis.set_axis_off()
        _bars(bars, row.found, names)
    return plots.encoded(figure, "png", style)


def _bars(axis: Axes, found: HeatMap, names: Sequence[str]) -> None:
    best = found.probabilities.argsort()[::-1][:BARS]
    shares: Any = 100 * found.probabilities[best]
    colour = [plots.TRAINING if label == found.label else plots.VALIDATION for label in best]
    drawn = axis.barh(range(len(best)), shares, color=colour, height=0.6)
    axis.bar_label(drawn, fmt="%.1f%%", padding=3, fontsize=7)
    axis.set_yticks(range(len(best)), [names[label] for label in best], fontsize=8)
    axis.set_xlim(0, 125)
    axis.set_ylim(BARS - 0.4, -0.6)
    axis.set_xticks([])
    for side in ("top", "right", "bottom"):
        axis.spines[side].set_visible(False)


@cache
def _palette() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The 256 colours, uint8 [256, 3], and how opaque each is, uint8 [256]."""
    from matplotlib import colormaps

    heat = np.arange(NOT_SHOWN) / (NOT_SHOWN - 1)
    colours = np.vstack([255 * np.asarray(colormaps[COLOURS](heat))[:, :3], UNSEEN[:3]])
    opacity = np.append(255 * OPAQUE * np.minimum(1, 1.3 * heat), UNSEEN[3])
    return np.round(colours).astype(np.uint8), np.round(opacity).astype(np.uint8)
