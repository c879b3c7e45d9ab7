"""The split that settings ask for, with what belongs together on one side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from resnet_studio.data import groups
from resnet_studio.data.choices import Choices
from resnet_studio.data.dataset import Dataset, Sample, Split, split
from resnet_studio.data.folds import Fold, check_folds, cut_fold
from resnet_studio.data.part_names import PARTS
from resnet_studio.grouping import parse

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig


def cut(dataset: Dataset, config: TrainConfig, fold: Fold | None = None) -> Split:
    """The split of ``dataset`` that ``config`` asks for, as far as it is known without reading a picture; its test
    part is ``fold`` where one is given.

    Its ``together`` says which pictures belong together, and whether near-duplicates have yet to be searched for.
    Raises :class:`DataError` where the requested groups are not there, or are whole classes, and where
    ``dataset`` cannot be cut into folds.
    """
    if fold:
        check_folds(dataset)
    grouping = parse(config.groups)
    keys = groups.keys_of(dataset, grouping)
    if grouping.kind not in ("none", "near", "auto"):
        groups.refuse_whole_classes(dataset, keys)
    keys = groups.without_whole_classes(dataset.samples, keys)
    kept = groups.preview(dataset, keys)
    together = {
        "by": str(grouping),
        "groups": kept.groups,
        "pictures": kept.pictures,
        "near": None,
        "layout": dataset.choices.layout,
    }
    if not grouping.near or _is_preset(dataset) or not dataset.hints.get("near_duplicates", True):
        together["near"] = 0
    return _cut(dataset, keys, config, together, fold)


def _is_preset(dataset: Dataset) -> bool:
    """Whether the user's folders say of every picture in which part it is."""
    parts = {sample.part for sample in dataset.samples}
    return None not in parts and "validation" in parts


def whole(cut: Split) -> Dataset:
    """The data set that ``cut`` was made of, as far as a split tells."""
    samples = [sample for part in PARTS for sample in getattr(cut, part)]
    samples.sort(key=lambda sample: (sample.label, sample.name))
    return Dataset(
        id=cut.dataset, name=cut.dataset_name, root=cut.root, classes=cut.classes, samples=tuple(samples),
        hints=cut.hints, store=cut.store, choices=Choices(layout=cut.together.get("layout", "auto")),
    )  # fmt: skip


def resplit(
    before: Split, samples: Sequence[Sample], keys: Sequence[str], config: TrainConfig, together: Mapping[str, Any]
) -> Split:
    """All ``samples`` of a split cut again, those with equal ``keys`` on one side."""
    dataset = replace(whole(before), samples=tuple(samples))
    return _cut(dataset, keys, config, together, Fold.written(together))


def _cut(
    dataset: Dataset, keys: Sequence[str], config: TrainConfig, together: Mapping[str, Any], fold: Fold | None
) -> Split:
    validation, seed = config.validation_fraction, config.seed
    if fold is not None:
        return cut_fold(dataset, fold, validation=validation, seed=seed, groups=keys, together=together)
    return split(dataset, validation=validation, test=config.test_fraction, seed=seed, groups=keys, together=together)
