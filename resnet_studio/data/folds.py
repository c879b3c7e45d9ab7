"""Cross-validation: the pictures of a data set in folds, each of them the test part of one training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from resnet_studio.data.by_model import MODEL, unlike
from resnet_studio.data.dataset import Dataset, Sample, Split, split
from resnet_studio.data.grouped import inside_top
from resnet_studio.data.names import shown
from resnet_studio.data.parts import together as linked
from resnet_studio.errors import DataError


@dataclass(frozen=True)
class Fold:
    """Which fold a training is tested on: ``number``, from 1, of ``of``."""

    number: int
    of: int

    @classmethod
    def written(cls, together: Mapping[str, Any]) -> Fold | None:
        """What the ``together`` of a split says; None where it is of no cross-validation."""
        found = together.get("fold")
        return None if found is None else cls(*found)


def check_folds(dataset: Dataset) -> None:
    """Raise :class:`DataError` where ``dataset`` says itself which pictures are for validation or test."""
    if any(sample.part in ("validation", "test") for sample in dataset.samples):
        raise DataError("error.folds.preset", name=shown(dataset.name))


def cut_fold(
    dataset: Dataset, fold: Fold, *, validation: float, seed: int, groups: Sequence[str], together: Mapping[str, Any]
) -> Split:
    """``dataset`` cut for one fold: its pictures are the test part, ``validation`` is the fraction of all others.

    Pictures with an equal key in ``groups`` ("" for none) and copies of a picture are in one fold. Every picture is in
    exactly one, but for those that a model labelled: these are for training alone. The folds follow from the pictures,
    the keys and ``seed``, in whichever order they come. Raises :class:`DataError` for more folds than groups, and where
    a class would be left without a picture to train on.
    """
    samples = [replace(each, group=key, part=None) for each, key in zip(dataset.samples, groups, strict=True)]
    labelled = [sample for sample in samples if sample.labelled_by != MODEL]
    places = _places(labelled, _keys(dataset, labelled), fold.of, seed)
    tested = [sample for sample, place in zip(labelled, places, strict=True) if place == fold.number - 1]
    others = [sample for sample, place in zip(labelled, places, strict=True) if place != fold.number - 1]
    others += unlike([sample for sample in samples if sample.labelled_by == MODEL], tested)
    for label in sorted({sample.label for sample in tested} - {sample.label for sample in others}):
        raise DataError("error.folds.class", name=shown(dataset.classes[label]))
    rest = split(replace(dataset, samples=tuple(others)), validation=validation, test=0, seed=seed, together=together)
    written = {**together, "fold": [fold.number, fold.of]}
    return replace(rest, test=tuple(tested), preset=False, median_side=dataset.median_side, together=written)


def _keys(dataset: Dataset, samples: Sequence[Sample]) -> list[str]:
    """One key for each picture, equal for all that have to be in one fold."""
    contents = [sample.content or sample.file for sample in samples]
    keys = linked(contents, [sample.group or content for sample, content in zip(samples, contents, strict=True)])
    return linked(keys, [inside_top(sample.name) for sample in samples]) if dataset.choices.layout == "inner" else keys


def _places(samples: Sequence[Sample], keys: Sequence[str], folds: int, seed: int) -> list[int]:
    """The fold, from 0, of each picture: stratified by class as well as the groups allow it."""
    import warnings

    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    single = len(set(keys)) == len(keys)
    if len(set(keys)) < folds:
        raise DataError("error.folds.groups", folds=folds, groups=len(set(keys)))
    order = sorted(range(len(keys)), key=lambda index: (keys[index], samples[index].name))
    labels = np.array([samples[index].label for index in order])
    kind = StratifiedKFold if single else StratifiedGroupKFold
    cutter = kind(n_splits=min(folds, len(keys)), shuffle=True, random_state=seed)
    places = [0] * len(keys)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # classes smaller than the number of folds: not in every fold
        try:
            cuts = list(cutter.split(labels, labels, [keys[index] for index in order]))
        except ValueError as error:  # not one class has as many pictures as there are folds
            largest = int(np.bincount(labels).max())
            raise DataError("error.folds.groups", folds=folds, groups=largest) from error
    for place, (_, tested) in enumerate(cuts):
        for index in tested:
            places[order[index]] = place
    return places
