"""The search for a learning rate in HTML: how far it is, or the curve with the suggestion."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from resnet_studio.service.rate_search import Standing
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.axes import Scale, place, short, ticks
from resnet_studio.ui.drawn.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, path_in

if TYPE_CHECKING:
    from resnet_studio.training.finder import Rates


def view(standing: Standing, language: Language) -> str:
    """What to show of a search; nothing before there was one."""
    if standing.working:
        key = "rates.working" if standing.stage == "rates" else "rates.preparing"
        share = standing.done / max(1, standing.total) if standing.stage == "rates" else 0.0
        said = say(key, language, done=standing.done, total=standing.total)
        return (
            f'<p class="rs-small" role="status">{escape(said)}</p><div class="rs-progress" role="progressbar" '
            f'aria-label="{escape(say("rates.title", language))}" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{100 * share:.0f}"><span style="width: {100 * share:.0f}%"></span></div>'
        )
    if standing.problem is not None:
        return alert(standing.problem.sentence(language))
    if standing.rates is None:
        return ""
    return f'{curve(standing.rates, language)}<p class="rs-small">{escape(standing.rates.sentence(language))}</p>'


def alert(sentence: str) -> str:
    """A sentence on why there is no curve."""
    return f'<p class="rs-note rs-bad" role="alert">{escape(sentence)}</p>'


def curve(rates: Rates, language: Language) -> str:
    """The smoothed loss over the learning rate, on a logarithmic axis, the suggestion marked; empty without points."""
    if len(rates.rates) < 2:
        return ""
    decades = [math.log10(rate) for rate in rates.rates]
    low, high = min(rates.losses), min(max(rates.losses), 2 * rates.losses[0])
    room = 0.06 * (high - low) or 1.0
    x = Scale(decades[0], decades[-1], LEFT, WIDTH - RIGHT)
    y = Scale(low - room, high + room, HEIGHT - BOTTOM, TOP)
    points = list(zip(decades, rates.losses, strict=True))
    title, about = say("rates.title", language), rates.sentence(language)
    return (
        f'<div class="rs-panel-plot"><p class="rs-plot-head" aria-hidden="true"><b>{escape(title)}</b></p>'
        f'<svg class="rs-plot rs-rates" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><desc>{escape(about)}</desc>"
        f"{_grid(x, y)}{_mark(rates, x)}"
        f'<path class="line validation" d="{path_in(points, x, y)}"/></svg></div>'
    )


def _grid(x: Scale, y: Scale) -> str:
    parts, base = [], HEIGHT - BOTTOM
    for value in ticks(y.low, y.high, 4):
        at = place(y(value))
        parts.append(f'<path class="grid" d="M{LEFT} {at}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 7}" y="{at}" dy=".35em" text-anchor="end">{short(value)}</text>')
    for decade in range(math.ceil(x.low - 1e-9), math.floor(x.high + 1e-9) + 1):
        at = place(x(decade))
        parts.append(f'<path class="axis" d="M{at} {base}v4"/>')
        parts.append(f'<text class="tick" x="{at}" y="{base + 16}" text-anchor="middle">{10.0**decade:g}</text>')
    return "".join(parts) + f'<path class="axis" d="M{LEFT} {base}H{WIDTH - RIGHT}"/>'


def _mark(rates: Rates, x: Scale) -> str:
    if rates.suggested is None:
        return ""
    at = x(math.log10(rates.suggested))
    anchor, shift = ("end", -6) if at > (LEFT + WIDTH) / 2 else ("start", 6)
    return (
        f'<path class="best" d="M{place(at)} {TOP - 6}V{HEIGHT - BOTTOM}"/>'
        f'<text class="best" x="{place(at + shift)}" y="{HEIGHT - BOTTOM - 7}" text-anchor="{anchor}">'
        f"{rates.suggested:g}</text>"
    )
