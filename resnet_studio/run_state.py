"""The state of a run that follows from its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from resnet_studio.durations import Durations
from resnet_studio.events import (
    EpochFinished,
    Event,
    Failed,
    FinalFit,
    Finished,
    Interrupted,
    Noted,
    PicturesSkipped,
    Preparing,
    Probed,
    Progress,
    Queued,
    Started,
    Status,
    Testing,
    Unreadable,
)

TRAIL_POINTS = 400
MEAN, MEAN_OF_PROBE = "note.halfway", "note.halfway.probe"
"""Which notes say that the model is a mean of weights: where the best before was an epoch, or the probe."""

TEST_SEEN_BEFORE, VALIDATION_SEEN_BEFORE = "note.seen_before.test", "note.seen_before.validation"


@dataclass(frozen=True, kw_only=True)
class RunState:
    """What a run's events add up to. ``epochs`` holds one entry an epoch, also after a resume; ``trail`` are points
    (epochs done, training loss) within the epochs of a training that is not over; ``unreadable`` counts the damaged
    lines of the log.
    """

    status: Status = "queued"
    queued: Queued | None = None
    interrupted: Interrupted | None = None
    started: Started | None = None
    preparing: Preparing | None = None
    probed: Probed | None = None
    progress: Progress | None = None
    epochs: tuple[EpochFinished, ...] = ()
    trail: tuple[tuple[float, float], ...] = ()
    notes: tuple[Noted, ...] = ()
    skipped: tuple[str, ...] = ()
    testing: bool = False
    final_fit: FinalFit | None = None
    finished: Finished | None = None
    failed: Failed | None = None
    unreadable: int = 0
    last_number: int = 0
    last_time: float = 0.0
    durations: Durations = Durations()

    @property
    def best(self) -> EpochFinished | None:
        """The epoch with the best model."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def mean_note(self) -> Noted | None:
        """The note that says that the model is a mean of weights, and so of no epoch."""
        return next((note for note in reversed(self.notes) if note.key in (MEAN, MEAN_OF_PROBE)), None)

    @property
    def seen_before(self) -> tuple[Noted, ...]:
        """The notes that say that scores are of pictures which the run knows that this one comes from."""
        found = {note.key: note for note in self.notes if note.key in (TEST_SEEN_BEFORE, VALIDATION_SEEN_BEFORE)}
        return tuple(found.values())

    def seconds(self, requested_at: float | None = None) -> float:
        """How long the training took, from the click at ``requested_at``; see :meth:`Durations.total`."""
        measured = self.finished.train_seconds if self.finished else sum(epoch.seconds for epoch in self.epochs)
        return self.durations.total(requested_at, measured)

    @property
    def trouble(self) -> Failed | Interrupted | None:
        """The event that says why the run ended before its time, where the user can do something about it."""
        paused = self.interrupted if self.interrupted is not None and self.interrupted.key else None
        return self.failed or paused

    @property
    def status_name(self) -> str:
        """The status as it is called in texts: one that was interrupted on request is paused."""
        paused = self.status == "interrupted" and self.interrupted is not None and self.interrupted.paused
        return "paused" if paused else self.status

    @property
    def is_preparing(self) -> bool:
        """Whether pictures, weights or features are got ready at present, before the first epoch."""
        return self.status in ("queued", "running") and self.preparing is not None and not self.epochs

    @property
    def planned(self) -> int:
        """How many epochs are to be trained, as far as that is decided; 0 before it is known."""
        if self.started is None:
            return 0
        first = self.started.first_epochs
        return first if self.started.epoch < first < self.started.epochs else self.started.epochs

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen unless the run is resumed."""
        return self.status in ("finished", "stopped", "failed", "interrupted")


def replay(events: Iterable[Event], state: RunState | None = None) -> RunState:
    """Fold ``events`` into ``state`` (a new one by default)."""
    state = state or RunState()
    for event in events:
        if isinstance(event, Unreadable):
            state = replace(state, unreadable=state.unreadable + 1)
            continue
        stage = event.stage if isinstance(event, Preparing) else ""
        spent = state.durations.after(type(event).__name__, event.time, stage)
        state = replace(_after(state, event), last_number=event.number, last_time=event.time, durations=spent)
    return state


def _after(state: RunState, event: Event) -> RunState:
    match event:
        case Queued():
            state = replace(state, preparing=None, finished=None, failed=None, interrupted=None)
            return replace(state, status="queued", queued=event)
        case Started():
            kept = tuple(epoch for epoch in state.epochs if epoch.epoch <= event.epoch)
            trail = tuple(point for point in state.trail if point[0] <= event.epoch)
            return replace(
                state, status="running", started=event, epochs=kept, trail=trail, preparing=None, progress=None,
                testing=False, final_fit=None, finished=None, failed=None, interrupted=None,
            )  # fmt: skip
        case Preparing():
            return replace(state, preparing=event)
        case PicturesSkipped():
            return replace(state, skipped=event.files)
        case Probed():
            return replace(state, probed=event)
        case Progress():
            place = (event.epoch, event.batch, event.batches, event.train_loss)
            return replace(state, progress=event, preparing=None, trail=longer(state.trail, [place]))
        case EpochFinished():
            earlier = state.epochs
            if earlier and earlier[-1].epoch >= event.epoch:
                earlier = tuple(epoch for epoch in earlier if epoch.epoch < event.epoch)
            return replace(state, epochs=(*earlier, event))
        case Noted():
            return replace(state, notes=(*state.notes, event))
        case Testing() | FinalFit():
            return _after_the_epochs(state, event)
        case Finished():
            status: Status = "stopped" if event.reason == "stopped" else "finished"
            return replace(state, status=status, finished=event, testing=False, preparing=None, trail=())
        case Interrupted():
            return replace(state, status="interrupted", interrupted=event, preparing=None)
        case Failed():
            return replace(state, status="failed", failed=event, preparing=None)
        case _:
            return state


def _after_the_epochs(state: RunState, event: Testing | FinalFit) -> RunState:
    if isinstance(event, Testing):
        return replace(state, testing=True)
    state = replace(state, status="running", testing=False, final_fit=event)
    return replace(state, preparing=None, interrupted=None, failed=None)


def longer(
    trail: tuple[tuple[float, float], ...], progress: Iterable[tuple[int, int, int, float]]
) -> tuple[tuple[float, float], ...]:
    """``trail`` carried on by ``progress`` (epoch, batch, batches, loss); thinned by half when it gets long."""
    points = list(trail)
    for epoch, batch, batches, loss in progress:
        if batches:
            points.append((epoch - 1 + batch / batches, loss))
        if len(points) > TRAIL_POINTS:
            points = points[::2]
    return tuple(points)
