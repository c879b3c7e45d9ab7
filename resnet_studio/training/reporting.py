"""What a session says of itself: the event that opens a training, and where it stands on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet_studio.events import EpochFinished, Progress, Started
from resnet_studio.training import hardware
from resnet_studio.training.optim import rate_factor
from resnet_studio.training.unfreezing import count_trained

if TYPE_CHECKING:
    from resnet_studio.training.session import Session

VALIDATION_COST = 0.4  # of a training picture's time: validation goes forward only


def started(session: Session) -> Started:
    """The event that opens the training of ``session``, or opens it again."""
    m = session.materials
    return Started(
        device=hardware.describe(m.device),
        precision=m.compute.precision,
        threads=m.compute.threads,
        epochs=session.epochs,
        first_epochs=session.materials.config.first_epochs or 0,
        epoch=session.epoch,
        batch=session.batch,
        train_pictures=len(m.batches.training),
        validation_pictures=len(m.batches.validation),
        test_pictures=len(m.split.test),
        trained_parameters=count_trained(m, session.epochs),
        total_parameters=sum(p.numel() for p in m.model.parameters()),
    )


def progress(session: Session) -> Progress:
    """Where ``session`` stands; asks the device for its sums, and so waits for it."""
    tally, pictures = session.tally, session.pictures
    seen = max(1, tally.seen)
    rate = seen / max(1e-9, tally.seconds)
    left = (session.cycle.end - session.epoch) * pictures - seen
    extra = 1 + VALIDATION_COST * len(session.materials.batches.validation) / pictures
    return Progress(
        epoch=session.epoch + 1,
        batch=session.batch,
        batches=session.batches_per_epoch,
        train_loss=float(tally.loss) / seen,
        train_accuracy=float(tally.correct) / seen,
        learning_rate=session.learning_rate,
        pictures_per_second=rate,
        remaining_seconds=left / rate * extra,
        memory_mb=hardware.memory_mb(session.materials.device),
    )


def epoch_finished(
    session: Session, rate: float, loss: float, accuracy: float, balanced_accuracy: float | None
) -> EpochFinished:
    """The scores of the epoch that ``session`` has just trained at ``rate`` pictures a second."""
    tally = session.tally
    return EpochFinished(
        epoch=session.epoch + 1,
        train_loss=float(tally.loss) / max(1, tally.seen),
        train_accuracy=float(tally.correct) / max(1, tally.seen),
        validation_loss=loss,
        validation_accuracy=accuracy,
        balanced_accuracy=balanced_accuracy,
        learning_rate=_last_rate(session),
        pictures_per_second=rate,
        seconds=tally.seconds,
        best=False,
    )


def _last_rate(session: Session) -> float:
    """The rate that the head learns at as the epoch of ``session`` ends: where a cycle ends, its lowest, and not that
    with which the next one would begin.
    """
    if session.epoch + 1 < session.cycle.end or session.cycle.end == session.epochs:
        return session.learning_rate
    config, steps = session.materials.config, session.cycle.epochs * session.updates_per_epoch
    return (config.learning_rate or 0.0) * rate_factor(config, steps, steps, session.updates_per_epoch)
