"""A pair of axes with curves as SVG: what every chart of the page is drawn with.

Colours are variables of the page. Titles and keys are HTML beside the drawing, so that they have the size of the page's
headings however large the drawing is; the size of what is written inside follows from ``train.css``. ``live.js`` adds
the crosshair and the tooltip, from the numbers in ``data-rows`` and the scales in ``data-plot``; without it the drawing
is complete but still.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from resnet_studio.ui.drawn.axes import Scale, path, percent, place, short, ticks

WIDTH, HEIGHT = 440, 250
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 18, 40


@dataclass(frozen=True)
class Line:
    """One curve: values a place on the x axis; ``look`` is its CSS class."""

    name: str
    look: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its curves; ``columns`` tell which numbers of ``data-rows`` belong to which curve."""

    title: str
    lines: tuple[Line, ...]
    x: Scale
    y: Scale
    share: bool
    about: str = ""
    level: tuple[str, float] | None = None
    mark: tuple[float, float, str] | None = None
    columns: tuple[int, ...] = ()
    x_title: str = ""
    keyed: bool = True

    def html(self) -> str:
        """Title, key and drawing."""
        entries = [(line.name, line.look) for line in self.lines] if self.keyed else []
        if self.level:
            entries.append((self.level[0], "probe"))
        key = "".join(f'<span><i class="{look}"></i>{escape(name)}</span>' for name, look in entries)
        head = f'<p class="rs-plot-head" aria-hidden="true"><b>{escape(self.title)}</b>{key}</p>'
        return f'<div class="rs-panel-plot">{head}<div class="rs-plot-frame">{self.svg()}</div></div>'

    def svg(self) -> str:
        """The drawing, with its title and description for whoever cannot see it."""
        plot = {
            "x": [self.x.low, self.x.high, self.x.start, self.x.end],
            "y": [self.y.low, self.y.high, self.y.start, self.y.end],
            "columns": self.columns, "share": self.share,
            "names": [line.name for line in self.lines], "looks": [line.look for line in self.lines],
        }  # fmt: skip
        return (
            f'<svg class="rs-plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(self.title)}" '
            f"data-plot='{escape(json.dumps(plot, ensure_ascii=False), quote=True)}'>"
            f"<title>{escape(self.title)}</title><desc>{escape(self.about)}</desc>"
            f"{self._grid()}{self._level()}{self._mark()}{self._curves()}</svg>"
        )

    def _grid(self) -> str:
        parts = []
        for value in ticks(self.y.low, self.y.high):
            at = place(self.y(value))
            label = percent(value) if self.share else short(value)
            parts.append(f'<path class="grid" d="M{LEFT} {at}H{WIDTH - RIGHT}"/>')
            parts.append(f'<text class="tick" x="{LEFT - 7}" y="{at}" dy=".35em" text-anchor="end">{label}</text>')
        for value in _epoch_ticks(self.x):
            at, base = place(self.x(value)), HEIGHT - BOTTOM
            parts.append(f'<path class="axis" d="M{at} {base}v4"/>')
            parts.append(f'<text class="tick" x="{at}" y="{base + 16}" text-anchor="middle">{value:,.0f}</text>')
        parts.append(f'<path class="axis" d="M{LEFT} {HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')
        if self.x_title:
            middle = place((LEFT + WIDTH - RIGHT) / 2)
            parts.append(f'<text class="tick" x="{middle}" y="{HEIGHT - 4}" text-anchor="middle">'
                         f"{escape(self.x_title)}</text>")  # fmt: skip
        return "".join(parts)

    def _level(self) -> str:
        if not self.level:
            return ""
        return f'<path class="line probe" d="M{LEFT} {place(self.y(self.level[1]))}H{WIDTH - RIGHT}"/>'

    def _mark(self) -> str:
        """The best epoch: a thin upright, a ring on the curve, its name where curves seldom are."""
        if not self.mark or not math.isfinite(self.mark[1]):
            return ""
        x, y, name = self.x(self.mark[0]), self.y(self.mark[1]), self.mark[2]
        anchor, shift = ("end", -6) if x > (LEFT + WIDTH) / 2 else ("start", 6)
        text_y = HEIGHT - BOTTOM - 7 if self.share else TOP + 5
        return (
            f'<path class="best" d="M{place(x)} {TOP - 6}V{HEIGHT - BOTTOM}"/>'
            f'<circle class="best" cx="{place(x)}" cy="{place(min(max(y, TOP - 6), HEIGHT - BOTTOM))}" r="4.5"/>'
            f'<text class="best" x="{place(x + shift)}" y="{text_y}" text-anchor="{anchor}">{escape(name)}</text>'
        )

    def _curves(self) -> str:
        return "".join(
            f'<path class="line {line.look}" d="{path_in(line.points, self.x, self.y)}"/>' for line in self.lines
        )


def figure(panels: Iterable[Panel], rows: Sequence[Sequence[float | None]], epoch: str, *, look: str = "") -> str:
    """``panels`` in one figure that share ``rows`` (epoch first) and with it the crosshair."""
    numbers = json.dumps(rows, separators=(",", ":"))
    drawn = "".join(panel.html() for panel in panels)
    return (
        f'<figure class="rs-chart {look}" tabindex="0" data-epoch="{escape(epoch)}" data-rows="{numbers}">'
        f"{drawn}</figure>"
    )


def path_in(points: Iterable[tuple[float, float]], x: Scale, y: Scale) -> str:
    """The path of ``points``; what lies outside of the y axis is drawn at its edge."""
    top, bottom = sorted((y.start, y.end))

    def inside(at: float) -> float:
        return min(max(at, top - 6), bottom) if math.isfinite(at) else at

    return path((x(across), inside(y(up))) for across, up in points)


def _epoch_ticks(x: Scale) -> list[float]:
    marks = [value for value in ticks(x.low, x.high, 7, whole=True) if value > 0]
    return marks or [x.high]
