"""Where few pictures would be tested, the Train tab says that every one can be, and a button sets it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hand_made import new_run

from resnet_studio import labels
from resnet_studio.data import intake
from resnet_studio.service.forecast import Forecaster
from resnet_studio.service.run_data import look
from resnet_studio.ui.train.every import EveryHandlers
from resnet_studio.workspace import Workspace


@pytest.fixture
def handlers(workspace: Workspace) -> EveryHandlers:
    return EveryHandlers(Forecaster(workspace).find_dataset)


def opened(workspace: Workspace, folder: Path) -> str:
    return intake.from_folder(folder, workspace, name="pets").id


def test_few_test_pictures_are_said_with_a_button_that_sets_five_trainings_and_takes_them_back(
    workspace: Workspace, handlers: EveryHandlers, class_folders: Callable[..., Path]
) -> None:
    dataset = opened(workspace, class_folders({"cat": 20, "dog": 20}))
    said, button = handlers.look(dataset, 1, 0.15, 0.15)
    assert "Only 6 of 40 pictures" in said and button["visible"] and "five times" in button["value"]
    pressed = handlers.press(1)
    assert pressed["value"] == "folds" and "folds" in [value for _, value in pressed["choices"]]
    said, button = handlers.look(dataset, "folds", 0.15, 0.15)
    assert "another fifth of the 40 pictures" in said and "once" in button["value"]
    assert handlers.press("folds")["value"] == 1
    assert "None of 40 pictures" in handlers.look(dataset, 1, 0.15, 0)[0]


def test_as_many_are_said_to_be_tested_as_the_split_on_the_data_tab_shows(
    workspace: Workspace, handlers: EveryHandlers, class_folders: Callable[..., Path]
) -> None:
    dataset = opened(workspace, class_folders({"box": 12, "cone": 12, "ring": 12}))
    assert "Only 6 of 36 pictures" in handlers.look(dataset, 1, 0.15, 0.15)[0]


def test_nothing_is_said_where_enough_are_tested_or_the_parts_are_preset(
    workspace: Workspace, handlers: EveryHandlers, class_folders: Callable[..., Path]
) -> None:
    dataset = opened(workspace, class_folders({"cat": 60, "dog": 60}))
    assert handlers.look(dataset, 1, 0.1, 0.8)[0] == "" and handlers.look(dataset, 1, 0.15, 0.15)[0] != ""
    preset = {f"{part}/{name}": 4 for part in ("train", "test") for name in ("cat", "dog")}
    assert handlers.look(opened(workspace, class_folders(preset, "preset")), 1, 0.15, 0.15)[0] == ""
    assert handlers.look(None, 1, 0.15, 0.15)[0] == ""


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("pets-resnet18-fold-2", "pets-resnet18 (2/5)"),
        ("我的宠物 (fold 2)", "我的宠物 (2/5)"),
        ("My pets (seed 7)", "My pets (2/5)"),
        ("renamed", "renamed"),
    ],
)
def test_the_parts_of_a_study_are_called_by_their_number_in_any_language(stored: str, shown: str) -> None:
    about: dict[str, Any] = {"name": stored, "study": {"kind": "folds", "part": 2, "of": 5}}
    assert labels.shown(about, "id") == shown
    assert labels.shown({"name": stored}, "id") == stored and labels.shown({}, "id") == "id"


def test_pages_call_them_so(workspace: Workspace) -> None:
    run = new_run(workspace)
    settings = run.settings
    about = {**settings.about, "name": "宠物 (fold 1)", "study": {"kind": "folds", "part": 1, "of": 5}}
    run.write_settings(type(settings)(about, settings.requested, settings.resolved))
    found = look(run)
    assert getattr(found, "name", "") == "宠物 (1/5)"
