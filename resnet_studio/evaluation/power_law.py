"""Learning curves: an error of ``a * n ** -b + c`` after training on ``n`` pictures, with its uncertainty.

The form is that of Hestness et al. (2017, arXiv 1712.00409, section 3), with the floor ``c`` that no number of pictures
takes away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXPONENTS = np.round(np.concatenate([np.arange(0.1, 1.0, 0.05), np.arange(1.0, 2.01, 0.1)]), 2)
"""Values of ``b`` that are tried; between them forecasts hardly differ. Below 0.1 a curve is flat in any range seen."""


@dataclass(frozen=True, eq=False)
class PowerLaws:
    """Curves [R]: the error after ``n`` pictures is ``a * n ** -b + c``; ``a`` and ``c`` are never negative."""

    a: Floats
    b: Floats
    c: Floats

    def error(self, count: float) -> Floats:
        """Of each curve after training on ``count`` pictures [R]."""
        found: Floats = self.a * float(count) ** -self.b + self.c
        return found


def fit(counts: Floats, errors: Floats) -> PowerLaws:
    """The least squares curves through ``errors`` [R, S] at ``counts`` [S] pictures.

    For each exponent the best ``a`` and ``c`` follow from linear regression, so no start has to be guessed.
    """
    rows = len(errors)
    best = np.full(rows, np.inf)
    a, b, c = np.zeros(rows), np.ones(rows), np.zeros(rows)
    for exponent in EXPONENTS:
        powers = counts ** -float(exponent)
        scale, floor = _line(powers, errors)
        off = ((scale[:, None] * powers + floor[:, None] - errors) ** 2).sum(1)
        better = off < best * (1 - 1e-9)
        best, a, c = np.where(better, off, best), np.where(better, scale, a), np.where(better, floor, c)
        b = np.where(better, exponent, b)
    return PowerLaws(a, b, c)


def _line(powers: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """The regression ``a * powers + c`` with neither below zero: ``a`` [R] and ``c`` [R]."""
    centred, means = powers - powers.mean(), errors.mean(1)
    slope = errors @ centred / (centred**2).sum()
    through_zero = np.maximum(errors @ powers / (powers**2).sum(), 0)
    floor = means - slope * powers.mean()
    flat = slope <= 0
    a = np.where(flat, 0.0, np.where(floor < 0, through_zero, slope))
    c = np.where(flat, np.maximum(means, 0), np.where(floor < 0, 0.0, floor))
    return a, c
