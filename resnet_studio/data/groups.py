"""What belongs together: pictures of one object, one patient, one walk, whose likeness is no sign of good learning.

:mod:`resnet_studio.grouping` has the choices; near-duplicates are the concern of :mod:`.likeness`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from resnet_studio.data import group_tables
from resnet_studio.data.capture_time import captured_at
from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.disjoint import DisjointSets
from resnet_studio.data.edits import Edit
from resnet_studio.data.names import comparison_key, natural, shown
from resnet_studio.errors import DataError
from resnet_studio.grouping import Grouping

_COUNTER = re.compile(r"[\s_.\-]*[(\[]?\d+[)\]]?$")
_NAMED = 5
_SERIES_LEAST, _SERIES_MOST = 3, 500
"""Pictures of a series: with fewer it says little, with more it is rather the class itself."""


def keys_of(dataset: Dataset, grouping: Grouping) -> list[str]:
    """For each picture of ``dataset`` the group that it is in, empty for none; near-duplicates are not among them.

    Raises :class:`DataError` where what was chosen is not there.
    """
    samples, classes = dataset.samples, dataset.classes
    own = [sample.group for sample in samples]
    match grouping.kind:
        case "none" | "near":
            return [""] * len(samples)
        case "auto":
            return own
        case "folder":
            found = [_inside_class(sample, classes[sample.label]) for sample in samples]
        case "name":
            found = [f"{classes[sample.label]}/{series(sample.name)}" for sample in samples]
        case "time":
            found = _by_time(dataset, grouping.seconds)
        case "csv":
            found = group_tables.by_table(samples, grouping)
        case "column":
            found = group_tables.by_column(dataset, grouping.column)
    if not any(found):
        raise DataError(f"error.groups.{grouping.kind}", name=shown(dataset.name))
    return joined(found, own)


def together(dataset: Dataset, grouping: Grouping, why: str = "") -> Edit:
    """The edit that keeps pictures of ``dataset`` together by ``grouping`` from now on, in its log.

    Raises :class:`DataError` where what was chosen is not there, or makes no group of two pictures or more.
    """
    keys = keys_of(dataset, grouping)
    sizes = Counter(keys)
    kept = [(sample.name, key) for sample, key in zip(dataset.samples, keys, strict=True) if key and sizes[key] > 1]
    if not kept:
        raise DataError("error.groups.alone", name=shown(dataset.name))
    names = {key: _said(key) for _, key in kept}
    unique = len(set(names.values())) == len(names)
    groups = tuple(names[key] if unique else key for _, key in kept)
    return Edit(kind="groups", pictures=tuple(name for name, _ in kept), groups=groups, why=why or grouping.kind)


def joined(*choices: Sequence[str]) -> list[str]:
    """One key for each picture: pictures with an equal key in any of ``choices`` have an equal one; "" is no key."""
    sets = DisjointSets[str]()
    rows = []
    for row in zip(*choices, strict=True):
        named = [f"{place}:{key}" for place, key in enumerate(row) if key]
        for other in named[1:]:
            sets.join(named[0], other)
        rows.append(named[0] if named else "")
    return [sets.top(key) if key else "" for key in rows]


def series(name: str) -> str:
    """The name of a file without its ending and its counter: ``mug/mug 12 (3).jpg`` is of ``mug 12``."""
    stem = name.rpartition("/")[2]
    stem = stem.rpartition(".")[0] or stem
    return _COUNTER.sub("", stem) or stem


def _inside_class(sample: Sample, kind: str) -> str:
    """The folders between the class and the picture; empty where it lies in the class's own folder."""
    folders = sample.name.split("/")[:-1]
    named = [place for place, folder in enumerate(folders) if comparison_key(folder) == comparison_key(kind)]
    inside = folders[named[0] + 1 :] if named else folders[1:]
    return f"{kind}/{'/'.join(inside)}" if inside else ""


def _by_time(dataset: Dataset, seconds: float) -> list[str]:
    """Pictures of a class that follow each other within ``seconds``, by the capture times in their files."""
    captured = captured_at([dataset.path(sample) for sample in dataset.samples])
    keys = [""] * len(captured)
    classes: dict[int, list[int]] = defaultdict(list)
    for index, moment in enumerate(captured):
        if moment is not None:
            classes[dataset.samples[index].label].append(index)
    for label, members in classes.items():
        members.sort(key=lambda index: (captured[index], dataset.samples[index].name))
        number = 0
        for before, index in zip([members[0], *members], members, strict=False):
            number += (captured[index] or 0) - (captured[before] or 0) > seconds
            keys[index] = f"{label}/{number}"
    return keys


@dataclass(frozen=True)
class GroupsPreview:
    """What a choice does: ``groups`` of at least two pictures, the ``pictures`` in them, the ``largest``; ``single``
    are the classes whose pictures are all one group, which cannot be split.
    """

    groups: int
    pictures: int
    largest: tuple[tuple[str, int], ...]
    single: tuple[str, ...]


def preview(dataset: Dataset, keys: Sequence[str], most: int = 5) -> GroupsPreview:
    """Statistics of keeping pictures with equal ``keys`` together."""
    sizes = Counter(key for key in keys if key)
    several = {key: count for key, count in sizes.items() if count > 1}
    largest = sorted(several.items(), key=lambda item: (-item[1], natural(item[0])))[:most]
    named = tuple((_said(key), count) for key, count in largest)
    return GroupsPreview(
        len(several), sum(several.values()), named, one_group_classes(dataset.samples, dataset.classes, keys)
    )


def _said(key: str) -> str:
    """A key for display: without the mark of the choice that it is from."""
    return key.partition(":")[2] or key


def one_group_classes(samples: Sequence[Sample], classes: Sequence[str], keys: Sequence[str]) -> tuple[str, ...]:
    """The classes all of whose pictures have one key."""
    found: dict[int, set[str]] = defaultdict(set)
    counts: Counter[int] = Counter()
    for sample, key in zip(samples, keys, strict=True):
        found[sample.label].add(key or f"/{sample.content or sample.file}")
        counts[sample.label] += 1
    return tuple(classes[label] for label in sorted(found) if len(found[label]) == 1 and counts[label] > 1)


def refuse_whole_classes(dataset: Dataset, keys: Sequence[str]) -> None:
    """Raise :class:`DataError` where ``keys`` make one group of a whole class, which then cannot be validated."""
    if whole := one_group_classes(dataset.samples, dataset.classes, keys):
        names = [shown(name) for name in whole[:_NAMED]]
        raise DataError("error.groups.whole_class", count=len(whole), classes=names)


def without_whole_classes(samples: Sequence[Sample], keys: Sequence[str]) -> list[str]:
    """``keys`` without those in classes that would be a single group: these are split by picture all the same."""
    labels: dict[int, set[str]] = defaultdict(set)
    for sample, key in zip(samples, keys, strict=True):
        labels[sample.label].add(key or f"/{sample.content or sample.file}")
    return ["" if len(labels[sample.label]) == 1 else key for sample, key in zip(samples, keys, strict=True)]


def suggested(dataset: Dataset) -> Grouping | None:
    """The choice that names suggest: folders inside of classes, or series of numbered names; None where they do not."""
    for kind in ("folder", "name"):
        grouping = Grouping(kind)
        try:
            keys = keys_of(dataset, grouping)
        except DataError:
            continue
        if _are_series(dataset, keys):
            return grouping
    return None


def _are_series(dataset: Dataset, keys: Iterable[str]) -> bool:
    """Whether most pictures are in groups of several, and every class with many pictures has three groups or more."""
    classes: dict[int, Counter[str]] = defaultdict(Counter)
    for sample, key in zip(dataset.samples, keys, strict=True):
        classes[sample.label][key] += 1
    total = in_series = 0
    for sizes in classes.values():
        total += sizes.total()
        usual = {key: n for key, n in sizes.items() if key and _SERIES_LEAST <= n <= _SERIES_MOST}
        if len(usual) < _SERIES_LEAST:
            return False
        in_series += sum(usual.values())
    return in_series > 0.8 * total
