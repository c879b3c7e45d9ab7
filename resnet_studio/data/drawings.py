"""Drawings among training pictures: ink on plain paper, of which a sharper one looks unlike what was learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOKED_AT = 100
"""How many pictures of a set are examined."""
PLAIN, NEAR, FAR = 40, 32, 96
"""Of 255: the largest spread of a plain paper's corners, how far from it is still paper, and how far is ink."""
GREY = 24
"""Of 255: the largest mean difference between the channels of ink and paper."""
PAPER, INK = 0.3, 0.02
"""The least shares of a drawing that are paper and ink."""


def are_drawings(pixels: NDArray[np.uint8]) -> bool:
    """Whether most of the pictures in ``pixels`` [N, S, S, 3] are drawings, as digits, letters and sketches are."""
    looks = [_is_drawing(picture) for picture in pixels]
    return bool(looks) and sum(looks) > len(looks) / 2


def _is_drawing(picture: NDArray[np.uint8]) -> bool:
    values = picture.astype(np.float32)
    if (values.max(-1) - values.min(-1)).mean() > GREY:
        return False
    grey, corner = values.mean(-1), max(1, picture.shape[0] // 8)
    ends = (slice(None, corner), slice(-corner, None))
    corners = np.concatenate([grey[rows, columns].ravel() for rows in ends for columns in ends])
    away = np.abs(grey - np.median(corners))
    return bool(corners.std() < PLAIN and (away <= NEAR).mean() >= PAPER and (away > FAR).mean() >= INK)
