"""Asking a network about changed versions of test pictures: a sample of them, their views, the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from resnet_studio.data.views import Framed
from resnet_studio.errors import StudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from resnet_studio.evaluation.parts import RunReport
    from resnet_studio.prediction import Predictor

BATCH = 32


def stratified(labels: Sequence[int], most: int, seed: int = 0) -> list[int]:
    """At most ``most`` places of ``labels``, as evenly over the classes as there are pictures, in their order."""
    draw = np.random.default_rng(seed)
    waiting = {label: [int(place) for place in draw.permutation(np.flatnonzero(np.asarray(labels) == label))]
               for label in sorted(set(labels))}  # fmt: skip
    chosen: list[int] = []
    while len(chosen) < most and any(waiting.values()):
        for places in waiting.values():
            if places and len(chosen) < most:
                chosen.append(places.pop())
    return sorted(chosen)


def sampled_places(report: RunReport, most: int) -> list[int]:
    """The places among the run's test pictures of a stratified sample."""
    return stratified([sample.label for sample in report.split.test], most)


def uprights(report: RunReport, places: Sequence[int]) -> Iterator[tuple[int, Image.Image]]:
    """The test pictures at ``places``, upright; those that cannot be read any more are left out."""
    split, predictor = report.split, report.predictor
    for place in places:
        try:
            yield place, predictor.upright(split.path(split.test[place]))
        except (StudioError, OSError):
            continue


def answers(
    predictor: Predictor, pictures: Sequence[Image.Image], change: Callable[[int, Image.Image], Image.Image]
) -> NDArray[np.float32]:
    """The probabilities [N, classes] for upright ``pictures`` after ``change(place, picture)``."""
    framed = Framed.of(predictor.card.preprocessing)
    found = [
        probabilities(
            predictor, np.stack([framed.pixels(change(start + at, picture)) for at, picture in enumerate(batch)])
        )
        for start, batch in _batched(pictures)
    ]
    return np.concatenate(found)


def probabilities(predictor: Predictor, views: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The softmax of the logits [N, classes] for views uint8 [N, side, side, 3]."""
    import torch

    how = predictor.card.preprocessing
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (how.mean, how.std))
    found = []
    for start in range(0, len(views), BATCH):
        batch = torch.from_numpy(np.array(views[start : start + BATCH])).permute(0, 3, 1, 2)
        with predictor.alone():
            logits = predictor.compute((batch / 255 - mean) / std).logits
        found.append(torch.softmax(logits.double(), 1).float().numpy())
    return np.concatenate(found)


def _batched(pictures: Sequence[Image.Image]) -> Iterator[tuple[int, Sequence[Image.Image]]]:
    for start in range(0, len(pictures), BATCH):
        yield start, pictures[start : start + BATCH]
