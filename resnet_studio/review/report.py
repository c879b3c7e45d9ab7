"""The review of a run's pictures, or of a data set's: every label ranked, the likeliest wrong first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.config import TrainConfig
from resnet_studio.data import editing, views
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import DataError
from resnet_studio.evaluation.embedding import DEPTH, Backbone, embed
from resnet_studio.review import suspects
from resnet_studio.training.plan import facts, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from resnet_studio.workspace import Run, Workspace

Progress = Callable[[int, int], None]
NEIGHBOURS = 4


@dataclass(frozen=True)
class Suspect:
    """A picture whose label may be wrong, by its place among the pictures that were reviewed."""

    place: int
    sample: Sample
    label: str
    suggested: str
    score: float
    probability: float
    uncertain: bool


@dataclass(frozen=True)
class Review:
    """What was found of ``samples``, those that could be read; ``rare`` classes are too small to be judged.

    ``dataset`` is the id of what was reviewed, ``reviewed_places`` those whose labels a person has confirmed.
    """

    dataset: str
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    judged: suspects.Judged
    features: NDArray[np.floating[Any]] = field(repr=False)
    reviewed_places: frozenset[int] = frozenset()

    @property
    def estimate(self) -> int:
        """How many of the first suspects are likely wrong."""
        return self.judged.estimate

    @property
    def rare(self) -> tuple[str, ...]:
        """Classes with too few pictures to judge their labels."""
        return tuple(self.classes[label] for label in self.judged.rare)

    @cached_property
    def suspects(self) -> tuple[Suspect, ...]:
        """All pictures, the likeliest wrong first."""
        return tuple(self.suspect(int(place)) for place in self.judged.order)

    def suspect(self, place: int) -> Suspect:
        """The picture at ``place``."""
        sample, judged = self.samples[place], self.judged
        suggested = int(judged.suggested[place])
        return Suspect(
            place, sample, self.classes[sample.label], self.classes[suggested], float(judged.score[place]),
            float(judged.probabilities[place, suggested]), sample.label in judged.rare,
        )  # fmt: skip

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The class of each picture."""
        return np.array([sample.label for sample in self.samples], np.int64)

    @cached_property
    def _unit(self) -> NDArray[np.floating[Any]]:
        return suspects.unit(self.features)

    def neighbours(self, place: int, label: int, most: int = NEIGHBOURS) -> list[int]:
        """The places of the pictures of ``label`` that are most like the one at ``place``."""
        return suspects.nearest(self._unit, self.labels, place, label, most)

    def to_json(self) -> dict[str, Any]:
        """All suspects; the first ``estimate`` of them with their nearest neighbours of both classes."""
        rows = []
        for rank, each in enumerate(self.suspects):
            row: dict[str, Any] = {
                "file": each.sample.name, "label": each.label, "suggested": each.suggested,
                "score": round(each.score, 6), "uncertain": each.uncertain,
                "reviewed": each.place in self.reviewed_places,
            }  # fmt: skip
            if rank < self.estimate:
                row["neighbours"] = {
                    kind: [self.samples[at].name for at in self.neighbours(each.place, label)]
                    for kind, label in (
                        ("label", each.sample.label), ("suggested", int(self.judged.suggested[each.place])),
                    )
                }  # fmt: skip
            rows.append(row)
        return {"dataset": self.dataset, "estimate": self.estimate, "rare": list(self.rare), "suspects": rows}


def review_run(workspace: Workspace, run: Run, *, device: str = "auto", progress: Progress | None = None) -> Review:
    """Review the labels that ``run`` was trained with, by features of the weights that it started from.

    All its pictures, except a test part that came with the data set: such a part is what a score is trusted by.
    """
    parts = split_of(run)
    test = () if any(sample.part == "test" for sample in parts.test) else parts.test
    samples = (*parts.train, *parts.validation, *test)
    root = parts.path
    return _review(
        workspace, run.about["dataset"], parts.classes, samples, [root(each) for each in samples],
        Backbone.of_run(run), device, progress,
    )  # fmt: skip


def review_dataset(
    workspace: Workspace,
    dataset: Dataset,
    *,
    backbone: Backbone | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Review:
    """Review the labels of ``dataset`` as it is now, without a training; its preset test part is left alone."""
    samples = [sample for sample in dataset.samples if sample.part != "test"]
    files = [dataset.path(sample) for sample in samples]
    chosen = backbone or _usual_backbone(dataset)
    return _review(workspace, dataset.id, dataset.classes, samples, files, chosen, device, progress)


def _usual_backbone(dataset: Dataset) -> Backbone:
    """What a training of ``dataset`` with the usual settings would start from."""
    config = TrainConfig(depth=DEPTH)
    resolved = resolve(config, facts(dataset, config, len(dataset.samples), on_gpu=False))
    return Backbone.usual(resolved.replace(weights="auto"), views.final_view(resolved, dataset))


def _review(
    workspace: Workspace,
    dataset: str,
    classes: tuple[str, ...],
    samples: Sequence[Sample],
    files: Sequence[Path],
    backbone: Backbone,
    device: str,
    progress: Progress | None,
) -> Review:
    contents = [sample.content or sample.file for sample in samples]
    cache = ArrayCache(workspace.cache)
    features = embed(backbone, files, contents, cache, device=device, pooling="mean and spread", progress=progress)
    readable = np.flatnonzero(np.isfinite(features).all(1)) if features.size else np.zeros(0, np.int64)
    used = tuple(samples[int(place)] for place in readable)
    features = features[readable]
    reviewed = _reviewed(workspace, dataset)
    reviewed_places = frozenset(
        place for place, sample in enumerate(used) if reviewed.get(sample.name) == classes[sample.label]
    )
    judged = suspects.judge(
        features, np.array([sample.label for sample in used], np.int64), len(classes),
        [sample.group or sample.content or sample.file for sample in used],
        reviewed=[place in reviewed_places for place in range(len(used))],
    )  # fmt: skip
    return Review(dataset, classes, used, judged, features, reviewed_places)


def _reviewed(workspace: Workspace, dataset: str) -> dict[str, str]:
    """The pictures whose label a person has confirmed, with that label: what is reviewed may have another one still."""
    try:
        state = editing.edited_set(workspace, dataset).state
    except DataError:  # deleted since
        return {}
    return {state.pictures[place].name: state.kinds[place] for place in state.confirmed}
