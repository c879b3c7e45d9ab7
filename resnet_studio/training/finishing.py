"""The end of a training: the best network is scored on the test pictures, once, and written down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from resnet_studio.events import Finished, FinishReason
from resnet_studio.model import checkpoint
from resnet_studio.training import saving
from resnet_studio.training.scoring import score

if TYPE_CHECKING:
    from resnet_studio.training.session import Session


def finish(session: Session, reason: FinishReason) -> Finished:
    """Score the best network on the test pictures, once, and write its checkpoint and its report."""
    m = session.materials
    best, suffix = session.kept.epoch, session.kept.suffix
    assert best is not None and suffix is not None
    m.suffix.load_state_dict(suffix)
    m.model.eval()
    report = score(m)
    metrics: dict[str, Any] = {
        "validation_accuracy": best.validation_accuracy,
        "validation_loss": best.validation_loss,
        "best_epoch": best.epoch,
        "epochs_run": session.epoch,
    }
    if report is not None:
        metrics |= {"test_accuracy": report.accuracy, "test_pictures": report.count}
        m.run.write_json(m.run.report_file.name, report.to_json())
    checkpoint.save(m.run.best, m.model.state_dict(), replace(m.card, metrics=metrics))
    if reason != "stopped":
        saving.forget_state(m.run)
    return Finished(
        reason=reason,
        epochs_run=session.epoch,
        best_epoch=best.epoch,
        validation_accuracy=best.validation_accuracy,
        test_accuracy=None if report is None else report.accuracy,
        train_seconds=session.train_seconds,
    )
