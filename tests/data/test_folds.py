"""Folds of a data set: every picture is in exactly one, and what belongs together in the same."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from resnet_studio.config import TrainConfig
from resnet_studio.data.by_model import MODEL
from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.folds import Fold, cut_fold
from resnet_studio.data.splitting import cut
from resnet_studio.errors import DataError


def data_set(*samples: Sample, **changes) -> Dataset:
    return Dataset(id="d", name="d", root=Path("/"), classes=("a", "b", "c"), samples=samples, **changes)


def pictures(label: int, count: int, **changes) -> list[Sample]:
    kind = "abc"[label]
    return [
        Sample(f"{kind}/{n}.png", f"{kind}/{n}.png", label, content=f"{kind}{n:03}", width=8, height=8, **changes)
        for n in range(count)
    ]


def folds_of(dataset: Dataset, of: int, *, keys=None, seed=0, validation=0.2):
    groups = keys or [sample.group for sample in dataset.samples]
    return [
        cut_fold(dataset, Fold(number, of), validation=validation, seed=seed, groups=groups, together={})
        for number in range(1, of + 1)
    ]


def places(cuts) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, each in enumerate(cuts):
        for sample in each.test:
            assert sample.name not in found
            found[sample.name] = place
    return found


def test_every_picture_is_tested_in_exactly_one_fold_and_otherwise_trained_or_validated_with():
    dataset = data_set(*pictures(0, 23), *pictures(1, 11), *pictures(2, 6))
    cuts = folds_of(dataset, 5)
    names = {sample.name for sample in dataset.samples}
    assert set(places(cuts)) == names
    for each in cuts:
        parts = [sample.name for part in (each.train, each.validation, each.test) for sample in part]
        assert len(parts) == 40 and set(parts) == names
        assert {sample.label for sample in each.train} == {sample.label for sample in each.validation} == {0, 1, 2}
        assert each.validation and each.together["fold"][1] == 5 and not each.preset


def test_folds_are_stratified_and_of_equal_size():
    cuts = folds_of(data_set(*pictures(0, 22), *pictures(1, 11), *pictures(2, 7)), 5)
    for label in range(3):
        held = [sum(sample.label == label for sample in each.test) for each in cuts]
        assert max(held) - min(held) <= 1
    assert [len(each.test) for each in cuts] == [8] * 5


def test_groups_and_copies_of_a_picture_are_in_one_fold_and_never_on_two_sides():
    samples = [*pictures(0, 30), *pictures(1, 30), *pictures(2, 30)]
    samples[2] = replace(samples[2], content=samples[0].content)
    keys = [f"{sample.label}-{index // 3}" if index % 30 < 20 else "" for index, sample in enumerate(samples)]
    keys[45] = keys[0]  # a group of two classes
    dataset = data_set(*samples)
    cuts = folds_of(dataset, 4, keys=keys)
    where = places(cuts)
    assert len(where) == 90
    by_key: dict[str, set[int]] = {}
    for sample, key in zip(samples, keys, strict=True):
        by_key.setdefault(key or sample.content, set()).add(where[sample.name])
    assert all(len(found) == 1 for found in by_key.values())
    assert where[samples[0].name] == where[samples[2].name]
    for each in cuts:
        sides = {part: {s.group for s in getattr(each, part) if s.group} for part in ("train", "validation", "test")}
        assert not sides["train"] & sides["validation"] and not sides["test"] & (sides["train"] | sides["validation"])


def test_folds_do_not_depend_on_the_order_of_the_pictures_and_do_on_the_seed():
    samples = [*pictures(0, 20), *pictures(1, 20), *pictures(2, 20)]
    one, two = places(folds_of(data_set(*samples), 5)), places(folds_of(data_set(*reversed(samples)), 5))
    assert one == two
    assert one != places(folds_of(data_set(*samples), 5, seed=1))
    keys = {sample.name: f"{sample.label}/{index // 2}" for index, sample in enumerate(samples)}
    grouped = [
        places(folds_of(data_set(*some), 5, keys=[keys[each.name] for each in some]))
        for some in (samples, samples[::-1])
    ]
    assert grouped[0] == grouped[1]


def test_pictures_that_a_model_labelled_are_trained_on_and_never_tested():
    samples = [*pictures(0, 10), *pictures(1, 10), *pictures(2, 10)]
    samples[3] = replace(samples[3], labelled_by=MODEL)
    samples[4] = replace(samples[4], labelled_by=MODEL, content=samples[5].content)
    cuts = folds_of(data_set(*samples), 5)
    assert Counter(place for place in places(cuts).values()).total() == 28
    for each in cuts:
        tested = {sample.content for sample in each.test}
        assert samples[3].name in {sample.name for sample in each.train}
        assert not tested & {sample.content for sample in (*each.train, *each.validation)}


def test_top_folders_that_hold_the_same_pictures_stay_together():
    from resnet_studio.data.choices import Choices

    samples = [
        replace(each, name=f"{top}/{each.name}", file=f"{top}/{each.name}", content=f"{top}{each.content}")
        for top in ("colour", "grey")
        for each in (*pictures(0, 12), *pictures(1, 12))
    ]
    where = places(folds_of(data_set(*samples, choices=Choices(layout="inner")), 4))
    assert all(where[f"colour/{kind}/{n}.png"] == where[f"grey/{kind}/{n}.png"] for kind in "ab" for n in range(12))


def test_what_cannot_be_cut_is_refused_with_what_to_do():
    few = data_set(*pictures(0, 3), *pictures(1, 3))
    with pytest.raises(DataError, match="Use fewer folds"):
        folds_of(few, 5)
    one_group = data_set(*pictures(0, 10), *pictures(1, 10))
    with pytest.raises(DataError, match="class 'b'"):
        folds_of(one_group, 3, keys=[""] * 10 + ["all"] * 10)
    for part in ("validation", "test"):
        preset = data_set(*pictures(0, 10), *pictures(1, 9), pictures(1, 10, part=part)[-1])
        with pytest.raises(DataError, match="of its own"):
            cut(preset, TrainConfig(groups="none"), Fold(1, 5))
    only_train = data_set(*pictures(0, 10, part="train"), *pictures(1, 10, part="train"))
    assert len(places([cut(only_train, TrainConfig(groups="none"), Fold(number, 5)) for number in range(1, 6)])) == 20
