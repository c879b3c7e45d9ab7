"""The facts that a run can state, and their JSON form.

The training loop yields events; its caller appends them to the run's ``events.jsonl``; a page, a terminal and
the tests read that log and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

Status = Literal["queued", "running", "interrupted", "finished", "stopped", "failed"]
FinishReason = Literal["completed", "nothing_more", "early_stopping", "stopped", "diverged"]


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
    """The loop has begun, or begun again at ``epoch`` (epochs done before); ``threads`` of a CPU, else 0.

    After ``first_epochs``, where that is not 0, it is decided whether the rest of ``epochs`` follows.
    """

    device: str
    precision: str
    epochs: int
    first_epochs: int = 0
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
    """Pictures that turned out to be unreadable when decoded; training continues without them."""

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
        """What epochs are compared by, more is better: accuracy, and between equal ones the loss. Which of those within
        one picture is kept, see :class:`resnet_studio.training.validation.BestNetwork`, says ``best``.
        """
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
class FinalFit(Event):
    """The training is repeated on validation pictures too, ``pictures`` in all: ``share`` of it is done (0 to 1).

    ``epochs`` were settled by the validation pictures; 0 where the linear probe was not beaten and is fitted again.
    """

    epochs: int
    pictures: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The end: the model is saved, that of ``best_epoch`` or a mean of weights, for which that is the last one;
    ``test_accuracy`` is None where there are no test pictures.
    """

    reason: FinishReason
    epochs_run: int
    best_epoch: int
    validation_accuracy: float
    test_accuracy: float | None
    train_seconds: float


@dataclass(frozen=True, kw_only=True)
class Interrupted(Event):
    """The program was asked to end; all is saved, and the run can be resumed.

    ``key`` and ``values`` are the sentence that says why, where the user can do something about it. ``paused``: the
    training itself ended on request; older versions and a program that finds a run left behind do not say so.
    """

    key: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    paused: bool = False


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The run ended by an error; ``key`` and ``values`` are its sentence, ``detail`` is for debugging."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Unreadable(Event):
    """Stands for a damaged line of the log; it is never written."""


KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        Queued, Started, Preparing, PicturesSkipped, Probed, Progress, EpochFinished, Noted, Testing, FinalFit,
        Finished, Interrupted, Failed,
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
