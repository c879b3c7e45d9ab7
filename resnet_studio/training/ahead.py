"""What a training with the usual settings will need, computed before anybody asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from typing import TYPE_CHECKING

from resnet_studio.config import TrainConfig
from resnet_studio.model.device import choose_device
from resnet_studio.run_settings import RunSettings
from resnet_studio.training import hardware
from resnet_studio.training.near_duplicates import group_near_duplicates
from resnet_studio.training.plan import resolve_for
from resnet_studio.training.setup import prepare
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.events import Event
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Workspace


def prepare_ahead(dataset: Dataset, workspace: Workspace, control: Control) -> Generator[Event, None, None]:
    """Look for near-duplicates in ``dataset``, decode its pictures and compute their features, into the cache.

    A training finds there what its settings have in common with the usual ones; of a set that has grown, all but the
    new pictures. The temporary folder is removed: no run is made. Raises :class:`StudioError` as a training would.
    """
    config = TrainConfig()
    resolved, parts = resolve_for(dataset, config)
    run = Run(workspace.new_folder("temporary", "ahead"))
    try:
        run.write_json("split.json", parts.to_json())
        run.write_settings(RunSettings({"counts": {}}, config, resolved))
        if (yield from group_near_duplicates(run, control)):
            yield from prepare(run, control)
    finally:
        shutil.rmtree(run.folder, ignore_errors=True)


def measure_machine(workspace: Workspace) -> None:
    """Find out how this machine computes fastest, where that is not known yet."""
    hardware.choose_compute("auto", choose_device("auto"), Run(workspace.temporary / "ahead").machine_file)
