"""Values with their intervals, a row for each thing that was tried, against one value to compare with.

A table, so that it can be read aloud; the marks in its middle column are drawn with styles alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from resnet_studio.text import Language
from resnet_studio.ui.drawn.axes import ticks
from resnet_studio.ui.page.templates import render


@dataclass(frozen=True)
class Mark:
    """A share and its interval; ``look`` is a CSS class, ``text`` what stands for it in words."""

    value: float
    low: float
    high: float
    look: str
    text: str


@dataclass(frozen=True)
class Line:
    """One row: its ``name``, its marks, and a remark; ``called`` where it is what matters."""

    name: str
    marks: tuple[Mark, ...]
    remark: str = ""
    called: bool = False


@dataclass(frozen=True)
class Span:
    """The shares from ``low`` to ``high`` that the chart shows."""

    low: float
    high: float

    def at(self, value: float) -> str:
        """The place of ``value``, percent of the width."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return f"{100 * share:.1f}%"


def chart(
    lines: Sequence[Line],
    *,
    reference: float,
    caption: str,
    columns: Sequence[str],
    key: Sequence[tuple[str, str]],
    language: Language,
) -> Markup:
    """``columns`` are the headings of the names and of each mark's text; ``key`` has looks and what they mean."""
    values = [reference, *(value for line in lines for mark in line.marks for value in (mark.low, mark.high))]
    low = max(0.0, (int(20 * min(values) - 0.3)) / 20)
    span = Span(low, min(1.0, max(max(values) + 0.02, low + 0.1)))
    marks = [(span.at(value), f"{100 * value:.0f}%") for value in ticks(span.low, span.high, 4)]
    return render(
        "drawn/intervals.html", language, lines=lines, span=span, reference=reference, caption=caption,
        columns=columns, key=key, ticks=marks,
    )  # fmt: skip
