"""Which unlabelled pictures to label next: those that a model is in doubt of, and not many of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.prediction import Predictor
from resnet_studio.review.suspects import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

SPREAD_AT_MOST = 200
"""So many are chosen one by one, each unlike those before it; the others follow by doubt alone."""


@dataclass(frozen=True)
class LabelCandidate:
    """A picture at ``place`` among those given: the likeliest class, how likely, and the ``doubt``, 0 to 1."""

    place: int
    suggested: str
    probability: float
    doubt: float


@dataclass(frozen=True)
class Candidates:
    """Pictures in the order in which to label them; ``errors`` says why others could not be read, by place."""

    ranked: tuple[LabelCandidate, ...]
    errors: dict[int, str]


def rank(model: Path, files: Sequence[Path], *, device: str = "auto", spread: int = SPREAD_AT_MOST) -> Candidates:
    """Rank ``files`` by what the checkpoint ``model`` makes of them.

    Doubt is how close the two likeliest classes are (margin sampling); the first ``spread`` are chosen greedily by
    their doubt and by how far their features lie from those chosen before (k-center, arXiv 1708.00489).
    """
    predictor = Predictor(model, device=device)
    seen = predictor.activations(files)
    errors = {place: str(error) for place, error in seen.errors.items()}
    if not seen.places:
        return Candidates((), errors)
    probabilities = seen.probabilities.numpy()
    ordered = np.sort(probabilities, 1)
    doubt = 1 - (ordered[:, -1] - (ordered[:, -2] if ordered.shape[1] > 1 else 0))
    order = spread_out(doubt, seen.features.numpy(), spread)
    likeliest = probabilities.argmax(1)
    return Candidates(
        tuple(
            LabelCandidate(
                seen.places[row], predictor.card.classes[likeliest[row]], float(ordered[row, -1]), float(doubt[row])
            )
            for row in order
        ),
        errors,
    )


def spread_out(doubt: Floats, features: Floats, most: int) -> list[int]:
    """The order in which to label N pictures by their ``doubt`` [N] and ``features`` [N, F]."""
    unlike = unit(features)
    chosen: list[int] = []
    distance = np.ones(len(doubt))
    left = np.ones(len(doubt), bool)
    for _ in range(min(most, len(doubt))):
        gain = np.where(left, doubt * distance, -1.0)
        best = int(gain.argmax())
        chosen.append(best)
        left[best] = False
        distance = np.minimum(distance, np.clip((1 - unlike @ unlike[best]) / 2, 0, 1))
    rest = np.flatnonzero(left)
    return [*chosen, *(int(each) for each in rest[np.argsort(-doubt[rest], kind="stable")])]
