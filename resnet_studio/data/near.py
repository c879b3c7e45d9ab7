"""The near-duplicates of a data set: its files are compared, and the result is cached by their contents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from resnet_studio.data import compared, decode, likeness
from resnet_studio.data.finding import Finding, Severity
from resnet_studio.model import starter_features
from resnet_studio.stepwise import map_steps

if TYPE_CHECKING:
    from resnet_studio.data.cache import ArrayCache
    from resnet_studio.data.dataset import Dataset, Sample

VERSION = 1

Groups = tuple[tuple[int, ...], ...]
Samples = tuple[Sequence["Sample"], Sequence[Path]]
"""Pictures, and the file of each."""


@dataclass(frozen=True)
class SearchProgress:
    """How far a search is: ``done`` of ``total`` pictures."""

    done: int
    total: int


def near_groups(
    samples: Sequence[Sample], files: Sequence[Path], cache: ArrayCache, device: str = "auto"
) -> Generator[SearchProgress, None, Groups]:
    """Groups of indices of near-duplicates among ``samples``, whose pictures are ``files``; says how far it is.

    Copies of one file join a group as that file does; copies alone are no group. A picture that cannot be read is in
    none. The result is cached in ``cache``.
    """
    copies = _copies(samples)
    key = _key(copies, cache)
    if (pairs := _cached(key, cache)) is None:
        first = [copies[each][0] for each in sorted(copies)]
        some = [files[index] for index in first]
        contents = [decode.content(samples[index], file) for index, file in zip(first, some, strict=True)]
        checked = decode.are_checked([samples[index] for index in first], contents)
        pairs = yield from search_pairs(some, contents, cache, device, checked)
        shape = ((len(pairs.first), 2), "<i8")
        with cache.building(key, {"pairs": shape} if len(pairs.first) else {}) as building:
            if len(pairs.first):
                building.arrays["pairs"][:] = np.stack([pairs.first, pairs.second], 1)
    return _grouped(copies, pairs)


def known_groups(samples: Sequence[Sample], cache: ArrayCache) -> Groups:
    """What an earlier search found among ``samples``; nothing where there was none. No picture is read."""
    copies = _copies(samples)
    pairs = _cached(_key(copies, cache), cache)
    return () if pairs is None else _grouped(copies, pairs)


def near_to(
    known: Samples, others: Samples, cache: ArrayCache, device: str = "auto"
) -> Generator[SearchProgress, None, frozenset[int]]:
    """Which of ``others``, by their places, are near-duplicates of ``known`` pictures, or in a group with one."""
    (samples, files), (more, more_files) = known, others
    count = len(samples)
    found = yield from near_groups([*samples, *more], [*files, *more_files], cache, device)
    return frozenset(place - count for group in found if group[0] < count for place in group if place >= count)


def _copies(samples: Sequence[Sample]) -> dict[str, list[int]]:
    """The indices of the pictures of each content."""
    copies: dict[str, list[int]] = defaultdict(list)
    for index, sample in enumerate(samples):
        copies[sample.content or sample.file].append(index)
    return copies


def _key(copies: Mapping[str, object], cache: ArrayCache) -> str:
    starter = starter_features.identity()
    return cache.key("near-duplicates", VERSION, likeness.VERSION, decode.VERSION, starter, sorted(copies))


def _cached(key: str, cache: ArrayCache) -> likeness.Pairs | None:
    if (entry := cache.get(key)) is None:
        return None
    found = np.array(entry.arrays.get("pairs", np.empty((0, 2), np.int64)))
    return likeness.Pairs(found[:, 0], found[:, 1], np.ones(len(found), np.float32))


def _grouped(copies: Mapping[str, Sequence[int]], pairs: likeness.Pairs) -> Groups:
    contents = sorted(copies)
    groups = pairs.groups()
    return tuple(tuple(sorted(index for place in group for index in copies[contents[place]])) for group in groups)


def search_pairs(
    files: Sequence[Path], contents: Sequence[str], cache: ArrayCache, device: str, checked: Sequence[bool] = ()
) -> Generator[SearchProgress, None, likeness.Pairs]:
    """The near-duplicates among different ``files`` with these ``contents``, by their places; for ``checked`` see
    :func:`resnet_studio.data.decode.decode`.
    """
    looking = compared.compared(files, contents, cache, device, checked)
    found = yield from map_steps(looking, lambda done: SearchProgress(done, len(files)))
    return likeness.near_duplicates(found.cells, found.features)


def findings(dataset: Dataset, groups: Groups) -> tuple[Finding, ...]:
    """One finding for each group of near-duplicates, and one more where it is in two classes or two preset parts."""
    found: list[Finding] = []
    for group in groups:
        samples = [dataset.samples[index] for index in group]
        files = tuple(sorted(sample.name for sample in samples))
        labels = sorted({sample.label for sample in samples})
        parts = [part for part in ("train", "validation", "test") if any(sample.part == part for sample in samples)]
        if len(labels) > 1:
            classes = tuple(dataset.classes[label] for label in labels)
            values = {"count": len(files), "classes": classes}
            found.append(Finding("conflict", "finding.near_conflict", values, files))
        if len(parts) > 1:
            named = tuple((part, f"part.{part}") for part in parts)
            values = {"count": len(files), "parts": named}
            found.append(Finding("leak", "finding.near_leak", values, files))
        found.append(Finding("near_duplicate", "finding.near_duplicate", {"count": len(files)}, files, "info"))
    order = {"conflict": 0, "leak": 1, "near_duplicate": 2}
    return tuple(sorted(found, key=lambda finding: (order[finding.kind], finding.files)))


def leaking(dataset: Dataset, groups: Groups) -> Groups:
    """The groups of near-duplicates, and of files that are the same byte for byte, that lie in several preset parts."""
    known = {index for group in groups for index in group}
    copies = tuple(tuple(each) for each in _copies(dataset.samples).values() if not known & set(each))
    return tuple(
        group
        for group in (*groups, *copies)
        if len({part for index in group if (part := dataset.samples[index].part)}) > 1
    )


def outside_training(dataset: Dataset, groups: Groups) -> tuple[str, ...]:
    """The names of the pictures in ``groups`` that a preset part keeps out of training."""
    samples = [dataset.samples[index] for group in groups for index in group]
    return tuple(sample.name for sample in samples if sample.part and sample.part != "train")


def summary(dataset: Dataset, groups: Groups) -> tuple[Finding, ...]:
    """The same in one finding a kind, with all its pictures, group by group."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings(dataset, groups):
        found[finding.kind].append(finding)
    shown = []
    for kind, some in found.items():
        files = tuple(name for finding in some for name in finding.files)
        values = {"count": len(some), "groups": len(some), "pictures": len(files)}
        severity: Severity = "info" if kind == "near_duplicate" else "warning"
        shown.append(Finding(kind, f"finding.near_{kind}.all", values, files, severity))
    return tuple(shown)


def keys_of(count: int, groups: Groups) -> list[str]:
    """A key for each of ``count`` pictures, equal within a group and empty outside of them."""
    keys = [""] * count
    for number, group in enumerate(groups):
        for index in group:
            keys[index] = f"near {number + 1}"
    return keys
