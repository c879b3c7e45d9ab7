"""The end of a training: the best network is written down, then scored on the test pictures, once.

In this order nothing that was trained can be lost any more: the best checkpoint, a note that the training is over, the
scores, the event; what only resuming needs is forgotten last. A program that dies in between goes on from the note.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from resnet_studio.data.run_split import split_of
from resnet_studio.errors import CheckpointError, DataError, RunError
from resnet_studio.evaluation.report import score_test_pictures
from resnet_studio.events import Event, Finished, FinishReason, Noted
from resnet_studio.model import checkpoint
from resnet_studio.model.device import choose_device
from resnet_studio.training import originals, saving
from resnet_studio.training.scoring import score

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from resnet_studio.evaluation.report import Report
    from resnet_studio.training.session import Session
    from resnet_studio.workspace import Run

NOTE = "ended.json"


@dataclass(frozen=True)
class End:
    """How a training ended, before anything was tested."""

    reason: FinishReason
    epochs_run: int
    best_epoch: int
    validation_accuracy: float
    validation_loss: float
    train_seconds: float

    @property
    def metrics(self) -> dict[str, Any]:
        """What the checkpoint says of itself."""
        values = asdict(self)
        return {key: values[key] for key in ("validation_accuracy", "validation_loss", "best_epoch", "epochs_run")}


def finish(session: Session, reason: FinishReason) -> Generator[Event, None, Finished]:
    """Write the checkpoint of the best network, score it on the test pictures and write its report."""
    m, best, suffix = session.materials, session.kept.epoch, session.kept.suffix
    assert best is not None and suffix is not None
    if not session.kept.on_disk:
        saving.save_best(session)
    end = End(
        reason=reason,
        epochs_run=session.epoch,
        best_epoch=best.epoch,
        validation_accuracy=best.validation_accuracy,
        validation_loss=best.validation_loss,
        train_seconds=session.train_seconds,
    )
    if reason != "stopped":
        m.run.write_json(NOTE, asdict(end))
    m.suffix.load_state_dict(suffix)
    m.model.eval()
    return (yield from _tested(m.run, end, m.model.state_dict(), m.card, lambda: score(m), len(m.split.test)))


def finish_ended(run: Run) -> Generator[Event, None, Finished] | None:
    """:func:`finish` for a training that was over when its program died; None where it was not, or left no network."""
    try:
        end = End(**run.read_json(NOTE))
        kept = checkpoint.load(run.best)
    except (RunError, TypeError, CheckpointError):
        return None
    device, (split, notes) = choose_device(run.config.device), originals.unchanged_test(run, split_of(run))
    model = kept.model.to(device).eval()

    def scored() -> Report | None:
        return score_test_pictures(model, kept.card, split, device) if split.test else None

    def ending() -> Generator[Event, None, Finished]:
        yield from notes
        return (yield from _tested(run, end, kept.model.state_dict(), kept.card, scored, len(split.test)))

    return ending()


def _tested(
    run: Run,
    end: End,
    weights: Mapping[str, torch.Tensor],
    card: checkpoint.Card,
    scored: Callable[[], Report | None],
    count: int,
) -> Generator[Event, None, Finished]:
    """What is there of the ``count`` test pictures is scored; what is not is said."""
    metrics = end.metrics
    try:
        report = scored()
    except DataError:
        report = None
        yield Noted(key="note.test_pictures_gone", values={"count": count})
    if report is not None:
        if report.skipped:
            yield Noted(key="note.test_pictures_left_out", values={"count": len(report.skipped), "total": count})
        metrics |= {"test_accuracy": report.accuracy, "test_pictures": report.count}
        run.write_json(run.report_file.name, report.to_json())
    checkpoint.save(run.best, dict(weights), replace(card, metrics=metrics))
    return Finished(
        reason=end.reason,
        epochs_run=end.epochs_run,
        best_epoch=end.best_epoch,
        validation_accuracy=end.validation_accuracy,
        test_accuracy=None if report is None else report.accuracy,
        train_seconds=end.train_seconds,
    )
