"""Two panels: how far the probabilities can be trusted, and when the model says that it knows none of its classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from resnet_studio.errors import RunError
from resnet_studio.evaluation.calibration import Calibration, CalibrationBin
from resnet_studio.evaluation.unknown import AcceptancePoint, Unknown, set_accepted
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.axes import Scale, place, ticks
from resnet_studio.ui.drawn.plot import BOTTOM, FRAME, HEIGHT, LEFT, RIGHT, TOP, WIDTH, path_in
from resnet_studio.ui.page.context import Studio, reader_is_at_machine
from resnet_studio.ui.page.ownership import ownership_of, this_browser
from resnet_studio.ui.page.templates import render

LARGEST_DOT = 7.0
ACTION = "accept:"
"""What the panel asks for when its slider is let go, with the share after it."""


def draw_calibration(studio: Studio, run: Overview, value: Calibration, language: Language) -> Markup:  # noqa: ARG001
    """The reliability diagram before and after, and what the temperature did, in words."""
    x, y = Scale(0, 1, LEFT, WIDTH - RIGHT), Scale(0, 1, HEIGHT - BOTTOM, TOP)
    before, most = value.before, max((each.count for each in value.bins), default=1)
    return render(
        "results/calibration.html",
        language,
        calibration=value,
        key="before_after" if before else "only",
        before=before,
        after_path=_path(value.bins, x, y),
        before_path=_path(before.bins, x, y) if before else "",
        dots=[
            (place(x(each.confidence)), place(y(each.accuracy)), place(_radius(each.count, most)), each)
            for each in value.bins
        ],
        diagonal=f"M{place(x(0))} {place(y(0))}L{place(x(1))} {place(y(1))}",
        **_frame(x, y),
    )


def draw_unknown(studio: Studio, run: Overview, value: Unknown, language: Language) -> Markup:  # noqa: ARG001
    """What is accepted now, a slider for it, and accuracy against the share of test pictures that is accepted."""
    points = sorted(value.curve, key=lambda each: each.accept)
    known = [each for each in points if each.accuracy is not None]
    low = min((each.accuracy or 0.0 for each in known), default=0.0)
    x, y = Scale(0, 1, LEFT, WIDTH - RIGHT), Scale(max(0.0, low - 0.1), 1, HEIGHT - BOTTOM, TOP)
    nearest = min(range(len(points)), key=lambda at: abs(points[at].accept - value.chosen.accept)) if points else 0
    return render(
        "results/unknown.html",
        language,
        unknown=value,
        verdict=value.sentence(language),
        shares=[each.accept for each in points],
        chosen=nearest,
        readings=[reading(each, language) for each in points],
        reading=reading(value.chosen, language) if value.test else "",
        line=path_in([(each.accepted, each.accuracy or 0.0) for each in known], x, y),
        dots=[
            (place(x(each.accepted)), place(y(each.accuracy or 0.0)), each.accept == value.chosen.accept)
            for each in known
        ],
        **_frame(x, y),
    )


def reading(point: AcceptancePoint, language: Language) -> str:
    """What a share means, in a sentence."""
    values = {"accept": point.accept, "accepted": point.accepted, "rejected": 1 - point.accepted}
    if point.accuracy is None:
        return say("trust.unknown.none", language, **values)
    key = "trust.unknown.all" if point.accept >= 1 else "trust.unknown.some"
    return say(key, language, accuracy=point.accuracy, **values)


def accept(studio: Studio, run: Overview, action: str) -> None:
    """Do what the slider asks for: ``accept:0.95``; nothing for what makes no sense or a run that is not finished.

    It goes into the model, so that only the browser that started the run may ask for it, or whoever is at the machine:
    :class:`RunError` for others.
    """
    try:
        share = float(action.removeprefix(ACTION))
    except ValueError:
        return
    if 0.5 <= share <= 1 and run.state.finished is not None:
        if ownership_of(run.about, this_browser()) != "here" and not reader_is_at_machine(studio):
            raise RunError("error.unknown.not_yours")
        set_accepted(run.run, share)


def _radius(count: int, most: int) -> float:
    """Of a dot whose area is that of so many answers, where it can still be seen."""
    return max(2.0, LARGEST_DOT * math.sqrt(count / most))


def _path(bins: Sequence[CalibrationBin], x: Scale, y: Scale) -> str:
    return path_in([(each.confidence, each.accuracy) for each in bins], x, y)


def _frame(x: Scale, y: Scale) -> dict[str, Any]:
    return {
        "x_ticks": [(place(x(each)), f"{100 * each:.0f}%") for each in ticks(x.low, x.high)],
        "y_ticks": [(place(y(each)), f"{100 * each:.0f}%") for each in ticks(y.low, y.high)],
        "middle": place((LEFT + WIDTH - RIGHT) / 2),
        **FRAME,
    }
