"""Plots for a slide or a paper, as PNG, SVG or PDF: curves, confusion matrix, reliability, comparison of runs.

Drawn by matplotlib's objects, never by pyplot, whose figures and settings belong to the whole process; one lock keeps
the font engine to one thread at a time. Colours are those of the page in the light.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, get_args

from resnet_studio.errors import RunError
from resnet_studio.evaluation.fonts import families, shown_names
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from resnet_studio.evaluation.calibration import Calibration
    from resnet_studio.events import EpochFinished

Format = Literal["png", "svg", "pdf"]
FORMATS: tuple[Format, ...] = get_args(Format)
MEDIA: Mapping[Format, str] = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
INK, MUTED, LINE, SURFACE = "#1d1c1a", "#625d54", "#e3dfd6", "#ffffff"
TRAINING, VALIDATION, WRONG = "#c05a0a", "#1f68b0", "#a64b07"
RUNS = ("#0072b2", "#d55e00", "#009e73", "#b0568c", "#3f9bd3", "#b8860b", "#6d6d6d", "#7a4ab5")
DASHES: tuple[Any, ...] = ("-", (0, (7, 3)), (0, (2, 3)), (0, (9, 3, 2, 3)))
MOST_NUMBERS = 20  # classes up to which the cells of a matrix hold numbers
MOST_NAMES = 60  # classes up to which they are named beside it
INCH = 25.4
_DRAWING = Lock()


@dataclass(frozen=True)
class PlotStyle:
    """``width`` in millimetres, ``points`` the size of the letters, ``dpi`` of a PNG."""

    width: float
    points: float
    dpi: int


STYLES: Mapping[str, PlotStyle] = {
    "paper": PlotStyle(183, 8, 300),
    "column": PlotStyle(89, 7, 300),
    "slide": PlotStyle(254, 15, 150),
}
"""For both columns of a paper, for one, and for a slide of 16 to 9."""


def plot_style(name: str, *, width: float | None = None, dpi: int | None = None) -> PlotStyle:
    """One of :data:`STYLES`, with another ``width`` in mm or ``dpi``. Raises :class:`RunError` for bad ones."""
    found = STYLES[name]
    width, dpi = width or found.width, dpi or found.dpi
    if not 40 <= width <= 1000 or not 30 <= dpi <= 1200 or width / INCH * dpi > 20_000:
        raise RunError("error.plots.size")
    return replace(found, width=width, dpi=dpi)


def curves(epochs: Sequence[EpochFinished], style: PlotStyle, language: Language = "en") -> Figure:
    """Loss and accuracy by epoch, training beside validation; the best epoch is marked."""
    figure, axes = new_figure(style, 0.42, 2)
    best = next((epoch for epoch in reversed(epochs) if epoch.best), None)
    numbers = [epoch.epoch for epoch in epochs]
    for axis, measure in zip(axes, ("loss", "accuracy"), strict=True):
        scale = 100 if measure == "accuracy" else 1
        for part, colour, dash in (("train", TRAINING, (0, (4, 3))), ("validation", VALIDATION, "-")):
            values = [scale * getattr(epoch, f"{part}_{measure}") for epoch in epochs]
            axis.plot(numbers, values, color=colour, linestyle=dash, label=say(f"charts.{part}", language),
                      marker="o" if len(numbers) == 1 else "")  # fmt: skip
        if best:
            at = scale * getattr(best, f"validation_{measure}")
            axis.plot([best.epoch], [at], "o", color=SURFACE, markeredgecolor=VALIDATION, zorder=5)
        _label(axis, say("charts.epoch", language), _named(measure, language))
        axis.legend(frameon=False, fontsize=style.points)
    return figure


def comparison(
    runs: Sequence[tuple[str, Sequence[EpochFinished]]], style: PlotStyle, language: Language = "en"
) -> Figure:
    """Validation loss and accuracy of several named runs by epoch."""
    figure, axes = new_figure(style, 0.46, 2)
    names = _drawn(figure, [name for name, _ in runs], style, language)
    for axis, measure in zip(axes, ("loss", "accuracy"), strict=True):
        scale = 100 if measure == "accuracy" else 1
        for index, (name, (_, epochs)) in enumerate(zip(names, runs, strict=True)):
            axis.plot(
                [epoch.epoch for epoch in epochs],
                [scale * getattr(epoch, f"validation_{measure}") for epoch in epochs],
                color=RUNS[index % len(RUNS)], linestyle=DASHES[index % len(DASHES)], label=f" {name}",
            )  # fmt: skip
        _label(axis, say("charts.epoch", language), _named(f"validation_{measure}", language))
    axes[0].legend(frameon=False, fontsize=style.points)
    return figure


def confusion_matrix(report: Mapping[str, Any], style: PlotStyle, language: Language = "en") -> Figure:
    """Rows are the true classes, columns the predicted ones; shades are shares of the true class, right cells blue."""
    from matplotlib.colors import to_rgb

    counts = [list(map(float, row)) for row in report["confusion"]]
    size = len(counts)
    figure, (axis,) = new_figure(style, 0.86, 1)
    shades = []
    for true, row in enumerate(counts):
        share = [cell / max(sum(row), 1) for cell in row]
        tints = [to_rgb(VALIDATION if true == at else WRONG) for at in range(size)]
        shades.append([[1 - s * (1 - c) for c in tint] for s, tint in zip(share, tints, strict=True)])
    axis.imshow(shades, interpolation="nearest", aspect="equal")
    if size <= MOST_NUMBERS:
        for true, row in enumerate(counts):
            for at, cell in enumerate(row):
                dark = cell / max(sum(row), 1) > 0.55
                axis.text(at, true, f"{cell:.0f}", ha="center", va="center", color=SURFACE if dark else INK,
                          fontsize=min(style.points, 9 * style.points / size))  # fmt: skip
    if size <= MOST_NAMES:
        names = _drawn(figure, report["classes"], style, language)
        small = min(style.points, 22 * style.points / size)
        turned = sum(map(len, names)) > 30 or size > 12
        axis.set_xticks(range(size), names, rotation=45 if turned else 0, ha="right" if turned else "center",
                        rotation_mode="anchor", va="top", fontsize=small)  # fmt: skip
        axis.set_yticks(range(size), names, fontsize=small)
    _label(axis, say("results.matrix.predicted", language), say("results.matrix.true", language))
    axis.grid(False)
    return figure


def reliability(calibration: Calibration, style: PlotStyle, language: Language = "en") -> Figure:
    """The share of right answers by their probability, as in Guo et al. 2017; on the diagonal a network knows best."""
    figure, (axis,) = new_figure(style, 0.7, 1)
    axis.plot([0, 100], [0, 100], color=MUTED, linestyle=(0, (2, 3)), linewidth=1)
    for each in calibration.bins:
        width = each.high - each.low
        axis.bar(100 * each.low, 100 * each.accuracy, 94 * width, align="edge", color=VALIDATION, alpha=0.25)
    if calibration.before is not None:
        raw = [(100 * each.confidence, 100 * each.accuracy) for each in calibration.before.bins]
        axis.plot(*zip(*raw, strict=True), "o--", color=MUTED, markersize=3, label=say("plots.before", language))
        axis.legend(frameon=False, loc="lower right")
    points = [(100 * each.confidence, 100 * each.accuracy) for each in calibration.bins]
    axis.plot(*zip(*points, strict=True), "o-", color=VALIDATION)
    axis.set_xlim(0, 100)
    axis.set_ylim(0, 100)
    axis.set_title(say("plots.calibration_error", language, error=f"{100 * calibration.error:.1f}"), loc="left")
    _label(axis, say("plots.confidence", language), say("plots.accuracy", language))
    return figure


def encoded(figure: Figure, format: Format, style: PlotStyle) -> bytes:
    """``figure`` as a file of ``format``; every character in it is shown by some installed font."""
    from matplotlib.text import Text

    written = io.BytesIO()
    with _DRAWING:
        texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
        found, _ = families([text.get_text() for text in texts])
        for text in texts:
            text.set_fontfamily(found)
            text.set_parse_math(False)  # a class may be called $x$
        dates: Mapping[Format, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
        figure.savefig(written, format=format, dpi=style.dpi, facecolor=SURFACE, metadata=dates[format])
    return written.getvalue()


def new_figure(style: PlotStyle, height: float, columns: int) -> tuple[Figure, list[Axes]]:
    """A figure as wide as ``style`` says and ``height`` times as high."""
    from matplotlib.figure import Figure

    width = style.width / INCH
    figure = Figure(figsize=(width, width * height), layout="constrained")
    axes = list(figure.subplots(1, columns, squeeze=False)[0])
    for axis in axes:
        axis.grid(True, color=LINE, linewidth=0.6)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["bottom", "left"]].set_color(MUTED)
        axis.tick_params(colors=MUTED, labelsize=style.points)
        axis.xaxis.get_major_locator().set_params(integer=True)
        for text in (axis.xaxis.label, axis.yaxis.label, axis.title):
            text.set_fontsize(style.points)
    return figure, axes


def _label(axis: Axes, x: str, y: str) -> None:
    axis.set_xlabel(x, color=INK)
    axis.set_ylabel(y, color=INK)


def _named(measure: str, language: Language) -> str:
    title = say(f"charts.{measure}", language)
    return f"{title} (%)" if measure.endswith("accuracy") else title


def _drawn(figure: Figure, names: Sequence[str], style: PlotStyle, language: Language) -> list[str]:
    """``names`` as they can be drawn; where some cannot, a line below says so."""
    drawn, missing = shown_names(names)
    if missing:
        figure.supxlabel(say("plots.no_font", language), fontsize=0.8 * style.points, color=MUTED)
    return drawn
