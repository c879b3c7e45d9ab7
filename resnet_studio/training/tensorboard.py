"""A run's events as TensorBoard logs, since that is what people already look at. Needs the package ``tensorboard``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.errors import RunError

if TYPE_CHECKING:
    from resnet_studio.workspace import Run


def write(run: Run, folder: Path) -> None:
    """Write scalars an epoch, the settings and the final scores of ``run`` into ``folder``.

    Raises :class:`RunError` where tensorboard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise RunError("error.tensorboard.missing") from error
    state = run.state()
    with SummaryWriter(log_dir=str(folder)) as writer:
        for epoch in state.epochs:
            for tag, value in {
                "loss/train": epoch.train_loss,
                "loss/validation": epoch.validation_loss,
                "accuracy/train": epoch.train_accuracy,
                "accuracy/validation": epoch.validation_accuracy,
                "learning_rate": epoch.learning_rate,
                "pictures_per_second": epoch.pictures_per_second,
            }.items():
                writer.add_scalar(tag, value, epoch.epoch, walltime=epoch.time)
        if state.finished is not None:
            settings = {key: value for key, value in run.config.to_json().items() if value is not None}
            scores = {"final/validation_accuracy": state.finished.validation_accuracy}
            if state.finished.test_accuracy is not None:
                scores["final/test_accuracy"] = state.finished.test_accuracy
            writer.add_hparams(settings, scores, run_name=".")
