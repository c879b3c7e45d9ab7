"""The search for a learning rate in HTML: how far it is, or the curve with the suggestion."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from resnet_studio.service.rate_search import SearchStatus
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.axes import Scale, place, short, ticks
from resnet_studio.ui.drawn.plot import BOTTOM, FRAME, HEIGHT, LEFT, RIGHT, TOP, WIDTH, path_in
from resnet_studio.ui.page.notes import alert, small
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.training.finder import Rates


def view(status: SearchStatus, language: Language) -> str:
    """What to show of a search; nothing before there was one."""
    if status.working:
        key = "rates.working" if status.stage == "rates" else "rates.preparing"
        share = status.done / max(1, status.total) if status.stage == "rates" else 0.0
        said = say(key, language, done=status.done, total=status.total)
        return render("train/rate_progress.html", language, sentence=said, percent=100 * share)
    if status.problem is not None:
        return alert(status.problem.sentence(language))
    if status.rates is None:
        return ""
    return curve(status.rates, language) + small(status.rates.sentence(language))


class Mark(NamedTuple):
    """The suggested rate, where it lies, and where its label starts or ends (``anchor``)."""

    rate: float
    x: float
    text_x: float
    anchor: str


def curve(rates: Rates, language: Language) -> str:
    """The smoothed loss over the learning rate, on a logarithmic axis, the suggestion marked; empty without points."""
    if len(rates.rates) < 2:
        return ""
    decades = [math.log10(rate) for rate in rates.rates]
    low, high = min(rates.losses), min(max(rates.losses), 2 * rates.losses[0])
    margin = 0.06 * (high - low) or 1.0
    x = Scale(decades[0], decades[-1], LEFT, WIDTH - RIGHT)
    y = Scale(low - margin, high + margin, HEIGHT - BOTTOM, TOP)
    powers = range(math.ceil(x.low - 1e-9), math.floor(x.high + 1e-9) + 1)
    return render(
        "train/rate_curve.html",
        language,
        sentence=rates.sentence(language),
        y_marks=[(place(y(value)), short(value)) for value in ticks(y.low, y.high, 4)],
        x_marks=[(place(x(power)), f"{10.0**power:g}") for power in powers],
        mark=_mark(rates, x),
        path=path_in(zip(decades, rates.losses, strict=True), x, y),
        **FRAME,
    )


def _mark(rates: Rates, x: Scale) -> Mark | None:
    if rates.suggested is None:
        return None
    at = x(math.log10(rates.suggested))
    anchor, shift = ("end", -6) if at > (LEFT + WIDTH) / 2 else ("start", 6)
    return Mark(rates.suggested, at, at + shift, anchor)
