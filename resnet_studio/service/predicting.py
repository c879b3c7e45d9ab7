"""Prediction jobs of this server: one at a time in a thread of their own, in the order in which they were asked for."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio import space
from resnet_studio.belonging import PERSON
from resnet_studio.errors import RunError, StudioError
from resnet_studio.predicting.engine import Answer, Answering, carry_out
from resnet_studio.predicting.jobs import Job, Jobs, Request, Status
from resnet_studio.predicting.rows import Index
from resnet_studio.service.answering import answering
from resnet_studio.service.predictors import Predictors
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.prediction import Prediction

REMEMBERED = 16
BROWSER = "browser:"


@dataclass(frozen=True)
class State:
    """What a job does: ``done`` of ``total`` pictures, None while they are looked up; ``rate`` in pictures a second."""

    status: Status
    done: int
    total: int | None
    error: StudioError | None = None
    rate: float | None = None


class PredictionJobs:
    """Begins jobs, goes on with those that a killed server left, and reads their answers. Safe to use from threads.

    ``timed`` gives a context for each batch of answers, by kind and number of pictures.
    """

    def __init__(
        self,
        workspace: Workspace,
        predictors: Predictors,
        timed: Callable[[str, int], AbstractContextManager[None]] = lambda _, __: nullcontext(),
    ) -> None:
        self._timed = timed
        self.jobs = Jobs(workspace)
        self._workspace, self._predictors = workspace, predictors
        self._queue: deque[Job] = deque()
        self._changed = threading.Condition()
        self._current: Job | None = None
        self._worker: threading.Thread | None = None
        self._closed = False
        self._indices: OrderedDict[str, tuple[Index, threading.Lock, int | None]] = OrderedDict()
        self._speed: dict[str, tuple[float, int]] = {}

    def begin(self, request: Request, uploads: Sequence[tuple[str, Path]] = ()) -> Job:
        """A new job, which waits for its turn. Raises :class:`StudioError` where the disk has no room for more."""
        space.check_room(self._workspace.root)
        job = self.jobs.new(request, uploads)
        self._submit(job)
        return job

    def adopt(self) -> None:
        """Go on with what pages of an earlier server asked for, unless it was stopped, is done or in other hands."""
        for job in reversed(self.jobs.all()):
            with suppress(RunError):
                if job.request.started_by.startswith((BROWSER, PERSON)) and self.state(job).status == "waiting":
                    self._submit(job)

    def resume(self, job: Job) -> None:
        """Go on with ``job`` where it was."""
        if self.state(job).status in ("waiting", "stopped", "failed"):
            job.ready()
            self._submit(job)

    def stop(self, job: Job) -> None:
        """End ``job`` after the pictures at work; its answers are kept."""
        job.stop()

    def delete(self, job: Job) -> None:
        """Remove ``job`` for good; waits for the pictures at work."""
        job.stop()
        with self._changed:
            if job in self._queue:
                self._queue.remove(job)
            self._changed.wait_for(lambda: self._current != job, timeout=60)
        self.jobs.delete(job)
        self._indices.pop(job.id, None)

    def state(self, job: Job) -> State:
        """What ``job`` does at this moment."""
        index, total = self.index(job)
        since = self._speed.get(job.id)
        spent = time.monotonic() - since[0] if since else 0.0
        rate = (len(index) - since[1]) / spent if since and spent > 0.5 and len(index) > since[1] else None
        status = job.status(len(index), total)
        return State(status, len(index), total, job.error if status == "failed" else None, rate)

    def index(self, job: Job) -> tuple[Index, int | None]:
        """The answers of ``job`` so far, and how many pictures it has; None while they are looked up."""
        index, lock, _ = self._indices.setdefault(job.id, (Index(job.rows_file), threading.Lock(), None))
        with lock:
            index.update()
            total = self._indices.get(job.id, (index, lock, None))[2]
            if total is None and job.pictures_file.is_file():
                total = len(job.pictures())
            self._indices[job.id] = (index, lock, total)
        self._indices.move_to_end(job.id)
        while len(self._indices) > REMEMBERED:
            self._indices.popitem(last=False)
        return index, total

    def close(self, seconds: float = 5.0) -> None:
        """End the work after the pictures at work; the next server goes on with it."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            self._changed.notify_all()
        if self._worker is not None:
            self._worker.join(seconds)

    def _submit(self, job: Job) -> None:
        with self._changed:
            if self._closed or job in self._queue or job == self._current:
                return
            self._queue.append(job)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="predictions", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if self._closed:
                    return
                self._current = self._queue.popleft()
            try:
                self._carry_out(self._current)
            except StudioError:
                pass  # the job has written it down
            except Exception:
                logging.getLogger(__name__).exception("predictions of %s failed", self._current.id)
                with suppress(OSError):
                    self._current.fail(StudioError("error.predictions.failed"))
            finally:
                with self._changed:
                    self._current = None
                    self._changed.notify_all()

    def _answer(self, answer: Answer, pictures: Sequence[Path]) -> Sequence[Prediction | StudioError]:
        with self._timed("many", len(pictures)):
            return answer(pictures)

    def _carry_out(self, job: Job) -> None:
        def tool() -> Answering:
            found = answering(
                job.request.models, self._workspace, self._predictors.of, drawings=job.request.drawings,
                thresholds=job.request.thresholds,
            )  # fmt: skip
            return replace(found, answer=partial(self._answer, found.answer))

        steps = carry_out(job, tool)
        try:
            for step in steps:
                if step.total:
                    self._speed.setdefault(job.id, (time.monotonic(), step.done))
                if self._closed:
                    return
        finally:
            steps.close()
            self._speed.pop(job.id, None)
