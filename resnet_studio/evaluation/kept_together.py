"""Which pictures of a data set are scored; they belong together as those do that the model was trained on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resnet_studio.data import groups, near
from resnet_studio.data.cache import ArrayCache
from resnet_studio.errors import ConfigError, DataError, RunError
from resnet_studio.grouping import Grouping, parse

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset, Sample
    from resnet_studio.workspace import Run, Workspace


def with_groups(dataset: Dataset, run: Run | None, workspace: Workspace) -> Dataset:
    """``dataset`` with the groups that the settings of ``run`` make of it, where its names have such groups, and the
    near-duplicates that were found in it; without a run those that it came with.
    """
    return _with_groups(dataset, _grouping(run), workspace)


def with_grouping(dataset: Dataset, groups: str, workspace: Workspace) -> Dataset:
    """As :func:`with_groups`, for a setting ``groups`` of a run."""
    return _with_groups(dataset, parse(groups), workspace)


def _with_groups(dataset: Dataset, grouping: Grouping, workspace: Workspace) -> Dataset:
    try:
        keys = groups.keys_of(dataset, grouping)
    except DataError:  # it has no such folders, names or times
        keys = [sample.group for sample in dataset.samples]
    if grouping.near:
        found = near.known_groups(dataset.samples, ArrayCache(workspace.cache))
        keys = groups.joined(keys, near.keys_of(len(keys), found))
    samples = tuple(replace(sample, group=key) for sample, key in zip(dataset.samples, keys, strict=True))
    return replace(dataset, samples=samples)


def evaluated_samples(dataset: Dataset) -> list[Sample]:
    """The pictures that are scored: the test part of ``dataset`` where it has one, else all."""
    return [sample for sample in dataset.samples if sample.part == "test"] or list(dataset.samples)


def _grouping(run: Run | None) -> Grouping:
    try:
        return parse(run.config.groups) if run else Grouping()
    except (RunError, ConfigError):
        return Grouping()
