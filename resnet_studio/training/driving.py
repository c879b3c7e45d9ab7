"""Train a run, or the parts of a study in turn, in the thread that calls; ask whoever works on one to end."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import Timeout

from resnet_studio import run_requests, space
from resnet_studio.durable import disk_trouble
from resnet_studio.durations import STARTING_UP
from resnet_studio.errors import RunError, StudioError
from resnet_studio.events import EpochFinished, Event, Failed, FinalFit, Finished, Interrupted, Preparing, Progress
from resnet_studio.run_requests import Request, RunSession
from resnet_studio.training.control import Control
from resnet_studio.training.turns import owner_of

if TYPE_CHECKING:
    from resnet_studio.training.world import World
    from resnet_studio.workspace import Run

PAUSING = frozenset(
    {
        "error.disk_full",
        "error.data.disk_full",
        "error.disk.read_only",
        "error.disk.broken",
        "error.disk.read_only_somewhere",
        "error.disk.broken_somewhere",
        "error.devices.lost",
    }
)
"""After these a run is not over: once the disk is in order again, it can be resumed."""
ANNOUNCING_SECONDS = 2.0
logger = logging.getLogger(__name__)


def drive(run: Run, control: Control, on_event: Callable[[Event], None] | None = None) -> Event | None:
    """Train ``run`` in this thread and append what happens to its log; returns the event that it ended with.

    One that takes several devices is trained in as many processes, unless this is one of them.

    ``on_event`` is called with every event. Raises :class:`RunError` where someone else trains the run now, and
    :class:`StudioError` where the disk is so full that not even the end can be logged.
    """
    from resnet_studio.training import world

    if not world.is_member() and (devices := run.config.devices) > 1:
        from resnet_studio.training.launch import train_on_several

        return train_on_several(run, control, devices, on_event)
    lock = run.lock()
    try:
        lock.acquire(timeout=2)
    except Timeout as error:
        raise RunError("error.run.busy", run=run.id) from error
    except OSError as error:
        raise disk_trouble(error, run.folder) or error from error
    try:
        run.reserve_space()
        record = run.recorder()
        last: Event = Interrupted()
        guard = _DiskGuard(run, control)
        try:
            for event in _events(run, control):
                last = record(guard.look(event), durable=not isinstance(event, (Progress, Preparing, FinalFit)))
                if on_event is not None:
                    on_event(last)
        except StudioError as error:  # the log itself cannot be written
            run.release_reserve()
            last = record(Interrupted(key=error.key, values=error.values))
            if on_event is not None:
                on_event(last)
        return last
    finally:
        run.release_reserve()
        lock.release()


class _DiskGuard:
    """Pauses a training while it can still be saved, and says why it ended."""

    def __init__(self, run: Run, control: Control) -> None:
        self._run, self._control, self._paused = run, control, False

    def look(self, event: Event) -> Event:
        """``event``, where it is the end that the guard asked for with the reason."""
        if isinstance(event, (Progress, EpochFinished, FinalFit)) and space.room(self._run.folder) == "full":
            self._paused = True
            self._control.pause()
        if self._paused and isinstance(event, Interrupted) and not event.key:
            return replace(event, key="error.disk.paused")
        return event


def follow(world: World) -> bool:
    """Compute along with rank 0, run after run, and write nothing; whether the end was an orderly one."""
    from resnet_studio.training.loop import train
    from resnet_studio.workspace import Run

    done = 0
    while True:
        try:
            run = Run(Path(world.share()))
        except RunError:  # rank 0 has nothing more to do
            return done > 0
        try:
            for _ in train(run, Control(), world):
                pass
        except StudioError as error:
            logger.warning("rank %d: %s", world.rank, error)
            return False
        done += 1


def _events(run: Run, control: Control) -> Iterator[Event]:
    """What the loop yields; an error becomes the event that says so."""
    yield Preparing(stage=STARTING_UP, done=0, total=1)  # importing torch alone takes seconds
    from resnet_studio.training.loop import train
    from resnet_studio.training.world import join

    try:
        world = join()
        world.share(str(run.folder))
        yield from train(run, control, world)
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
class Job:
    """Work that is queued, stopped and paused as one: a run, or the runs of a study, which are trained in turn.

    ``device`` is what it is computed on, None where that is not known yet; ``owner`` is whose it is; ``interrupted``
    says that others have their turn before its next part.
    """

    runs: tuple[Run, ...]
    control: Control = field(default_factory=Control)
    session: RunSession = field(default_factory=run_requests.new_session)
    device: str | None = None
    at: int = 0
    owner: str = ""
    interrupted: bool = False

    def __post_init__(self) -> None:
        self.owner = owner_of(self.runs[0])

    @property
    def run(self) -> Run:
        """The run at work, or the next one."""
        return self.runs[self.at]

    def has(self, run_id: str) -> bool:
        """Whether the run of that name is a part of it."""
        return any(run.id == run_id for run in self.runs)

    @property
    def asked(self) -> bool:
        """Whether another process asks for its end."""
        return any(run_requests.asked(run.folder, self.session) for run in self.runs)

    def announce(self) -> None:
        """Let other processes ask for its end."""
        for run in self.runs:
            run_requests.announce(run.folder, self.session)

    def withdraw(self) -> None:
        """It is over."""
        for run in self.runs:
            run_requests.withdraw(run.folder, self.session)

    def set_aside(self, since: int = 0) -> None:
        """Write down that the parts from ``since`` on that have not begun will not, unless the job is resumed."""
        for run in self.runs[since:]:
            set_aside(run)


Driver = Callable[["Run", Control], Event | None]


def carry_out(job: Job, train: Driver, give_way: Callable[[], bool] = lambda: False) -> Event | None:
    """Train the parts of ``job`` in turn; whoever asks for its end, from here or from another process, is heard.

    ``train`` trains one run, as :func:`drive` does. A part that fails does not hold up the next one; after one that
    was stopped or paused, or that the disk ended, the rest is set aside for resuming. Where ``give_way`` says so
    between two parts, the job is ``interrupted``: calling this again goes on with the next one. Returns the last part's
    end.
    """
    last: Event | None = None
    job.interrupted = False
    with run_requests.listening([run.folder for run in job.runs], job.session, job.control.act):
        try:
            for at, run in enumerate(job.runs[job.at :], job.at):
                job.at = at
                last = train(run, job.control)
                stopped = isinstance(last, Finished) and last.reason == "stopped"  # by its own process
                if job.control.request or stopped or isinstance(last, Interrupted):
                    break
                if at + 1 < len(job.runs) and give_way():
                    job.at, job.interrupted = at + 1, True
                    return last
        finally:
            if not job.interrupted:
                job.set_aside(job.at + 1)
    return last


def set_aside(run: Run) -> None:
    """Turn a run that waits into one that can be resumed; one that someone works on, or has ended, is left alone."""
    lock = run.lock()
    try:
        with lock.acquire(timeout=0):
            if run.state().status == "queued":
                run.append(Interrupted())
    except (Timeout, OSError, StudioError):
        logger.warning("run %s could not be set aside", run.id, exc_info=True)


def ask(run: Run, request: Request) -> RunSession | None:
    """Ask whoever works on ``run``, or has it in a queue, in any process, to ``request`` its end.

    Returns the session that was asked; None where the run only waited for a program that has ended: it is set aside
    then. Raises :class:`RunError` where nobody works on it, or where that program is of an older version.
    """
    until = time.monotonic() + ANNOUNCING_SECONDS
    while (session := run_requests.session_of(run.folder)) is None or session.gone:
        if not run.held():
            if run.state().status == "queued":
                set_aside(run)
                return None
            raise RunError("error.run.not_at_work", run=run.id)
        if time.monotonic() >= until:
            raise RunError("error.run.cannot_ask", run=run.id)
        time.sleep(0.05)
    run_requests.ask(run.folder, session, request)
    return session


def wait_for_end(run: Run, session: RunSession | None, seconds: float) -> bool:
    """Wait up to ``seconds`` until ``session`` has ended its work on ``run``; whether it has."""
    until = time.monotonic() + seconds
    while session is not None and not session.gone and run_requests.session_of(run.folder) == session:
        if time.monotonic() >= until:
            return False
        time.sleep(0.1)
    return True
