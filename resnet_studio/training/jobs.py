"""Who trains when: one background thread takes queued runs in turn; a run's folder holds all that it leaves behind."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filelock import Timeout

from resnet_studio.durable import is_disk_full
from resnet_studio.errors import RunError, StudioError
from resnet_studio.events import Event, Failed, Interrupted, Preparing, Progress, Queued
from resnet_studio.training.control import Control

if TYPE_CHECKING:
    from resnet_studio.workspace import Run, Workspace

logger = logging.getLogger(__name__)


def drive(run: Run, control: Control, told: Callable[[Event], None] | None = None) -> Event:
    """Train ``run`` in this thread and append what happens to its log; returns the event that it ended with.

    ``told`` hears every event too. Raises :class:`RunError` where someone else trains the run at this moment.
    """
    lock = run.lock()
    try:
        lock.acquire(timeout=2)
    except Timeout as error:
        raise RunError("error.run.busy", run=run.id) from error
    try:
        record = run.recorder()
        last: Event = Interrupted()
        for event in _events(run, control):
            last = record(event, durable=not isinstance(event, (Progress, Preparing)))
            if told is not None:
                told(last)
        return last
    finally:
        lock.release()


def _events(run: Run, control: Control) -> Iterator[Event]:
    """What the loop yields; an error becomes the event that says so."""
    from resnet_studio.training.loop import train

    try:
        yield from train(run, control)
    except StudioError as error:
        yield Failed(key=error.key, values=error.values)
    except OSError as error:
        key = "error.disk_full" if is_disk_full(error) else "error.unexpected"
        yield Failed(key=key, values={"kind": type(error).__name__}, detail=traceback.format_exc())
    except Exception as error:  # the outer boundary of a training: whatever it was, the log says so
        logger.exception("training %s failed", run.id)
        yield Failed(key="error.unexpected", values={"kind": type(error).__name__}, detail=traceback.format_exc())


@dataclass
class _Job:
    run: Run
    control: Control = field(default_factory=Control)


class Jobs:
    """A queue of runs and the one thread that trains them, started with the first run.

    One thread is one training at a time: on a machine with one device, two would only slow each other down.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []
        self._current: _Job | None = None
        self._closing = False
        self._thread: threading.Thread | None = None

    def submit(self, run: Run) -> None:
        """Put ``run`` at the end of the queue. Does nothing where it is in the queue already."""
        with self._changed:
            if self._closing or self._find(run.id):
                return
            run.append(Queued())
            self._waiting.append(_Job(run))
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="training", daemon=True)
                self._thread.start()

    def resume(self, run_id: str) -> None:
        """Put an interrupted, stopped or failed run into the queue again.

        Raises :class:`RunError` where there is none of that name or where it has trained all its epochs.
        """
        run = self._workspace.run(run_id)
        check_resumable(run)
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
        """Pause the run being trained, keep it and all waiting ones for resuming, and end the thread."""
        with self._changed:
            self._closing = True
            for job in self._waiting:
                job.run.append(Interrupted())
            self._waiting.clear()
            if self._current is not None:
                self._current.control.pause()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)

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


def recover(workspace: Workspace) -> list[Run]:
    """Mark runs that waited in a queue when their server died as interrupted; returns all that can be resumed."""
    offered = []
    for run in workspace.runs():
        status = run.state().status
        if status == "queued":
            run.append(Interrupted())
        if status in ("queued", "interrupted"):
            offered.append(run)
    return offered
