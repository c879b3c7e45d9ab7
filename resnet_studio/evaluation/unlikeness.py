"""At the end of a training: what its pictures look like to the network, so that others can be told from them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from resnet_studio.data.decode import content
from resnet_studio.evaluation.stage_outputs import Known, Looker
from resnet_studio.evaluation.strangers import named, separation, strangers
from resnet_studio.model.acceptance import CURRENT, Acceptance
from resnet_studio.model.checkpoint import Card
from resnet_studio.model.unlike import METHODS, Reference, fit

if TYPE_CHECKING:
    import torch
    from torch.nn import Module

    from resnet_studio.data.cache import ArrayCache
    from resnet_studio.data.dataset import Sample, Split

MOST = 400
"""Pictures of each part that are looked at, as many of each class as of the others."""
FEWEST = 10
"""The fewest training pictures to judge by."""


@dataclass(frozen=True, eq=False)
class Unlikeness:
    """The ``reference`` and what of it is ``accepted``; of ``test`` pictures the score and whether they were right."""

    reference: Reference
    accepted: Acceptance
    test: list[tuple[float, bool]]


def measure(
    model: Module,
    card: Card,
    split: Split,
    device: torch.device,
    accepted: Acceptance | None = None,
    cache: ArrayCache | None = None,
    known: Known | None = None,
) -> Unlikeness | None:
    """What ``model`` (eval mode, on ``device``) makes of pictures of ``split``; None where these are too few.

    ``accepted`` is given where it is known what is to be accepted, as validation pictures were trained on; the method
    is its. ``cache`` is for where the head alone was trained; what is ``known`` of pictures need not be computed.
    """
    look = Looker.of(model, card, device, cache, known)
    version = accepted.version if accepted else CURRENT

    seen = partial(_seen, look, split, version)
    features, labels, _ = seen(split.train)
    if len(labels) < FEWEST:
        return None
    reference = fit(features, labels, version)
    test: list[tuple[float, bool]] = []
    if split.test:
        tested, _, right = seen(split.test)
        test = list(zip(reference.scores(tested).tolist(), right.tolist(), strict=True))
    if accepted is not None:
        return Unlikeness(reference, accepted, test)
    held, validated, _ = seen(split.validation)
    if not len(validated):
        return None
    scores = reference.scores(held).tolist()
    foreign = strangers(contents_of(split))
    others = [METHODS[version].of_pooled(look.outputs(kind, named(kind)).stages) for kind in foreign]
    separated = separation(scores, [reference.scores(each).tolist() for each in others])
    return Unlikeness(reference, Acceptance.of(scores, separated), test)


def _seen(
    look: Looker, split: Split, version: int, samples: Sequence[Sample]
) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor]:
    """Of some of ``samples``: what the method of this ``version`` looks at, their labels, and whether the answers are
    right.
    """
    import torch

    chosen = some(samples)
    files = [split.path(sample) for sample in chosen]
    found = look.outputs(files, list(map(content, chosen, files)))
    labels = torch.tensor([chosen[place].label for place in found.places], dtype=torch.long)
    return METHODS[version].of_pooled(found.stages), labels, found.logits.argmax(1) == labels


def contents_of(split: Split) -> set[str]:
    """The hashes of all files of ``split``."""
    return {sample.content for part in (split.train, split.validation, split.test) for sample in part}


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
