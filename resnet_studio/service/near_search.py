"""Searches for near-duplicates that pages ask for, in the background, and what keeping groups does to a split."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resnet_studio.data.part_names import PARTS
from resnet_studio.errors import DataError
from resnet_studio.grouping import Grouping, Kind, parse
from resnet_studio.stepwise import result_of

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset, Split
    from resnet_studio.data.editing import EditedSet
    from resnet_studio.data.near import Groups
    from resnet_studio.workspace import Workspace

KEPT = 4
MOST_GROUPS, MOST_PICTURES = 200, 12
CHOICES: tuple[Kind, ...] = ("none", "near", "auto", "folder", "name")


@dataclass
class NearSearch:
    """A search in its thread: ``done`` of ``total`` pictures, then the groups ``found``, or the ``error``."""

    dataset: Dataset
    done: int = 0
    total: int = 0
    found: Groups | None = None
    error: Exception | None = None


class NearSearches:
    """The last few searches, by data set as it was then. Safe to use from many threads; one is at work at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._searches: OrderedDict[str, NearSearch] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def begin(self, dataset: Dataset) -> NearSearch:
        """Begin to search ``dataset`` in a thread of its own, or the search that was begun already."""
        with self._lock:
            known = self._searches.get(dataset.id)
            if known is not None and known.error is None:
                return known
            begun = self._searches[dataset.id] = NearSearch(dataset, total=len(dataset.samples))
            while len(self._searches) > KEPT:
                self._searches.popitem(last=False)
        threading.Thread(target=self._work, args=(begun,), name="near-duplicates", daemon=True).start()
        return begun

    def get(self, id: str) -> NearSearch | None:
        """The search of the data set with this ``id``; None where none was begun."""
        with self._lock:
            return self._searches.get(id)

    def _work(self, begun: NearSearch) -> None:
        from resnet_studio.data import near
        from resnet_studio.data.cache import ArrayCache

        dataset = begun.dataset

        def at(step: near.SearchProgress) -> None:
            begun.done, begun.total = step.done, step.total

        try:
            files = [dataset.path(sample) for sample in dataset.samples]
            with self._turn:
                search = near.near_groups(dataset.samples, files, ArrayCache(self._workspace.cache))
                begun.found = result_of(search, at)
        except Exception as error:  # noqa: BLE001 - shown by whoever asks for it
            begun.error = error


def group_rows(opened: EditedSet, dataset: Dataset, found: Groups) -> list[dict[str, Any]]:
    """What a page shows of the groups ``found`` in ``dataset``, those across parts or classes first: the places of the
    first pictures, how many there are, their classes and preset parts.
    """
    places = opened.state.places
    rows: list[dict[str, Any]] = []
    for group in found:
        samples = [dataset.samples[index] for index in group]
        rows.append({
            "places": [places[sample.name] for sample in samples[:MOST_PICTURES] if sample.name in places],
            "count": len(samples),
            "classes": [dataset.classes[label] for label in sorted({sample.label for sample in samples})],
            "parts": [part for part in PARTS if any(sample.part == part for sample in samples)],
        })  # fmt: skip
    rows.sort(key=lambda row: (len(row["parts"]) < 2, len(row["classes"]) < 2, -row["count"]))
    return rows[:MOST_GROUPS]


def leaks(opened: EditedSet, dataset: Dataset, found: Groups) -> tuple[Groups, list[int]]:
    """The groups that lie in several preset parts, copies too, and the places of their pictures outside of training."""
    from resnet_studio.data import near

    groups = near.leaking(dataset, found)
    return groups, [opened.state.places[name] for name in near.outside_training(dataset, groups)]


def split_rows(dataset: Dataset, found: Groups, *, validation: float, test: float) -> list[dict[str, Any]]:
    """For each way to keep pictures together that ``dataset`` has, a :func:`split_row`."""
    from resnet_studio.data import group_tables, groups

    rows = []
    for kind in CHOICES:
        if kind == "auto" and not any(groups.keys_of(dataset, parse(kind))):
            continue  # as near-duplicates alone
        with suppress(DataError):  # it has no such folders or names
            rows.append(split_row(dataset, found, parse(kind), validation=validation, test=test))
    for column in group_tables.own_columns(dataset):
        grouping = Grouping("column", column=column)
        row = split_row(dataset, found, grouping, validation=validation, test=test)
        rows += [row] if row["groups"] else []
    return rows


def split_row(dataset: Dataset, found: Groups, grouping: Grouping, *, validation: float, test: float) -> dict[str, Any]:
    """What keeping pictures together by ``grouping`` comes to: its groups, their pictures, the counts of the parts, and
    how many of its groups lie on several sides all the same, as in preset parts; without any choice, how many groups of
    near-duplicates do.

    Raises :class:`DataError` where ``dataset`` has no such groups.
    """
    from resnet_studio.data import groups, near
    from resnet_studio.data.dataset import split

    alike, keys = near.keys_of(len(dataset.samples), found), groups.keys_of(dataset, grouping)
    joined = keys if grouping.kind == "none" else groups.joined(keys, alike)
    joined = groups.without_whole_classes(dataset.samples, joined)
    shown = groups.preview(dataset, joined)
    cut = split(dataset, validation=validation, test=test, groups=joined)
    counts = {str(part): count for part, count in cut.counts.items()}
    return {
        "by": grouping.kind, "seconds": grouping.seconds, "column": grouping.column,
        "groups": shown.groups, "pictures": shown.pictures, **counts,
        "apart": _apart(dataset, alike if grouping.kind == "none" else joined, cut),
    }  # fmt: skip


def _apart(dataset: Dataset, keys: Sequence[str], cut: Split) -> int:
    """How many groups ``cut`` has on several sides."""
    key_of = {sample.name: key for sample, key in zip(dataset.samples, keys, strict=True) if key}
    sides: dict[str, set[str]] = defaultdict(set)
    for part in cut.counts:
        for sample in getattr(cut, part):
            if key := key_of.get(sample.name):
                sides[key].add(part)
    return sum(len(found) > 1 for found in sides.values())
