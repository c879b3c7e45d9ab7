"""What a teacher sees of a class: who is here, what each trains, how far it is, and what it takes on the disk."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from resnet_studio import belonging
from resnet_studio.data import editing, library
from resnet_studio.errors import RunError
from resnet_studio.predicting.jobs import Jobs as Predictions
from resnet_studio.service.people.rules import Person
from resnet_studio.service.people.store import People
from resnet_studio.service.run_data import Overview, RunData
from resnet_studio.upkeep.bin import size_of
from resnet_studio.workspace import Workspace

FRESH_SECONDS = 20.0
WORKING = ("running", "queued")


@dataclass(frozen=True)
class Holding:
    """A data set or a model that somebody has: its ``kind``, ``id`` and ``name``, and how many bytes it takes."""

    kind: str
    id: str
    name: str
    bytes: int
    shared: bool


@dataclass(frozen=True)
class Pupil:
    """One person: when ``seen`` last (seconds since 1970, None for never), their ``runs``, the newest first, data sets
    and models, and the ``bytes`` of all that on the disk.
    """

    person: Person
    seen: float | None
    runs: tuple[Overview, ...]
    holdings: tuple[Holding, ...]
    bytes: int

    @property
    def shown(self) -> Overview | None:
        """The run that says how far they are: one being trained, else the newest."""
        working = (run for run in self.runs if run.state.status == "running")
        return next(working, next((run for run in self.runs if run.state.epochs), next(iter(self.runs), None)))

    @property
    def curve(self) -> tuple[float, ...]:
        """The validation accuracy of :attr:`shown`, epoch by epoch, from its log."""
        return tuple(epoch.validation_accuracy for epoch in self.shown.state.epochs) if self.shown else ()


@dataclass(frozen=True)
class Lesson:
    """The whole class at a moment: everybody, what is trained and what waits in the order of its turns."""

    pupils: tuple[Pupil, ...]
    running: tuple[Overview, ...]
    queued: tuple[Overview, ...]
    bytes: int


class Lessons:
    """Looks at a class for all teachers together; the disk is measured at most every 20 seconds."""

    def __init__(self, workspace: Workspace, people: People, runs: RunData) -> None:
        self._workspace, self._people, self._runs = workspace, people, runs
        self._lock = threading.Lock()
        self._measured: tuple[float, Mapping[str, tuple[Holding, ...]], Mapping[str, int], int] | None = None

    def look(self, queued: tuple[str, ...] = ()) -> Lesson:
        """The class now; ``queued`` are the runs that wait, in their order."""
        holdings, sizes, everything = self._disk()
        runs = self._runs.overviews()
        of: dict[str, list[Overview]] = defaultdict(list)
        for run in runs:
            for owner in belonging.of_run(run.run.folder, run.about).owners:
                of[owner].append(run)
        by_id = {run.run.id: run for run in runs}
        waiting = [by_id[name] for name in queued if name in by_id]
        waiting += [run for run in runs if run.state.status == "queued" and run not in waiting]
        seen = self._people.last_seen()
        pupils = tuple(
            Pupil(each, seen.get(each.id), tuple(of.get(each.id, ())), holdings.get(each.id, ()), sizes.get(each.id, 0))
            for each in self._people.all()
        )
        running = tuple(run for run in runs if run.state.status == "running")
        return Lesson(pupils, running, tuple(run for run in waiting if run not in running), everything)

    def forget(self) -> None:
        """Measure the disk anew: something was removed."""
        with self._lock:
            self._measured = None

    def _disk(self) -> tuple[Mapping[str, tuple[Holding, ...]], Mapping[str, int], int]:
        with self._lock:
            if self._measured is None or time.monotonic() - self._measured[0] > FRESH_SECONDS:
                self._measured = (time.monotonic(), *measured(self._workspace))
            return self._measured[1:]


def measured(workspace: Workspace) -> tuple[dict[str, tuple[Holding, ...]], dict[str, int], int]:
    """By person the data sets and models, by person the bytes, and the bytes of the whole workspace."""
    holdings: dict[str, list[Holding]] = defaultdict(list)
    sizes: dict[str, int] = defaultdict(int)
    for item in library.list_datasets(workspace):
        folder = workspace.datasets / editing.base_of(item.id)
        thing, size = belonging.of_dataset(folder), size_of(folder)
        for owner in thing.owners:
            holdings[owner].append(Holding("dataset", folder.name, item.name, size, thing.shared))
            sizes[owner] += size
    for file in sorted(workspace.imports.glob("[!.]*")):
        thing = belonging.of_file("model", file)
        for owner in thing.owners:
            holdings[owner].append(Holding("model", file.name, file.name, file.stat().st_size, thing.shared))
            sizes[owner] += file.stat().st_size
    for run in workspace.runs():
        for owner in belonging.of_run(run.folder).owners:
            sizes[owner] += size_of(run.folder)
    for job in Predictions(workspace).all():
        with suppress(RunError):
            for owner in belonging.of_job(job.id, job.request.started_by).owners:
                sizes[owner] += size_of(job.folder)
    return {owner: tuple(found) for owner, found in holdings.items()}, dict(sizes), size_of(workspace.root)
