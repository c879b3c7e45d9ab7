"""What all open pages show: which runs are active, which wait, and which has changed last.

Pages only read run folders, so that a run started from the command line in the same workspace shows as well. However
many pages ask, the disk is looked at no more than four times a second.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from resnet_studio import acting, belonging, labels
from resnet_studio.acting import Thing, acting_as
from resnet_studio.config import TrainConfig
from resnet_studio.durations import requested_at
from resnet_studio.errors import StudioError
from resnet_studio.run_state import RunState
from resnet_studio.service.folded_runs import Folded
from resnet_studio.service.people import boards
from resnet_studio.service.people.exchange import entries as exchange
from resnet_studio.service.run_data import RunData
from resnet_studio.training import hold
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.training.jobs import Jobs

LOOK_SECONDS = 0.25
LIST_SECONDS = 2.0
QUIET_SECONDS = 900.0
"""A run without an event for so long is not looked at unless someone opened it."""


@dataclass(frozen=True)
class RunSnapshot:
    """One run at an instant. ``place`` is 0 while it is trained, 1 and up while it waits, None otherwise; ``foreign``
    says that another program trains it.
    """

    run: Run
    about: Mapping[str, Any]
    config: TrainConfig
    state: RunState
    size: int
    place: int | None
    foreign: bool = False

    @property
    def name(self) -> str:
        """The run's name, as the user knows it."""
        return labels.shown(self.about, self.run.id)

    @property
    def requested_at(self) -> float | None:
        """When it was requested, seconds since 1970; None for runs of older versions."""
        return requested_at(self.about)

    @property
    def phase(self) -> str:
        """What the page's buttons go by: queued, running, testing, finished, stopped, interrupted or failed."""
        if self.place == 0 and (self.state.preparing or not self.state.ended):
            return "testing" if self.state.testing else "running"
        if self.state.status == "running":
            return "interrupted"
        return "queued" if self.place else self.state.status

    @property
    def planned(self) -> int:
        """How many epochs it is to train, as far as that is decided."""
        return max(1, self.state.planned or self.config.first_epochs or self.config.epochs or 1)


@dataclass(frozen=True)
class RunBoard:
    """All runs at an instant: the ids of active ones (``others`` are trained by other programs) and of those that wait,
    and the one that has changed last; ``recent`` are all, those that changed last first; ``hold`` is there while
    training is switched off; ``scores`` is another number when a leaderboard or the exchange has changed.
    """

    version: int = 0
    running: tuple[str, ...] = ()
    queued: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    latest: str | None = None
    recent: tuple[str, ...] = ()
    hold: hold.Hold | None = None
    scores: int = 0

    def place(self, run_id: str) -> int | None:
        """See :attr:`RunSnapshot.place`."""
        if run_id in self.running:
            return 0
        return self.queued.index(run_id) + 1 if run_id in self.queued else None


class RunWatch:
    """Reads the runs of a workspace for all pages together; safe to use from several threads."""

    def __init__(self, workspace: Workspace, jobs: Jobs, data: RunData | None = None) -> None:
        self._runs = workspace.root / "runs"
        self._workspace = workspace
        self._jobs = jobs
        self._lock = Lock()
        self._data = data or RunData(workspace)
        self._sizes: dict[str, tuple[int, float]] = {}
        self._held: dict[str, tuple[float, bool]] = {}
        self._labelled: dict[str, tuple[int, bool]] = {}
        self._listed = self._looked = -10.0
        self._signature: object = None
        self._board = RunBoard()
        self._active: tuple[int, list[tuple[RunSnapshot, Thing]]] = (-1, [])
        self._folding = Lock()

    @property
    def due(self) -> bool:
        """Whether it is time to look at the disk again."""
        return time.monotonic() - self._looked >= LOOK_SECONDS

    @property
    def known(self) -> RunBoard:
        """The board as of the last check."""
        return self._board

    def board(self) -> RunBoard:
        """The active and waiting runs; its version rises when anything about any recent run has changed."""
        with self._lock, acting_as(None):  # for everybody at once
            if self.due:
                self._look(time.monotonic())
                self._looked = time.monotonic()
            return self._board

    def snapshot(self, run_id: str) -> RunSnapshot | None:
        """The run called ``run_id`` as it is now; None where there is none that can be read."""
        board = self.board()
        with acting_as(None):
            folded = self._fold(run_id)
        if folded is None or not belonging.sees_run(folded.run.folder, folded.settings.about):
            return None
        run = folded.run
        place, foreign, state = board.place(run_id), run_id in board.others, folded.state
        if place is None and state.status == "running" and self._is_held(run, time.monotonic()):
            place, foreign = 0, True
        if not state.last_number and place is None:
            state = run.mark_interrupted(state)  # a part of a study whose program died before its turn
        about, config = folded.settings.about, folded.settings.resolved
        return RunSnapshot(run, about, config, state, folded.size, place, foreign)

    def active(self) -> list[tuple[RunSnapshot, Thing]]:
        """The runs at work and those that wait, with whose they are, of everybody: read once for all pages each time
        that something has changed, as a class has thirty pages that look at a queue of thirty.
        """
        board = self.board()
        with self._folding:
            if self._active[0] != board.version:
                with acting_as(None):
                    names = (*board.running, *board.queued)
                    seen = [each for name in names if (each := self.snapshot(name)) is not None]
                self._active = board.version, [(each, belonging.of_run(each.run.folder, each.about)) for each in seen]
            return self._active[1]

    def latest(self) -> str:
        """The run that has changed last, of those that whoever acts here may see; empty where there is none."""
        board = self.board()
        if acting.actor() is None:
            return board.latest or ""
        return next((name for name in board.recent if self.snapshot(name)), "")

    def _look(self, now: float) -> None:
        if now - self._listed >= LIST_SECONDS:
            self._listed = now
            names = list(_names(self._runs))
        else:
            names = [name for name, (_, changed) in self._sizes.items() if time.time() - changed < QUIET_SECONDS]
            names += [name for name in (*self._jobs.queued(), *self._jobs.running()) if name not in self._sizes]
        fresh = {name: known for name in names if (known := _size_of(self._runs / name)) is not None}
        gone = [name for name in self._sizes if name in names and name not in fresh]
        self._sizes = {name: known for name, known in self._sizes.items() if name not in gone} | fresh
        if self._listed == now:
            self._labelled = {name: _marks(self._runs / name) for name in fresh}
            self._sizes = {name: known for name, known in self._sizes.items() if name in fresh}
        self._judge(now)

    def _judge(self, now: float) -> None:
        """Update the active runs: those of our own queue, and those with a recent log that another program holds."""
        queued, own = self._jobs.queued(), self._jobs.running()  # in this order none is missed on its way between
        queued = [name for name in queued if name not in own]
        recent = [name for name, (_, changed) in self._sizes.items() if time.time() - changed < QUIET_SECONDS]
        others = [
            name for name in sorted(recent) if name not in own and name not in queued and self._at_work(name, now)
        ]
        running = (*own, *others)
        newest_first = sorted(self._sizes, key=lambda name: (self._sizes[name][1], name), reverse=True)
        latest = next((name for name in newest_first if self._fold(name)), None)
        sizes, labelled = sorted((n, s[0]) for n, s in self._sizes.items()), sorted(self._labelled.items())
        root = self._workspace.root
        held, scores = hold.held(root), boards.stamp(root) + exchange.stamp(root)
        signature = (running, tuple(queued), latest, tuple(sizes), tuple(labelled), held, scores)
        if signature != self._signature:
            self._signature = signature
            self._board = RunBoard(
                self._board.version + 1,
                running,
                tuple(queued),
                tuple(others),
                latest,
                tuple(newest_first),
                held,
                scores,
            )

    def _at_work(self, name: str, now: float) -> bool:
        folded = self._fold(name)
        if folded is None or (folded.state.ended and not folded.state.preparing):
            return False
        return self._is_held(Run(self._runs / name), now)

    def _is_held(self, run: Run, now: float) -> bool:
        """:meth:`Run.held`, checked at most every two seconds."""
        checked_at, held = self._held.get(run.id, (-10.0, False))
        if now - checked_at >= LIST_SECONDS:
            held = run.held()
            self._held[run.id] = (now, held)
        return held

    def _fold(self, name: str) -> Folded | None:
        """The run as it is now; None where there is no such run or it cannot be read."""
        try:
            return self._data.folded(self._workspace.run(name))
        except StudioError:
            return None


def _names(folder: Path) -> Iterable[str]:
    """The folders that are runs."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if (folder / entry.name / "config.json").is_file():
            yield entry.name


def _marks(folder: Path) -> tuple[int, bool]:
    """What changes when the run in ``folder`` is renamed or handed out."""
    return labels.stamp(folder), belonging.is_shared(folder)


def _size_of(folder: Path) -> tuple[int, float] | None:
    """Size and time of the log in ``folder``; of its settings where it has no log yet."""
    try:
        found = os.stat(folder / "events.jsonl")  # noqa: PTH116 - called often, and Path is slower
        return found.st_size, found.st_mtime
    except OSError:
        pass
    try:
        return 0, os.stat(folder / "config.json").st_mtime  # noqa: PTH116 - as above
    except OSError:
        return None
