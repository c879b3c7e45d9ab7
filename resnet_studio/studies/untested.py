"""What a study may see: the pictures of a training without its test part, and runs that leave nothing."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from resnet_studio.data.run_split import split_of
from resnet_studio.run_settings import RunSettings
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset, Split
    from resnet_studio.events import Event
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Workspace


def untested_split(
    dataset: Dataset, config: TrainConfig, workspace: Workspace, control: Control
) -> Generator[Event, None, Split | None]:
    """``dataset`` cut as for a training of ``config``, near-duplicates kept together, and its test part left out.

    A training would not cut it again. None where ``control`` asked for the end of it.
    """
    from resnet_studio.training.near_duplicates import group_near_duplicates
    from resnet_studio.training.plan import resolve_for

    resolved, parts = resolve_for(dataset, config)
    with temporary_run(workspace, resolved, parts) as run:
        if not (yield from group_near_duplicates(run, control)):
            return None
        split = split_of(run)
    return replace(split, test=(), together={**split.together, "near": split.together.get("near") or 0})


@contextmanager
def temporary_run(workspace: Workspace, config: TrainConfig, split: Split) -> Iterator[Run]:
    """A run that is removed in the end: it shares the workspace's cache, and leaves nothing."""
    run = Run(workspace.new_folder("temporary", "study"))
    try:
        run.write_json("split.json", split.to_json())
        run.write_settings(RunSettings({}, config, config))
        yield run
    finally:
        shutil.rmtree(run.folder, ignore_errors=True)
