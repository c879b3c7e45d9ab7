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


Band = list[tuple[int, float, float]]
"""After so many pictures, from which score to which."""


def _chart(curve: Curve, language: Language) -> dict[str, Any]:
    """Places on the paper: the measured points, the law through them, and the bands beyond them up to twice as many.

    The bands are those of the mean gain and of single trainings, drawn from where the heads are now.
    """
    last, first = curve.points[-1], curve.points[0].count
    ahead = [each for each in curve.ahead if each.extra <= last.count * 1.01]
    most = last.count + ahead[-1].extra if ahead else last.count
    mean, single = _mean(curve, ahead), _single(curve, ahead)
    seen = (*_ends(curve), *(end for _, bottom, top in (*mean, *single) for end in (bottom, top)))
    low, high = share_range([min(1, max(0, value)) for value in seen])
    x, y = Scale(0, most, LEFT, WIDTH - RIGHT), Scale(low, high, HEIGHT - BOTTOM, TOP)

    def at(count: float, score: float) -> tuple[float, float]:
        return x(count), y(min(high, max(low, score)))

    def outline(band: Band) -> str:
        back = [at(count, bottom) for count, bottom, _ in reversed(band)]
        return path([*(at(count, top) for count, _, top in band), *back]) + "Z" if band else ""

    a, b, c = curve.law
    counts = [first + (most - first) * step / STEPS for step in range(STEPS + 1)]
    return {
        "title": shown(curve.name) if curve.name else say("forecast.all", language),
        "measure": say(f"forecast.measure.{curve.measure}", language),
        "axis": say(f"forecast.axis.{'class' if curve.name else 'all'}", language),
        "x_ticks": [(place(x(value)), f"{value:,.0f}") for value in ticks(0, most, 6, whole=True) if value > 0],
        "y_ticks": [(place(y(value)), percent(value)) for value in ticks(low, high)],
        "law": path([at(count, 1 - a * count**-b - c) for count in counts]),
        "band": outline(mean),
        "single": outline(single),
        "points": [tuple(map(place, at(each.count, each.score))) for each in curve.points],
        "spreads": [
            (place(x(each.count)), place(at(0, each.lowest)[1]), place(at(0, each.highest)[1])) for each in curve.points
        ],
        "now": place(x(last.count)),
        "about": curve.sentence(language),
    }


def _mean(curve: Curve, ahead: Sequence[Ahead]) -> Band:
    """The band of the mean gain, from where the heads are now."""
    last = curve.points[-1]
    found = [
        (last.count + each.extra, last.score + each.gain_band[0], last.score + each.gain_band[1]) for each in ahead
    ]
    return [(last.count, last.score, last.score), *found] if found else []


def _single(curve: Curve, ahead: Sequence[Ahead]) -> Band:
    """That of single trainings and tests around what is expected of heads; now as wide as at the first look ahead, as
    most of it is the test's.
    """
    last = curve.points[-1]

    def moved(each: Ahead, by: float) -> tuple[float, float]:
        bottom, top = (last.score + end - curve.score - by for end in each.score_band)
        return bottom, top

    found = [(last.count + each.extra, *moved(each, 0.0)) for each in ahead]
    return [(last.count, *moved(ahead[0], ahead[0].gain)), *found] if found else []


def _ends(curve: Curve) -> list[float]:
    return [score for each in curve.points for score in (each.lowest, each.highest)]
