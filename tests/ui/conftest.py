from __future__ import annotations

from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="session", autouse=True)
def machine_not_examined() -> Iterator[None]:
    """What the button for it starts is a program that trains for seconds: where all handlers are tried, it does not.

    ``service/test_doctor.py`` is about it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("resnet_studio.ui.runs.checking.examination", lambda _: {"problems": [], "report": "sound"})
        yield
