"""Prediction jobs of this server: one at a time in a thread of their own; people take turns, within large ones too."""

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
from resnet_studio.acting import Actor, acting_as
from resnet_studio.belonging import PERSON
from resnet_studio.errors import RunError, StudioError
from resnet_studio.limits import LimitError
from resnet_studio.predicting.engine import Answer, Answering, carry_out
from resnet_studio.predicting.jobs import Job, Jobs, Request, Status
from resnet_studio.predicting.rows import Index
from resnet_studio.service.answering import answering, check_models
from resnet_studio.service.predictors import Predictors
from resnet_studio.training.turns import Turns
from resnet_studio.upkeep.bin import Bin, Binned
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.prediction import Prediction

REMEMBERED = 16
BROWSER = "browser:"
TURN_SECONDS = 5.0
"""How long a job goes on while others wait; to go on with it later takes a look at its pictures again."""
BEFORE_WORK = 2
"""Steps of :func:`carry_out` before a batch is answered: each turn has one at least."""


@dataclass(frozen=True)
class JobState:
    """What a job does: ``done`` of ``total`` pictures, None while they are looked up; ``rate`` in pictures a second."""

    status: Status
    done: int
    total: int | None
    error: StudioError | None = None
    rate: float | None = None


class PredictionJobs:
    """Begins jobs, goes on with those that a killed server left, and reads their answers. Safe to use from threads.

    ``timed`` gives a context for each batch of answers, by kind and number of pictures. People take turns, and a job
    that is long at work makes room for those of others between two batches; one person has at most ``each`` that wait
    or are at work, 0 is no limit, and ``met`` is called with the name of a limit that was met.
    ``acts`` gives who acts for whoever has started a job: they may lose a model that was shared while it waits.
    """

    def __init__(
        self,
        workspace: Workspace,
        predictors: Predictors,
        timed: Callable[[str, int], AbstractContextManager[None]] = lambda _, __: nullcontext(),
        *,
        each: int = 0,
        met: Callable[[str], None] = lambda _: None,
        acts: Callable[[str], Actor | None] = lambda _: None,
    ) -> None:
        self._timed, self._each, self._met, self._acts = timed, each, met, acts
        self._turns: Turns[Job] = Turns(_begun_by)
        self.jobs = Jobs(workspace)
        self._workspace, self._predictors = workspace, predictors
        self._queue: deque[Job] = deque()
        self._changed, self._beginning = threading.Condition(), threading.Lock()
        self._current: Job | None = None
        self._worker: threading.Thread | None = None
        self._closed = False
        self._indices: OrderedDict[str, tuple[Index, threading.Lock, int | None]] = OrderedDict()
        self._speed: dict[str, tuple[float, int]] = {}

    def begin(self, request: Request, uploads: Sequence[tuple[str, Path]] = ()) -> Job:
        """A new job, which waits for its turn. Raises :class:`StudioError` where the disk has no room for more."""
        space.check_room(self._workspace.root)
        with self._beginning:
            self._check_each(request.started_by)
            job = self.jobs.new(request, uploads)
            self._submit(job)
        return job

    def _check_each(self, by: str) -> None:
        with self._changed:
            going = [*self._queue, *([self._current] if self._current else [])]
        if by and self._each and sum(_begun_by(job) == by for job in going) >= self._each:
            self._met("predictions_each")
            raise LimitError("predictions_each", "error.limits.predictions_each", most=self._each)

    def adopt(self) -> None:
        """Go on with what pages of an earlier server asked for, unless it was stopped, is done or in other hands."""
        for job in reversed(self.jobs.all()):
            with suppress(RunError):
                if job.request.started_by.startswith((BROWSER, PERSON)) and self.state(job).status == "waiting":
                    self._submit(job)

    def resume(self, job: Job) -> None:
        """Go on with ``job`` where it was."""
        with self._beginning:
            if self.state(job).status in ("waiting", "stopped", "failed"):
                if job not in self._queue:
                    self._check_each(_begun_by(job))
                job.ready()
                self._submit(job)

    def stop(self, job: Job) -> None:
        """End ``job`` after the pictures at work; its answers are kept."""
        job.stop()

    def delete(self, job: Job, by: str = "program") -> Binned:
        """Move ``job`` into the bin, in the name of ``by``; waits for the pictures at work."""
        job.stop()
        with self._changed:
            if job in self._queue:
                self._queue.remove(job)
            self._changed.wait_for(lambda: self._current != job, timeout=60)
        binned = Bin(self._workspace).put_prediction(job, by)
        self._indices.pop(job.id, None)
        return binned

    def state(self, job: Job) -> JobState:
        """What ``job`` does at this moment."""
        index, total = self.index(job)
        since = self._speed.get(job.id)
        spent = time.monotonic() - since[0] if since else 0.0
        rate = (len(index) - since[1]) / spent if since and spent > 0.5 and len(index) > since[1] else None
        status = job.status(len(index), total)
        return JobState(status, len(index), total, job.error if status == "failed" else None, rate)

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
                self._current = self._turns.order(self._queue)[0]
                self._queue.remove(self._current)
                self._turns.took(self._current)
            unfinished = False
            try:
                unfinished = self._carry_out(self._current)
            except StudioError:
                pass  # the job has written it down
            except Exception:
                logging.getLogger(__name__).exception("predictions of %s failed", self._current.id)
                with suppress(OSError):
                    self._current.fail(StudioError("error.predictions.failed"))
            finally:
                with self._changed:
                    if unfinished and not self._closed and not self._current.stopped:
                        self._queue.append(self._current)
                    self._current = None
                    self._changed.notify_all()

    def _answer(self, job: Job, answer: Answer, pictures: Sequence[Path]) -> Sequence[Prediction | StudioError]:
        self._check_models(job)
        with self._timed("many", len(pictures)):
            return answer(pictures)

    def _check_models(self, job: Job) -> None:
        """Raise :class:`StudioError` where whoever has started ``job`` may not use its models any more."""
        with acting_as(self._acts(job.request.started_by)):
            check_models(job.request.models, self._workspace)

    def _carry_out(self, job: Job) -> bool:
        """Work on ``job`` until it is done or stopped, or its turn is over, which is true then."""

        def tool() -> Answering:
            self._check_models(job)
            found = answering(
                job.request.models, self._workspace, self._predictors.of, drawings=job.request.drawings,
                thresholds=job.request.thresholds,
            )  # fmt: skip
            return replace(found, answer=partial(self._answer, job, found.answer))

        steps, begun = carry_out(job, tool), time.monotonic()
        try:
            for number, step in enumerate(steps):
                if step.total:
                    self._speed.setdefault(job.id, (time.monotonic(), step.done))
                over = number >= BEFORE_WORK and time.monotonic() - begun >= TURN_SECONDS
                if self._closed or (over and self._others_wait(job)):
                    return step.done < step.total
            return False
        finally:
            steps.close()
            self._speed.pop(job.id, None)

    def _others_wait(self, job: Job) -> bool:
        with self._changed:
            return any(_begun_by(each) != _begun_by(job) for each in self._queue)


def _begun_by(job: Job) -> str:
    """Who asked for ``job``; empty where that cannot be read."""
    try:
        return job.request.started_by
    except RunError:
        return ""
