"""The ruler of the charts: from numbers to places on the paper, round ticks, fewer points, plain paths."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

MOST_POINTS = 200

T = TypeVar("T")


@dataclass(frozen=True)
class Scale:
    """A straight line from the values ``low``..``high`` to the places ``start``..``end`` on the paper."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of ``value``."""
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.0
        return self.start + share * (self.end - self.start)

    def all(self, values: Iterable[float]) -> list[float]:
        """The places of many ``values``."""
        span = self.high - self.low
        low, start, factor = self.low, self.start, (self.end - self.start) / span if span else 0.0
        return [start + (value - low) * factor for value in values]


def ticks(low: float, high: float, count: int = 5, *, whole: bool = False) -> list[float]:
    """About ``count`` round numbers (1, 2 or 5 times a power of ten) that lie in ``low``..``high``."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    step = step_of((high - low) / max(count - 1, 1), whole=whole)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [_clean(index * step) for index in range(first, last + 1)]


def step_of(rough: float, *, whole: bool = False) -> float:
    """The round number (1, 2 or 5 times a power of ten) nearest above ``rough``; at least 1 where ``whole``."""
    power = math.floor(math.log10(rough))
    step = next(base * 10.0**power for base in (1, 2, 5, 10) if base * 10.0**power >= rough * 0.999)
    return max(step, 1.0) if whole else step


def loss_range(values: Iterable[float]) -> tuple[float, float]:
    """From 0 to a round number above the losses; a few huge ones, as a divergence makes them, are cut off."""
    known = sorted(value for value in values if math.isfinite(value))
    if not known or known[-1] <= 0:
        return 0.0, 1.0
    high = known[-1]
    usual = known[(len(known) - 1) // 2]
    if high > 8 * usual > 0:
        high = 4 * usual
    step = step_of(high / 4)
    return 0.0, _clean(math.ceil(high * 1.02 / step) * step)


def share_range(values: Iterable[float]) -> tuple[float, float]:
    """A round range inside 0..1 around the accuracies, at least a tenth wide."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    high = min(1.0, math.ceil(max(known) * 20 + 0.2) / 20)
    low = max(0.0, min(min(known) - 0.02, high - 0.1))
    high = max(high, low + 0.1)
    step = step_of((high - low) / 4)
    low = _clean(math.floor(low / step + 1e-9) * step)
    return low, min(1.0, _clean(math.ceil(high / step - 1e-9) * step))


def thinned(items: Sequence[T], value: Callable[[T], float], most: int = MOST_POINTS) -> list[T]:
    """At most ``most`` of ``items``, with the first and the last.

    Each stretch in between is stood for by its most unusual item, so that a spike does not vanish.
    """
    if len(items) <= most:
        return list(items)
    kept, inner, stretches = [items[0]], items[1:-1], most - 2
    for index in range(stretches):
        stretch = inner[index * len(inner) // stretches : (index + 1) * len(inner) // stretches]
        known = [number for item in stretch if math.isfinite(number := value(item))]
        middle = sum(known) / len(known) if known else 0.0
        kept.append(max(stretch, key=lambda item: _unusual(value(item), middle)))
    return [*kept, items[-1]]


def _unusual(value: float, middle: float) -> float:
    return abs(value - middle) if math.isfinite(value) else math.inf


_DOT = "m-2 0h4"
"""Long enough to be seen, and not longer than a dash where lines are dashed."""


def path(points: Iterable[tuple[float, float]]) -> str:
    """SVG path data through ``points``; one that is not finite leaves a gap, one alone in a gap a short dash."""
    pieces: list[str] = []
    for group in runs_of(points):
        numbers = " ".join([f"{x:.1f} {y:.1f}" for x, y in group]) + " "
        first_x, first_y, rest = numbers.replace(".0 ", " ").split(" ", 2)
        pieces.append(f"M{first_x} {first_y}{'L' + rest[:-1] if rest else _DOT}")
    return "".join(pieces)


def runs_of(points: Iterable[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """``points`` cut into stretches of finite ones."""
    groups: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if math.isfinite(point[0] + point[1]):
            groups[-1].append(point)
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def place(value: float) -> str:
    """A coordinate with one decimal and no needless zero."""
    return f"{value:.1f}".removesuffix(".0")


def short(value: float) -> str:
    """A number for an axis or a tooltip: three or four digits that matter."""
    if not math.isfinite(value):
        return "–"
    if value != 0 and not 1e-4 <= abs(value) < 1e5:
        mantissa, power = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(power)}"
    return f"{value:.4g}"


def percent(value: float, decimals: int = 0) -> str:
    """A share as a percentage."""
    return f"{100 * value:.{decimals}f}%" if math.isfinite(value) else "–"


def _clean(value: float) -> float:
    return float(f"{value:.10g}")
