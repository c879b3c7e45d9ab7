"""A cache of the data sets that pages show."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from resnet_studio import belonging
from resnet_studio.data import editing, names
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.data.checkup import Finding
    from resnet_studio.data.dataset import Dataset

MOST_CACHED = 4
NEAR_KINDS = ("near_duplicate", "conflict", "leak")


@dataclass(frozen=True)
class _CachedDataset:
    dataset: Dataset
    findings: tuple[Finding, ...]
    order: tuple[int, ...]


class DatasetCache:
    """The last few data sets and what was found in them. Safe to use from many threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._cached: OrderedDict[str, _CachedDataset] = OrderedDict()
        self._lock = threading.Lock()
        self.in_memory: Callable[[str], Dataset | None] = lambda _: None
        """Gives a data set that is known without being read."""

    def dataset(self, name: str) -> Dataset:
        """The data set with id ``name``. Raises :class:`DataError` where there is none."""
        return self._get(name).dataset

    def findings(self, name: str) -> tuple[Finding, ...]:
        """What is worth knowing about the pictures of ``name``; near-duplicates once they were looked for."""
        from resnet_studio.data import near
        from resnet_studio.data.cache import ArrayCache

        cached = self._get(name)
        groups = near.known_groups(cached.dataset.samples, ArrayCache(self._workspace.cache))
        return *cached.findings, *near.summary(cached.dataset, groups)

    def names_with(self, name: str, kind: str) -> frozenset[str]:
        """The names of the pictures of ``name`` with a finding of this ``kind``, near-duplicates too."""
        own = self._get(name).findings
        found = self.findings(name) if kind in NEAR_KINDS else own
        return frozenset(picture for finding in found if finding.kind == kind for picture in finding.files)

    def pictures(self, name: str, *, label: int | None = None, part: str | None = None) -> list[int]:
        """Indices of the pictures of ``name``, or of one class or one preset part, the classes taking turns."""
        cached = self._get(name)
        samples = cached.dataset.samples
        return [
            index
            for index in cached.order
            if (label is None or samples[index].label == label) and (part is None or samples[index].part == part)
        ]

    def invalidate(self, name: str) -> None:
        """Read ``name`` again the next time."""
        with self._lock:
            self._cached.pop(name, None)

    def _get(self, name: str) -> _CachedDataset:
        if not belonging.sees_dataset(self._workspace.datasets / editing.base_of(name)):
            raise DataError("error.data.unknown", dataset=names.shown(name))
        with self._lock:
            if name not in self._cached:
                self._cached[name] = self._read(name)
                while len(self._cached) > MOST_CACHED:
                    self._cached.popitem(last=False)
            self._cached.move_to_end(name)
            return self._cached[name]

    def _read(self, name: str) -> _CachedDataset:
        from resnet_studio.data import checkup, library

        dataset = self.in_memory(name) or library.find_dataset(self._workspace, name)
        return _CachedDataset(dataset, checkup.inspect(dataset), _interleave_classes(dataset))


def _interleave_classes(dataset: Dataset) -> tuple[int, ...]:
    """Indices of the pictures so that the first of every class come first, then the second ones, and so on."""
    classes: dict[int, list[int]] = defaultdict(list)
    for index, sample in enumerate(dataset.samples):
        classes[sample.label].append(index)
    rounds = zip_longest(*(classes[label] for label in sorted(classes)))
    return tuple(index for index in chain.from_iterable(rounds) if index is not None)
