"""Charts of parts of a report, for the report and for download: each by the name of its part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.evaluation.fonts import shown_names
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.plots import INK, MUTED, RUNS, VALIDATION, PlotStyle, new_figure
from resnet_studio.evaluation.run_report import find
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from resnet_studio.evaluation.forecast import Forecast
    from resnet_studio.evaluation.groups import Group, Grouped
    from resnet_studio.evaluation.picture_map import PictureMap
    from resnet_studio.evaluation.robustness import Robustness, Score

MARKERS = "os^Dv"
NAMED = 40
MOST_GROUPS = 24


def robustness(value: Robustness, style: PlotStyle, language: Language = "en") -> Figure:
    """The accuracy after each change, mild and strong, with intervals; the line is that of the clean pictures."""
    kinds = list(dict.fromkeys(score.kind for score in value.scores))
    figure, (axis,) = new_figure(style, 0.25 + 0.055 * len(kinds), 1)
    axis.axvline(100 * value.accuracy, color=MUTED, linestyle=(0, (2, 3)), linewidth=1)
    for strength, colour, shift in (("mild", RUNS[0], -0.16), ("strong", RUNS[1], 0.16)):
        scores = [score for score in value.scores if score.strength == strength]
        places = [kinds.index(score.kind) + shift for score in scores]
        name = say(f"robustness.{strength}", language)
        _intervals(axis, scores, places, color=colour, label=name)
    axis.set_yticks(range(len(kinds)), [say(f"robustness.{kind}", language) for kind in kinds])
    axis.invert_yaxis()
    axis.set_xlim(right=100)
    axis.legend(frameon=False, loc="lower left")
    axis.set_xlabel(say("plots.accuracy_share", language))
    return figure


def forecast(value: Forecast, style: PlotStyle, language: Language = "en") -> Figure | None:
    """The scores of heads on parts of the pictures, and what more should bring, with its band; None without a curve."""
    curve = value.overall
    if curve is None:
        return None
    figure, (axis, *beside) = new_figure(style, 0.6 if not value.weakest else 0.4, 2 if value.weakest else 1)
    if beside:
        _weakest(beside[0], value, language)
    counts = [point.count for point in curve.points]
    axis.plot(counts, [100 * point.score for point in curve.points], "o-", color=VALIDATION,
              label=say("plots.forecast.heads", language))  # fmt: skip
    ahead = [counts[-1] + each.extra for each in curve.ahead]
    axis.fill_between(ahead, [100 * each.score_band[0] for each in curve.ahead],
                      [100 * each.score_band[1] for each in curve.ahead], color=RUNS[1], alpha=0.2)  # fmt: skip
    axis.plot(ahead, [100 * each.score for each in curve.ahead], "--", color=RUNS[1],
              label=say("plots.forecast.ahead", language))  # fmt: skip
    axis.set_xscale("log")
    marks = [*counts, *ahead[-1:]]
    axis.set_xticks(marks, labels=[f"{count:,}" for count in marks])
    axis.minorticks_off()  # as powers of ten they would need mathematical notation
    axis.legend(frameon=False, loc="lower right")
    axis.set_xlabel(say("plots.forecast.pictures", language))
    axis.set_ylabel(say("plots.accuracy_share", language))
    return figure


def _weakest(axis: Axes, value: Forecast, language: Language) -> None:
    """F1 of each weak class over its pictures: of heads on parts of them, dashed what more should bring."""
    names, _ = shown_names([curve.name for curve in value.weakest])
    for curve, name, colour in zip(value.weakest, names, RUNS, strict=False):
        counts = [point.count for point in curve.points]
        axis.plot(counts, [100 * point.score for point in curve.points], "o-", color=colour, label=name, markersize=3)
        ahead = [counts[-1] + each.extra for each in curve.ahead]
        axis.plot(ahead, [100 * each.score for each in curve.ahead], "--", color=colour)
    axis.legend(frameon=False, loc="lower right")
    axis.set_xlabel(say("plots.forecast.of_class", language))
    axis.set_ylabel(say("plots.forecast.f1", language))


def picture_map(value: PictureMap, style: PlotStyle, language: Language = "en") -> Figure:
    """The pictures by t-SNE, coloured by class; those that were named wrongly are ringed."""
    figure, (axis,) = new_figure(style, 0.6, 1)
    places, labels = np.array(value.tsne), np.array(value.label)
    names, _ = shown_names(list(value.classes))
    size = max(3.0, 18 - len(labels) / 100)
    for label, name in enumerate(names):
        own = places[labels == label]
        mark = MARKERS[label // len(RUNS) % len(MARKERS)]
        axis.scatter(own[:, 0], own[:, 1], s=size, color=RUNS[label % len(RUNS)], marker=mark, linewidths=0,
                     label=name if len(names) <= NAMED else None)  # fmt: skip
    wrong = places[labels != np.array(value.predicted)]
    axis.scatter(wrong[:, 0], wrong[:, 1], s=3 * size, facecolors="none", edgecolors=INK, linewidths=0.7,
                 label=say("plots.map.wrong", language))  # fmt: skip
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_aspect("equal")
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), ncols=1 + len(names) // 16)
    return figure


def _intervals(axis: Axes, scores: Sequence[Score | Group], places: Sequence[int | float], **look: Any) -> None:
    """Points of accuracy with their intervals, in percent; those of older runs may miss their point by a rounding."""
    middle = [100 * each.accuracy for each in scores]
    below = [max(0.0, 100 * (each.accuracy - each.interval[0])) for each in scores]
    above = [max(0.0, 100 * (each.interval[1] - each.accuracy)) for each in scores]
    axis.errorbar(middle, places, xerr=[below, above], fmt="o", capsize=2, **look)


def groups(value: Sequence[Grouped], style: PlotStyle, language: Language = "en") -> Figure | None:
    """The accuracy of the groups of what separates them most credibly, with intervals; None without groups."""
    if not value:
        return None
    shown = value[0].groups[:MOST_GROUPS]
    figure, (axis,) = new_figure(style, 0.2 + 0.05 * len(shown), 1)
    _intervals(axis, shown, range(len(shown)), color=VALIDATION)
    names, _ = shown_names([each.value for each in shown])
    axis.set_yticks(range(len(shown)), [f"{name} ({each.count})" for name, each in zip(names, shown, strict=True)])
    axis.invert_yaxis()
    axis.set_xlim(right=100)
    (title,), _ = shown_names([value[0].title(language)])
    axis.set_ylabel(title)
    axis.set_xlabel(say("plots.accuracy_share", language))
    return figure


DRAWN: Mapping[str, Callable[[Any, PlotStyle, Language], Any]] = {
    "groups": groups, "map": picture_map, "robustness": robustness, "forecast": forecast,
}  # fmt: skip
"""By the name of the part; those that the run's report does not have are not drawn."""


def figure_of(report: RunReport, name: str, style: PlotStyle, language: Language = "en") -> Any:
    """The chart of the stored part ``name``; None where there is nothing to draw."""
    part = find(name)
    value = part.load(report) if part is not None and name in DRAWN else None
    return None if value is None else DRAWN[name](value, style, language)


def names_of(report: RunReport) -> tuple[str, ...]:
    """The charts that there are of ``report``."""
    return tuple(
        name for name in DRAWN
        if (part := find(name)) is not None and (value := part.load(report))
        and not (name == "forecast" and value.overall is None)
    )  # fmt: skip
