"""A pair of axes with curves as SVG: what every chart of the page is drawn with.

Colours are variables of the page. Titles and keys are HTML beside the drawing, so that they have the size of the page's
headings however large the drawing is; the size of what is written inside follows from ``train.css``. ``live.js`` adds
the crosshair and the tooltip, from the numbers in ``data-rows`` and the scales in ``data-plot``; without it the drawing
is complete but still.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from resnet_studio.ui.drawn.axes import Scale, path, percent, place, short, ticks
from resnet_studio.ui.page.templates import render

WIDTH, HEIGHT = 440, 250
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 18, 40
FRAME = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "base": HEIGHT - BOTTOM}
"""Where the axes lie, for templates: edges in the coordinates of the drawing."""


@dataclass(frozen=True)
class Line:
    """One curve: values a place on the x axis; ``look`` is its CSS class."""

    name: str
    look: str
    points: tuple[tuple[float, float], ...]


class Mark(NamedTuple):
    """A marked point and its name, in coordinates of the drawing; ``anchor`` is the name's ``text-anchor``."""

    x: str
    y: str
    name: str
    text_x: str
    text_y: int
    anchor: str


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its curves; ``columns`` say which numbers of ``data-rows`` belong to which curve."""

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

    @property
    def key(self) -> list[tuple[str, str]]:
        """Name and CSS class of everything that the key explains."""
        entries = [(line.name, line.look) for line in self.lines] if self.keyed else []
        return [*entries, (self.level[0], "probe")] if self.level else entries

    @property
    def plot(self) -> dict[str, Any]:
        """What ``live.js`` needs for the crosshair and the tooltip."""
        return {
            "x": [self.x.low, self.x.high, self.x.start, self.x.end],
            "y": [self.y.low, self.y.high, self.y.start, self.y.end],
            "columns": self.columns, "share": self.share,
            "names": [line.name for line in self.lines], "looks": [line.look for line in self.lines],
        }  # fmt: skip

    @property
    def y_ticks(self) -> list[tuple[str, str]]:
        """Position and label of each mark on the y axis."""
        label = percent if self.share else short
        return [(place(self.y(value)), label(value)) for value in ticks(self.y.low, self.y.high)]

    @property
    def x_ticks(self) -> list[tuple[str, str]]:
        """Position and label of each mark on the x axis."""
        marks = [value for value in ticks(self.x.low, self.x.high, 7, whole=True) if value > 0]
        return [(place(self.x(value)), f"{value:,.0f}") for value in marks or [self.x.high]]

    @property
    def level_at(self) -> str:
        """The height of the level line; empty without one."""
        return place(self.y(self.level[1])) if self.level else ""

    @property
    def marked(self) -> Mark | None:
        """The best epoch: a thin vertical line, a ring on the curve, its name where curves seldom are."""
        if not self.mark or not math.isfinite(self.mark[1]):
            return None
        x, y, name = self.x(self.mark[0]), self.y(self.mark[1]), self.mark[2]
        anchor, shift = ("end", -6) if x > (LEFT + WIDTH) / 2 else ("start", 6)
        text_y = HEIGHT - BOTTOM - 7 if self.share else TOP + 5
        height = place(min(max(y, TOP - 6), HEIGHT - BOTTOM))
        return Mark(place(x), height, name, place(x + shift), text_y, anchor)

    def path(self, line: Line) -> str:
        """SVG path data of one of the curves."""
        return path_in(line.points, self.x, self.y)


def figure(panels: Iterable[Panel], rows: Sequence[Sequence[float | None]], epoch: str, *, look: str = "") -> str:
    """``panels`` in one figure that share ``rows`` (epoch first) and with it the crosshair.

    ``look`` is an additional CSS class; an ``example`` has no crosshair and takes no focus.
    """
    middle = place((LEFT + WIDTH - RIGHT) / 2)
    return render("drawn/figure.html", panels=panels, rows=rows, epoch=epoch, look=look, middle=middle, **FRAME)


def path_in(points: Iterable[tuple[float, float]], x: Scale, y: Scale) -> str:
    """The path of ``points``; what lies outside of the y axis is drawn at its edge."""
    top, bottom = sorted((y.start, y.end))
    points = list(points)
    heights = y.all(up for _, up in points)
    inside = [min(max(at, top - 6), bottom) if math.isfinite(at) else at for at in heights]
    return path(zip(x.all(across for across, _ in points), inside, strict=True))
