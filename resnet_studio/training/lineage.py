"""Which run a training starts from: its weights may be those of an earlier one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.errors import CheckpointError, RunError
from resnet_studio.model.card import read_card
from resnet_studio.model.weights import is_path

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.workspace import Workspace

PREFIX = "run:"


def with_weights_of_run(config: TrainConfig, workspace: Workspace) -> TrainConfig:
    """``config`` with the file that weights ``run:NAME`` stand for; NAME as :meth:`Workspace.find_run` takes it.

    Raises :class:`RunError` where there is no such run, or where it has no model yet.
    """
    if not config.weights.startswith(PREFIX):
        return config
    run = workspace.find_run(config.weights.removeprefix(PREFIX))
    if not run.best.is_file():
        raise RunError("error.run.no_model", run=run.id)
    return config.replace(weights=str(run.best))


def parents_of(config: TrainConfig) -> list[str]:
    """The id of the run whose model the training starts from, as that model says itself; empty where there is none."""
    if not is_path(config.weights):
        return []
    try:
        run = read_card(Path(config.weights).expanduser()).run
    except CheckpointError:  # weights from elsewhere
        return []
    return [run] if run else []
