"""The training loop, readable top to bottom. It yields what happens and knows of no page, terminal or log."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from resnet_studio.data.run_split import split_of
from resnet_studio.errors import RunError
from resnet_studio.events import Event, Finished, FinishReason, Interrupted, Noted, Testing
from resnet_studio.training import halfway
from resnet_studio.training.balance import imbalance
from resnet_studio.training.cautions import cautions, choices, picture_cautions
from resnet_studio.training.cycles import NOTHING_MORE, decision
from resnet_studio.training.distillation import label_unlabelled
from resnet_studio.training.final_fit import first_of, forget, refit
from resnet_studio.training.finishing import End, end_of, finish, finish_ended, finish_saved
from resnet_studio.training.lineage import seen_before
from resnet_studio.training.near_duplicates import group_near_duplicates, series_cautions
from resnet_studio.training.outside import score_outside
from resnet_studio.training.setup import next_cycle, prepare
from resnet_studio.training.world import ALONE

SETTLED: tuple[FinishReason, ...] = ("completed", "nothing_more", "early_stopping")
"""Endings after which it is settled how long to train."""

if TYPE_CHECKING:
    from resnet_studio.training.control import Control
    from resnet_studio.training.session import Session
    from resnet_studio.training.world import World
    from resnet_studio.workspace import Run


def train(run: Run, control: Control, world: World = ALONE) -> Iterator[Event]:
    """Train ``run`` from where it stands to its end, to a stop or to a pause; the best model by validation is kept.

    The caller holds the run's lock and appends the events to its log; of several processes only rank 0 does.
    Raises :class:`StudioError` where the pictures or the starting weights cannot be used.
    """
    ending = finish_ended(run) if world.main else None
    if world.share(ending is not None):
        yield from _end(run, ending, control, world)
        return
    session = yield from _prepared(run, control, world)
    if session is None:
        yield Interrupted(paused=True)
        return
    yield session.started()
    yield from session.unlogged_epochs()

    asked = world.agreed(control)
    reached, reason = yield from _cycles(session, control, asked)
    if isinstance(reached, End):
        yield from _end(run, finish_saved(run, reached) if world.main else None, control, world)
        return
    if reached is None or asked.request == "pause":
        if reached is not None:
            reached.save()
        yield Interrupted(paused=True)
        return

    if reached.best is None:
        raise RunError("error.diverged")
    if reason in SETTLED and world.main and (note := halfway.settle(reached)) is not None:
        yield note
    yield from _end(run, finish(reached, reason) if world.main else None, control, world)


def _begun(run: Run, control: Control, world: World) -> Generator[Event, None, Session | None]:
    """The session, after its split is final and all notes are yielded; None where the training is asked to end."""
    if not run.state_file.exists():
        if not (yield from group_near_duplicates(run, control)):
            return None
        if not (yield from label_unlabelled(run, control)):
            return None
        split = split_of(run)
        yield from cautions(run.config, run.requested, imbalance(sample.label for sample in split.train))
        yield from choices(run.config, run.requested)
        yield from picture_cautions(run.config, run.requested, split)
        yield from series_cautions(split)
        yield from seen_before(run, split)
    return (yield from prepare(run, control, world))


def _prepared(run: Run, control: Control, world: World) -> Generator[Event, None, Session | None]:
    """The session. Rank 0 prepares and saves it; the others then go on from there, as a resumed training does."""
    if world.size == 1:
        return (yield from _begun(run, control, world))
    if world.main:
        session = yield from _begun(run, control, world)
        if session is not None:
            session.save()
        world.share(session is not None)
        return session
    return (yield from prepare(run, control, world)) if world.share(False) else None


def _end(run: Run, ending: Generator[Event, None, Finished] | None, control: Control, world: World) -> Iterator[Event]:
    """Test and finish; ``ending`` is None in processes that only compute along. When the caller asks for what comes
    after ``Finished``, that stands in the log.
    """
    finished = yield from _tested(run, ending)
    if run.config.final_fit and world.share(finished is not None and finished.reason in SETTLED):
        finished = yield from refit(run, finished, control, world)
        if finished is None:
            yield Interrupted(paused=True)
            return
    elif run.config.final_fit and world.main:
        yield Noted(key="note.final_fit_skipped")
    if not world.main or finished is None:
        return
    yield from score_outside(run)
    yield finished
    if finished.reason != "stopped":
        forget(run)
        for path in run.needed_to_resume:
            path.unlink(missing_ok=True)


def _tested(run: Run, ending: Generator[Event, None, Finished] | None) -> Generator[Event, None, Finished | None]:
    """What ``ending`` ends with, unless that is known since a second training has begun."""
    if ending is None:
        return None
    if run.config.final_fit and (known := first_of(run)) is not None:
        return known
    yield Testing()
    return (yield from ending)


def _cycles(
    session: Session, control: Control, asked: Control
) -> Generator[Event, None, tuple[Session | End | None, FinishReason]]:
    """Train the first cycle, and the second where the first one says so; the last session and why it ended. Where
    ``control`` asks for an end while the second is prepared, that is the end of the first for a stop, and None for a
    pause.
    """
    while True:
        decided = decision(session)
        if decided is not None and decided.key == NOTHING_MORE:
            yield decided
            return session, "nothing_more"
        if decided is not None and session.complete:
            yield decided
            end = end_of(session, "stopped")
            following = yield from next_cycle(session, control)
            if following is None:
                return (end if control.request == "stop" else None), "stopped"
            session = following
            yield session.started()
        reason = yield from _epochs(session, asked)
        if reason != "completed" or decision(session) is None:
            return session, reason


def _epochs(session: Session, control: Control) -> Generator[Event, None, FinishReason]:
    """Train the epochs of a cycle; says why it ended."""
    while not session.complete:
        for batch in session.batches_left():
            session.step(batch)
            if control.request:
                break
            if session.progress_due():
                yield session.progress()
                session.save_if_due(within_epoch=True)
        if control.request == "pause":
            return "stopped"
        if control.request == "stop" and not session.epoch_complete:
            session.save()
            if session.best is None:
                yield session.score_epoch()
            return "stopped"
        if session.diverged():
            if session.best is None:
                return "diverged"
            yield Noted(key="note.diverged", values={"step": session.step_count})
            return "diverged"
        finished = session.score_epoch()
        session.next_epoch(finished)
        session.save_if_due()
        yield finished
        if control.request == "stop":
            session.save()
            return "stopped"
        if session.out_of_patience():
            return "early_stopping"
    return "completed"
