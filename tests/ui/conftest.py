from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from resnet_studio.data import intake
from resnet_studio.workspace import Workspace


@pytest.fixture
def queue() -> Any:
    """Stands in for the queue of trainings; ``at_work`` are the runs that train."""
    at_work: list[str] = []
    return SimpleNamespace(at_work=at_work, running=lambda: list(at_work), queued=list)


@pytest.fixture
def dataset(workspace: Workspace, class_folders: Callable[..., Path]) -> str:
    """The identifier of a small data set."""
    return intake.from_folder(class_folders({"cat": 20, "dog": 20}), workspace, name="pets").id
