"""The facts that a run can state, their JSON form, and the state of a run that follows from them.

The training loop yields events; whoever drives it appends them to the run's ``events.jsonl``; a page, a terminal and
the tests read that log and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from resnet_studio.durations import Durations

Status = Literal["queued", "running", "interrupted", "finished", "stopped", "failed"]
FinishReason = Literal["completed", "early_stopping", "stopped", "diverged"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One fact. ``number`` counts the run's events from 1; ``time`` is the wall clock in seconds since 1970."""

    number: int = 0
    time: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Queued(Event):
    """The run waits for its device, at the ``place`` that it was given by the program ``owner``, which holds it."""

    owner: str = ""
    place: int = 0


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """The loop has begun, or begun again at ``epoch`` (epochs done before); ``threads`` of a CPU, else 0."""

    device: str
    precision: str
    epochs: int
    threads: int = 0
    epoch: int = 0
    batch: int = 0
    train_pictures: int = 0
    validation_pictures: int = 0
    test_pictures: int = 0
    trained_parameters: int = 0
    total_parameters: int = 0


@dataclass(frozen=True, kw_only=True)
class Preparing(Event):
    """Work before the first batch: ``stage`` is ``start``, ``pictures``, ``weights`` or ``features``."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class PicturesSkipped(Event):
    """Pictures that turned out to be unreadable when decoded; training goes on without them."""

    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Probed(Event):
    """The linear probe on the frozen features scored ``validation_accuracy`` after ``seconds``."""

    validation_accuracy: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """Where the training is: about once a second."""

    epoch: int
    batch: int
    batches: int
    train_loss: float
    train_accuracy: float
    learning_rate: float
    pictures_per_second: float
    remaining_seconds: float
    memory_mb: float


@dataclass(frozen=True, kw_only=True)
class EpochFinished(Event):
    """Scores after ``epoch`` (counted from 1); ``best`` where it is the best by validation so far.

    ``balanced_accuracy``: the mean over the classes of the share of validation pictures that was right; only where the
    loss balances the classes.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    pictures_per_second: float
    seconds: float
    best: bool
    balanced_accuracy: float | None = None

    @property
    def score(self) -> tuple[float, float]:
        """What epochs are compared by, more is better: accuracy, and between equal ones the loss."""
        accuracy = self.validation_accuracy if self.balanced_accuracy is None else self.balanced_accuracy
        return accuracy, -self.validation_loss


@dataclass(frozen=True, kw_only=True)
class Noted(Event):
    """Something that the user should know; ``key`` is a text, ``values`` go into it."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Testing(Event):
    """The chosen model is being scored on the test pictures."""


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The end: the best epoch's model is kept; ``test_accuracy`` is None where there are no test pictures."""

    reason: FinishReason
    epochs_run: int
    best_epoch: int
    validation_accuracy: float
    test_accuracy: float | None
    train_seconds: float


@dataclass(frozen=True, kw_only=True)
class Interrupted(Event):
    """The program was asked to end; all is saved, and the run can be resumed.

    ``key`` and ``values`` are the sentence that says why, where the user can do something about it.
    """

    key: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The run ended by an error; ``key`` and ``values`` are its sentence, ``detail`` is for whoever looks into it."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Unreadable(Event):
    """Stands for a damaged line of the log; it is never written."""


KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        Queued, Started, Preparing, PicturesSkipped, Probed, Progress, EpochFinished, Noted, Testing, Finished,
        Interrupted, Failed,
    )
}  # fmt: skip


def to_json(event: Event) -> dict[str, Any]:
    """The event as plain JSON values; numbers that are not finite become null."""
    values = {"event": type(event).__name__, **asdict(event)}
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in values.items()
    }


def from_json(values: object) -> Event | None:
    """The event that :func:`to_json` wrote; None for a kind that this version does not know.

    Raises ``ValueError`` where ``values`` are no event: a field is missing, or its value is of another type.
    """
    if not isinstance(values, Mapping):
        raise ValueError("an event is an object")
    kind = KINDS.get(str(values.get("event")))
    if kind is None:
        return None
    names = {spec.name: str(spec.type) for spec in fields(kind)}
    known = {key: _restored(value, names[key]) for key, value in values.items() if key in names}
    try:
        return kind(**known)
    except TypeError as error:
        raise ValueError(str(error)) from error


def _restored(value: Any, annotation: str) -> Any:
    """``value`` in the type of a field with this ``annotation``; ``ValueError`` where it is of another one."""
    match annotation, value:
        case ("float", None):
            return math.nan
        case ("float | None", None) | ("bool", bool()) | ("str", str()) | ("Mapping[str, Any]", dict()):
            return value
        case ("int", int()) if not isinstance(value, bool) and value >= 0:
            return value
        case ("float" | "float | None", int() | float()) if not isinstance(value, bool):
            return value
        case ("tuple[str, ...]", list()) if all(isinstance(each, str) for each in value):
            return tuple(value)
        case ("FinishReason", str()) if value in get_args(FinishReason):
            return value
    raise ValueError(f"{value!r} is no {annotation}")


@dataclass(frozen=True, kw_only=True)
class RunState:
    """What a run's events add up to. ``epochs`` holds one entry an epoch, also after a resume; ``unreadable`` counts
    the damaged lines of the log.
    """

    status: Status = "queued"
    queued: Queued | None = None
    interrupted: Interrupted | None = None
    started: Started | None = None
    preparing: Preparing | None = None
    probed: Probed | None = None
    progress: Progress | None = None
    epochs: tuple[EpochFinished, ...] = ()
    notes: tuple[Noted, ...] = ()
    skipped: tuple[str, ...] = ()
    testing: bool = False
    finished: Finished | None = None
    failed: Failed | None = None
    unreadable: int = 0
    last_number: int = 0
    last_time: float = 0.0
    durations: Durations = Durations()

    @property
    def best(self) -> EpochFinished | None:
        """The epoch whose model is kept."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    def seconds(self, asked: float | None = None) -> float:
        """How long the training took, from the click at ``asked``; see :meth:`Durations.total`."""
        measured = self.finished.train_seconds if self.finished else sum(epoch.seconds for epoch in self.epochs)
        return self.durations.total(asked, measured)

    @property
    def trouble(self) -> Failed | Interrupted | None:
        """The event that says why the run ended before its time, where the user can do something about it."""
        paused = self.interrupted if self.interrupted is not None and self.interrupted.key else None
        return self.failed or paused

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
            return replace(state, status="queued", queued=event, finished=None, failed=None, interrupted=None)
        case Started():
            kept = tuple(epoch for epoch in state.epochs if epoch.epoch <= event.epoch)
            return replace(
                state, status="running", started=event, epochs=kept, preparing=None, progress=None, testing=False,
                finished=None, failed=None, interrupted=None,
            )  # fmt: skip
        case Preparing():
            return replace(state, preparing=event)
        case PicturesSkipped():
            return replace(state, skipped=event.files)
        case Probed():
            return replace(state, probed=event)
        case Progress():
            return replace(state, progress=event, preparing=None)
        case EpochFinished():
            earlier = state.epochs
            if earlier and earlier[-1].epoch >= event.epoch:
                earlier = tuple(epoch for epoch in earlier if epoch.epoch < event.epoch)
            return replace(state, epochs=(*earlier, event))
        case Noted():
            return replace(state, notes=(*state.notes, event))
        case Testing():
            return replace(state, testing=True)
        case Finished():
            status: Status = "stopped" if event.reason == "stopped" else "finished"
            return replace(state, status=status, finished=event, testing=False, preparing=None)
        case Interrupted():
            return replace(state, status="interrupted", interrupted=event, preparing=None)
        case Failed():
            return replace(state, status="failed", failed=event, preparing=None)
        case _:
            return state
