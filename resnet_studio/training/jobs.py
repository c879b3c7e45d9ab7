"""Who trains when: a queue for every device, and a thread for each; a run's folder holds all that it leaves behind."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from resnet_studio import acting, belonging, owners, space
from resnet_studio.errors import RunError, StudioError
from resnet_studio.events import Event, Queued
from resnet_studio.limits import ALONE, LimitError, Limits
from resnet_studio.locks import Lock
from resnet_studio.run_requests import Request
from resnet_studio.training import hold
from resnet_studio.training.driving import Driver, Job, ask, carry_out, drive
from resnet_studio.training.turns import Turns, owner_of
from resnet_studio.training.waiting import check_resumable, left_of_job, left_waiting, presence

if TYPE_CHECKING:
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Run, Workspace

LOOK_SECONDS = 2.0
REQUEST_SECONDS = 0.3
logger = logging.getLogger(__name__)

__all__ = ["Jobs", "check_resumable", "device_of", "drive", "left_waiting"]


def device_of(run: Run) -> str:
    """The device that ``run`` computes on; where this machine lacks it, the training itself will say so."""
    from resnet_studio.model.device import choose_device

    try:
        device = choose_device(run.config.device)
    except StudioError:
        return "cpu"
    return f"cuda:{device.index or 0}" if device.type == "cuda" else device.type


def _drive(run: Run, control: Control, **options: Callable[[Event], None]) -> Event | None:
    return drive(run, control, **options)


class Jobs:
    """The jobs that wait and those at work: one a device, as two would only slow each other down.

    People take turns (:mod:`resnet_studio.training.turns`), also between the parts of a study. ``limits`` say how much
    may wait; ``met`` is called with the name of one that was met, ``on_event`` with each event of what is trained here.
    A job is a run or a study of several. Which runs wait, for which program and at which place, stands in their logs:
    the next program takes over what this one leaves. Other programs ask for a job's end through its folder.
    """

    def __init__(
        self,
        workspace: Workspace,
        device_of: Callable[[Run], str] = device_of,
        on_event: Callable[[Event], None] | None = None,
        limits: Limits = ALONE,
        met: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._workspace, self.limits, self._met = workspace, limits, met
        self._turns: dict[str, Turns[Job]] = {}
        self._drive: Driver = partial(_drive, on_event=on_event) if on_event else _drive
        self._device_of = device_of
        self._changed = threading.Condition()
        self._waiting: list[Job] = []
        self._current: dict[str, Job] = {}
        self._closing = False
        self._threads: dict[str, threading.Thread] = {}
        self._places = 0
        self._name = f"{owners.this_process()}-{secrets.token_hex(4)}"
        self._presence: Lock | None = None

    def submit(self, *runs: Run) -> None:
        """Put ``runs`` at the end of the queue as one job. Does nothing where one of them is in the queue already."""
        with self._changed:
            if self._closing or any(self._find(run.id) for run in runs):
                return
            self._appear()
            job = Job(runs)
            self._announce(job)
            self._waiting.append(job)
            self._changed.notify_all()
            self.start_thread("", self._assign)

    def check_room(self, owner: str = "") -> None:
        """Raise :class:`StudioError` where so many jobs wait, in all or of ``owner``, that no more are taken, or the
        disk has no room for more.
        """
        hold.check(self._workspace)
        space.check_room(self._workspace.root)
        most, each = self.limits.waiting_all, self.limits.waiting_each
        with self._changed:
            if most and len(self._waiting) >= most:
                raise self._refused("waiting_all", "error.run.queue_full", most)
            if owner and each and sum(job.owner == owner for job in self._waiting) >= each:
                raise self._refused("waiting_each", "error.limits.waiting_each", each)

    def _refused(self, limit: str, key: str, most: int) -> LimitError:
        self._met(limit)
        return LimitError(limit, key, most=most)

    def adopt(self) -> list[Run]:
        """Take over the runs that wait for a program that has ended, in the order in which they wait; returns them."""
        with Lock(self._workspace.root / "runs" / ".queue"):
            left = left_waiting(self._workspace)
            for run in left:
                try:
                    self.submit(*left_of_job(run))
                except RunError:  # a part of its study is trained elsewhere
                    logger.warning("run %s is left waiting", run.id, exc_info=True)
        return left

    def resume(self, run_id: str) -> None:
        """Put an interrupted, stopped or failed run into the queue again, with what is left of its study.

        Raises :class:`RunError` where there is none of that name or where it has trained all its epochs.
        """
        run = self._workspace.run(run_id)
        acting.check("change", belonging.of_run(run.folder))
        runs = left_of_job(run)
        if self.place(run_id) is None:
            self.check_room(owner_of(runs[0]))
        self.submit(*runs)

    def stop(self, run_id: str) -> None:
        """Stop the job and keep its best model; one that still waits leaves the queue. Twice does no more than once.

        One of another program is asked to stop. Raises :class:`RunError` where that cannot be.
        """
        self._end(run_id, "stop")

    def pause(self, run_id: str) -> None:
        """As :meth:`stop`, but the training is only saved, to be resumed."""
        self._end(run_id, "pause")

    def place(self, run_id: str) -> int | None:
        """0 for a run at work, 1 for the next on its device, and so on; None for one that is not in the queue."""
        with self._changed:
            job = self._find(run_id)
            if job is None:
                return None
            return 0 if job in self._current.values() else self._in_turns(job.device).index(job) + 1

    def running(self) -> list[str]:
        """The runs being trained."""
        with self._changed:
            return [job.run.id for job in self._current.values()]

    def queued(self) -> list[str]:
        """The runs that wait, the next first; of a study the one that comes first."""
        with self._changed:
            devices = list(dict.fromkeys(job.device for job in self._waiting))
            places = {id(job): at for device in devices for at, job in enumerate(self._in_turns(device))}
            return [job.run.id for job in sorted(self._waiting, key=lambda job: places[id(job)])]

    def close(self, timeout: float = 30.0) -> None:
        """Pause what is being trained, keep it for resuming, and end; what waits is left for the next program."""
        with self._changed:
            self._closing = True
            for job in self._waiting:
                job.withdraw()
            self._waiting.clear()
            for job in self._current.values():
                job.control.pause()
            self._changed.notify_all()
        until = time.monotonic() + timeout
        for thread in list(self._threads.values()):
            thread.join(max(0.0, until - time.monotonic()))
        if self._presence is not None:
            self._presence.release()
            self._presence.path.unlink(missing_ok=True)

    def _end(self, run_id: str, request: Request) -> None:
        acting.check("change", belonging.of_run(self._workspace.root / "runs" / run_id))
        with self._changed:
            if job := self._find(run_id):
                if job in self._current.values():
                    job.control.stop() if request == "stop" else job.control.pause()
                else:
                    self._take_out(job)
                return
        ask(self._workspace.run(run_id), request)

    def _announce(self, job: Job) -> None:
        """Write down that ``job`` waits here, and let other programs ask for its end."""
        self._places += 1
        job.announce()
        job.run.append(Queued(owner=self._name, place=self._places))

    def _take_out(self, job: Job) -> None:
        self._waiting.remove(job)
        job.set_aside()
        job.withdraw()

    def _appear(self) -> None:
        """Show other programs that this one lives, for as long as it has a queue."""
        if self._presence is None:
            here = presence(self._workspace, self._name)
            here.path.parent.mkdir(exist_ok=True)
            self._presence = here.acquire(timeout=2)

    def _may_begin(self) -> bool:
        """Whether a training could save anything, and training is not switched off; else the queue waits."""
        return space.room(self._workspace.root) != "full" and hold.held(self._workspace.root) is None

    def _find(self, run_id: str) -> Job | None:
        return next((job for job in (*self._current.values(), *self._waiting) if job.has(run_id)), None)

    def start_thread(self, name: str, work: Callable[[], None]) -> None:
        """Let a thread called ``name`` do ``work``, unless there is one already."""
        if name not in self._threads:
            self._threads[name] = threading.Thread(target=work, name=f"training {name}".strip(), daemon=True)
            self._threads[name].start()

    def _assign(self) -> None:
        """Find out which device each new job is for, which may take as long as importing torch; hear what is asked."""
        while True:
            with self._changed:
                if self._closing:  # checked with the lock held, or the notification can come before the wait
                    return
                new = [job for job in self._waiting if job.device is None]
                for job in [job for job in self._waiting if job.asked]:
                    self._take_out(job)
                if not new:
                    self._changed.wait(REQUEST_SECONDS if self._waiting else None)
            for job in new:
                device = self._device(job.run)
                with self._changed:
                    job.device = device
                    if not self._closing:
                        self.start_thread(device, partial(self._work, device))
                    self._changed.notify_all()

    def _device(self, run: Run) -> str:
        try:
            return self._device_of(run)
        except Exception:  # the thread must outlive any one run
            logger.exception("it is not known what run %s computes on", run.id)
            return "cpu"

    def _work(self, device: str) -> None:
        """Train what waits for ``device``, one after the other."""
        from resnet_studio.training.hardware import lower_priority

        lower_priority()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._next(device))
                job = self._next(device)
                if self._closing or job is None:
                    return
                if not self._may_begin():
                    self._changed.wait(LOOK_SECONDS)
                    continue
                self._waiting.remove(job)
                self._current[device] = job
                self._turns_at(device).took(job)
            try:
                carry_out(job, self._drive, partial(self._others_wait, job))
            except Exception:  # as above
                logger.exception("run %s could not be trained", job.run.id)
            finally:
                with self._changed:
                    del self._current[device]
                    if job.interrupted:
                        self._wait_again(job)

    def _others_wait(self, job: Job) -> bool:
        """Whether somebody else waits for the device of ``job``, whose turn it is before the next part of a study."""
        with self._changed:
            alike = (other for other in self._waiting if other.device in (job.device, None))
            return not self._closing and any(other.owner != job.owner for other in alike)

    def _wait_again(self, job: Job) -> None:
        """Put the rest of a study into the queue, before all else of its owner."""
        if job.control.request or self._closing:
            job.set_aside(job.at)
            return
        with suppress(StudioError):  # the disk is full: it waits for that, too
            self._announce(job)
        self._waiting.insert(0, job)
        self._changed.notify_all()

    def _next(self, device: str) -> Job | None:
        return next((job for job in self._in_turns(device) if job.device == device), None)

    def _in_turns(self, device: str | None) -> list[Job]:
        """What waits for ``device``, or may turn out to, in the order of its turns."""
        return self._turns_at(device).order([j for j in self._waiting if not device or j.device in (device, None)])

    def _turns_at(self, device: str | None) -> Turns[Job]:
        return self._turns.setdefault(device or "", Turns(lambda job: job.owner))
