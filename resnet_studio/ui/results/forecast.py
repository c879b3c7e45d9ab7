"""The panel that says how many more pictures are needed: a curve for all classes, and one for each weak class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from resnet_studio.data.names import shown
from resnet_studio.evaluation.forecast import Ahead, Curve, Forecast
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.axes import Scale, path, percent, place, share_range, ticks
from resnet_studio.ui.drawn.plot import BOTTOM, FRAME, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.templates import render

STEPS = 40


def draw(studio: Studio, run: Overview, value: Forecast, language: Language) -> Markup:  # noqa: ARG001
    """Sentences and charts of a forecast."""
    curves = [] if value.overall is None else [value.overall, *value.weakest]
    return render(
        "results/forecast.html",
        language,
        sentences=value.sentences(language),
        charts=[_chart(curve, language) for curve in curves],
        scored=value.scored,
        middle=place((LEFT + WIDTH - RIGHT) / 2),
        **FRAME,
    )


def _chart(curve: Curve, language: Language) -> dict[str, Any]:
    """Places on the paper: the measured points, the law through them, and the bands beyond them up to twice as many.

    The bands are those of the mean gain and of single trainings, drawn from where the heads are now.
    """
    last = curve.points[-1]
    ahead = [each for each in curve.ahead if each.extra <= last.count * 1.01]
    most = last.count + ahead[-1].extra if ahead else last.count
    tops = [last.score + each.gain_band[1] for each in ahead]
    bottoms = [last.score + each.gain_band[0] for each in ahead]
    single = _single(curve, ahead)
    seen = (*tops, *bottoms, *_ends(curve), *(end for _, *ends in single for end in ends))
    low, high = share_range([min(1, max(0, value)) for value in seen])
    x, y = Scale(0, most, LEFT, WIDTH - RIGHT), Scale(low, high, HEIGHT - BOTTOM, TOP)

    def at(count: float, score: float) -> tuple[float, float]:
        return x(count), y(min(high, max(low, score)))

    a, b, c = curve.law
    first = curve.points[0].count
    counts = [first + (most - first) * step / STEPS for step in range(STEPS + 1)]
    law = [at(count, 1 - a * count**-b - c) for count in counts]
    start = at(last.count, last.score)
    upper = [at(last.count + each.extra, last.score + each.gain_band[1]) for each in ahead]
    lower = [at(last.count + each.extra, last.score + each.gain_band[0]) for each in reversed(ahead)]
    name = shown(curve.name) if curve.name else say("forecast.all", language)
    return {
        "title": name,
        "measure": say(f"forecast.measure.{curve.measure}", language),
        "axis": say(f"forecast.axis.{'class' if curve.name else 'all'}", language),
        "x_ticks": [(place(x(value)), f"{value:,.0f}") for value in ticks(0, most, 6, whole=True) if value > 0],
        "y_ticks": [(place(y(value)), percent(value)) for value in ticks(low, high)],
        "law": path(law),
        "single": path(
            [
                *(at(count, top) for count, _, top in single),
                *(at(count, bottom) for count, bottom, _ in reversed(single)),
            ]
        )
        + "Z"
        if single
        else "",
        "band": path([start, *upper, *lower]) + "Z",
        "points": [tuple(map(place, at(each.count, each.score))) for each in curve.points],
        "spreads": [
            (place(x(each.count)), place(at(0, each.lowest)[1]), place(at(0, each.highest)[1])) for each in curve.points
        ],
        "now": place(x(last.count)),
        "about": curve.sentence(language),
    }


def _single(curve: Curve, ahead: Sequence[Ahead]) -> list[tuple[int, float, float]]:
    """After so many pictures, the band of single trainings and tests around what is expected of heads; from now on as
    wide as at the first look ahead, as most of it is the test's.
    """
    last = curve.points[-1]
    offsets = [(each.gain, *(end - curve.score for end in each.score_band)) for each in ahead]
    if not offsets:
        return []
    gain, *ends = offsets[0]
    now = (last.count, *(last.score + end - gain for end in ends))
    return [now, *((last.count + each.extra, last.score + bottom, last.score + top)
                   for each, (_, bottom, top) in zip(ahead, offsets, strict=True))]  # fmt: skip


def _ends(curve: Curve) -> list[float]:
    return [score for each in curve.points for score in (each.lowest, each.highest)]
