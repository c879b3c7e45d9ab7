"""Who trains when: one background thread takes queued runs in turn; a run's folder holds all that it leaves behind."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filelock import Timeout

from resnet_studio import owners
from resnet_studio.durable import disk_trouble
from resnet_studio.durations import STARTING_UP
from resnet_studio.errors import RunError, StudioError
from resnet_studio.events import Event, Failed, Interrupted, Preparing, Progress, Queued
from resnet_studio.locks import Lock
from resnet_studio.training.control import Control
from resnet_studio.workspace import slug

if TYPE_CHECKING:
    from resnet_studio.workspace import Run, Workspace

PAUSING = frozenset(
    {
        "error.disk_full",
        "error.data.disk_full",
        "error.disk.read_only",
        "error.disk.broken",
        "error.disk.read_only_somewhere",
        "error.disk.broken_somewhere",
    }
)
"""After these a run is not over: once the disk is in order again, it can be resumed."""
MOST_WAITING = 50
LEAST_FREE, LOOK_SECONDS = 64 * 2**20, 5.0
logger = logging.getLogger(__name__)


def drive(run: Run, control: Control, told: Callable[[Event], None] | None = None) -> Event:
    """Train ``run`` in this thread and append what happens to its log; returns the event that it ended with.

    ``told`` hears every event too. Raises :class:`RunError` where someone else trains the run at this moment, and
    :class:`StudioError` where the disk is so full that not even its end can be written down.
    """
    lock = run.lock()
    try:
        lock.acquire(timeout=2)
    except Timeout as error:
        raise RunError("error.run.busy", run=run.id) from error
    except OSError as error:
        raise disk_trouble(error, run.folder) or error from error
    try:
        run.keep_reserve()
        record = run.recorder()
        last: Event = Interrupted()
        try:
            for event in _events(run, control):
                last = record(event, durable=not isinstance(event, (Progress, Preparing)))
                if told is not None:
                    told(last)
        except StudioError as error:  # the log itself cannot be written
            run.give_up_reserve()
            last = record(Interrupted(key=error.key, values=error.values))
            if told is not None:
                told(last)
        return last
    finally:
        run.give_up_reserve()
        lock.release()


def _events(run: Run, control: Control) -> Iterator[Event]:
    """What the loop yields; an error becomes the event that says so."""
    yield Preparing(stage=STARTING_UP, done=0, total=1)  # importing torch alone takes seconds
    from resnet_studio.training.loop import train

    try:
        yield from train(run, control)
    except StudioError as error:
        if error.key in PAUSING:
            yield Interrupted(key=error.key, values=error.values)
        else:
            yield Failed(key=error.key, values=error.values)
    except Exception as error:  # the outer boundary of a training: whatever it was, the log says so
        if (said := disk_trouble(error, run.folder)) is not None:
            yield Interrupted(key=said.key, values=said.values)
            return
        logger.exception("training %s failed", run.id)
        yield Failed(key="error.unexpected", values={"kind": type(error).__name__}, detail=traceback.format_exc())


@dataclass
class _Job:
    run: Run
    control: Control = field(default_factory=Control)


class Jobs:
    """A queue of runs and the one thread that trains them, started with the first run.

    One thread is one training at a time: on a machine with one device, two would only slow each other down. Which runs
    wait, for which program and at which place, stands in their logs: the next program takes over what this one leaves.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []
        self._current: _Job | None = None
        self._closing = False
        self._thread: threading.Thread | None = None
        self._places = 0
        self._name = f"{owners.this_process()}-{secrets.token_hex(4)}"
        self._presence: Lock | None = None

    def submit(self, run: Run) -> None:
        """Put ``run`` at the end of the queue. Does nothing where it is in the queue already."""
        with self._changed:
            if self._closing or self._find(run.id):
                return
            self._appear()
            self._places += 1
            run.append(Queued(owner=self._name, place=self._places))
            self._waiting.append(_Job(run))
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="training", daemon=True)
                self._thread.start()

    def check_room(self) -> None:
        """Raise :class:`RunError` where so many runs wait that no more are taken."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                raise RunError("error.run.queue_full", most=MOST_WAITING)

    def adopt(self) -> list[Run]:
        """Take over the runs that wait for a program that has ended, in the order in which they wait; returns them."""
        with Lock(self._workspace.root / "runs" / ".queue"):
            left = left_waiting(self._workspace)
            for run in left:
                self.submit(run)
        return left

    def resume(self, run_id: str) -> None:
        """Put an interrupted, stopped or failed run into the queue again.

        Raises :class:`RunError` where there is none of that name or where it has trained all its epochs.
        """
        run = self._workspace.run(run_id)
        check_resumable(run)
        if self.place(run.id) is None:
            self.check_room()
        self.submit(run)

    def stop(self, run_id: str) -> None:
        """Stop the run and keep its best model; one that still waits leaves the queue. Twice does no more than once."""
        with self._changed:
            job = self._find(run_id)
            if job is None:
                return
            if job is self._current:
                job.control.stop()
            else:
                self._waiting.remove(job)
                job.run.append(Interrupted())

    def place(self, run_id: str) -> int | None:
        """0 for the run being trained, 1 for the next, and so on; None for one that is not in the queue."""
        with self._changed:
            if self._current is not None and self._current.run.id == run_id:
                return 0
            ids = [job.run.id for job in self._waiting]
            return ids.index(run_id) + 1 if run_id in ids else None

    def running(self) -> list[str]:
        """The runs being trained."""
        with self._changed:
            return [] if self._current is None else [self._current.run.id]

    def queued(self) -> list[str]:
        """The runs that wait, the next first."""
        with self._changed:
            return [job.run.id for job in self._waiting]

    def close(self, timeout: float = 30.0) -> None:
        """Pause the run being trained, keep it for resuming, and end; what waits is left for the next program."""
        with self._changed:
            self._closing = True
            self._waiting.clear()
            if self._current is not None:
                self._current.control.pause()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
        if self._presence is not None:
            self._presence.release()
            self._presence.path.unlink(missing_ok=True)

    def _appear(self) -> None:
        """Show other programs that this one lives, for as long as it has a queue."""
        if self._presence is None:
            here = presence(self._workspace, self._name)
            here.path.parent.mkdir(exist_ok=True)
            self._presence = here.acquire(timeout=2)

    def _has_space(self) -> bool:
        """Whether a training could save anything; while it could not, the queue waits."""
        try:
            return shutil.disk_usage(self._workspace.root).free >= LEAST_FREE
        except OSError:
            return True

    def _find(self, run_id: str) -> _Job | None:
        jobs = [*([self._current] if self._current else []), *self._waiting]
        return next((job for job in jobs if job.run.id == run_id), None)

    def _work(self) -> None:
        from resnet_studio.training.hardware import lower_priority

        lower_priority()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if self._closing:
                    return
                if not self._has_space():
                    self._changed.wait(LOOK_SECONDS)
                    continue
                self._current = self._waiting.pop(0)
            try:
                drive(self._current.run, self._current.control)
            except Exception:  # the thread must outlive any one run
                logger.exception("run %s could not be trained", self._current.run.id)
            finally:
                with self._changed:
                    self._current = None


def check_resumable(run: Run) -> None:
    """Raise :class:`RunError` where there is nothing left to train in ``run``, or someone trains it now."""
    if run.held():
        raise RunError("error.run.busy", run=run.id)
    if run.state().status == "finished":
        raise RunError("error.run.complete", run=run.id)


def left_waiting(workspace: Workspace) -> list[Run]:
    """The runs that wait for a program that has ended, the next first."""
    found = []
    present: dict[str, bool] = {}
    for run in workspace.runs():
        try:
            state = run.state()
        except RunError:  # damaged: the page says so
            continue
        if state.status != "queued" or state.queued is None:
            continue
        owner = state.queued.owner
        if owner not in present:
            present[owner] = bool(owner) and presence(workspace, owner).held()
        if not present[owner]:
            found.append((state.queued.place, state.queued.time, run.id, run))
    return [run for *_, run in sorted(found, key=lambda each: each[:3])]


def presence(workspace: Workspace, owner: str) -> Lock:
    """The lock that the program ``owner`` holds for as long as it has a queue."""
    return Lock(workspace.root / "runs" / ".programs" / slug(owner))
