"""Charts of parts of a report, for the report and for download: each by the name of its part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.plots import MUTED, RUNS, VALIDATION, PlotStyle, new_figure
from resnet_studio.evaluation.run_report import find
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from resnet_studio.evaluation.forecast import Forecast
    from resnet_studio.evaluation.robustness import Robustness


def robustness(value: Robustness, style: PlotStyle, language: Language = "en") -> Figure:
    """The accuracy after each change, mild and strong, with intervals; the line is that of the clean pictures."""
    kinds = list(dict.fromkeys(score.kind for score in value.scores))
    figure, (axis,) = new_figure(style, 0.25 + 0.055 * len(kinds), 1)
    axis.axvline(100 * value.accuracy, color=MUTED, linestyle=(0, (2, 3)), linewidth=1)
    for strength, colour, shift in (("mild", RUNS[0], -0.16), ("strong", RUNS[1], 0.16)):
        scores = [score for score in value.scores if score.strength == strength]
        places = [kinds.index(score.kind) + shift for score in scores]
        middle = [100 * score.accuracy for score in scores]
        below = [100 * (score.accuracy - score.interval[0]) for score in scores]
        above = [100 * (score.interval[1] - score.accuracy) for score in scores]
        name = say(f"robustness.{strength}", language)
        axis.errorbar(middle, places, xerr=[below, above], fmt="o", color=colour, capsize=2, label=name)
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
    figure, (axis,) = new_figure(style, 0.6, 1)
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


DRAWN: Mapping[str, Callable[[Any, PlotStyle, Language], Any]] = {"robustness": robustness, "forecast": forecast}
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
        if (part := find(name)) is not None and (value := part.load(report)) is not None
        and not (name == "forecast" and value.overall is None)
    )  # fmt: skip
