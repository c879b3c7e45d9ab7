"""At the end of a training: what its pictures look like to the network, so that others can be told from them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from resnet_studio.evaluation.strangers import separation, strangers
from resnet_studio.model.acceptance import Acceptance
from resnet_studio.model.checkpoint import Card, Checkpoint
from resnet_studio.model.unlike import STAGES, Reference, fit
from resnet_studio.prediction import Predictor

if TYPE_CHECKING:
    import torch
    from torch.nn import Module

    from resnet_studio.data.dataset import Sample, Split

MOST = 400
"""Pictures of each part that are looked at, as many of each class as of the others."""
FEWEST = 10
"""Training pictures without which nothing can be told."""


@dataclass(frozen=True, eq=False)
class Unlikeness:
    """The ``reference`` and what of it is ``accepted``; of ``test`` pictures the score and whether they were right."""

    reference: Reference
    accepted: Acceptance
    test: list[tuple[float, bool]]


def measure(
    model: Module, card: Card, split: Split, device: torch.device, accepted: Acceptance | None = None
) -> Unlikeness | None:
    """What ``model`` (eval mode, on ``device``) makes of pictures of ``split``; None where these are too few.

    ``accepted`` is given where it is known what is to be accepted, as validation pictures were trained on.
    """
    import torch

    predictor = Predictor(Checkpoint(model, card), device=str(device))

    def seen(samples: Sequence[Sample]) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor]:
        chosen = some(samples)
        found = predictor.activations([split.path(sample) for sample in chosen], stages=STAGES)
        labels = torch.tensor([chosen[place].label for place in found.places], dtype=torch.long)
        return dict(found.stages), labels, found.logits.argmax(1) == labels

    features, labels, _ = seen(split.train)
    if len(labels) < FEWEST:
        return None
    reference = fit(features, labels)
    test: list[tuple[float, bool]] = []
    if split.test:
        tested, _, right = seen(split.test)
        test = list(zip(reference.scores(tested).tolist(), right.tolist(), strict=True))
    if accepted is not None:
        return Unlikeness(reference, accepted, test)
    known, validated, _ = seen(split.validation)
    if not len(validated):
        return None
    scores = reference.scores(known).tolist()
    others = [predictor.activations(kind, stages=STAGES).stages for kind in strangers()]
    told = separation(scores, [reference.scores(each).tolist() for each in others])
    return Unlikeness(reference, Acceptance.of(scores, told), test)


def some(samples: Sequence[Sample], most: int = MOST) -> list[Sample]:
    """Up to ``most`` of ``samples``, the same each time: from each class in turn."""
    draw = random.Random(0)
    classes: dict[int, list[Sample]] = {}
    for sample in samples:
        classes.setdefault(sample.label, []).append(sample)
    for each in classes.values():
        draw.shuffle(each)
    turns = chain.from_iterable(zip_longest(*classes.values()))
    return [sample for sample in turns if sample is not None][:most]
