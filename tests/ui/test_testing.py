"""Other pictures to test on, in the Train tab: offered, brought, said in the plan, refused where they may not be."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from hand_made import NoJobs
from made import class_files, picture, zipped

from resnet_studio import acting, belonging
from resnet_studio.data import editing, intake
from resnet_studio.data.edits import Edit
from resnet_studio.errors import ConfigError
from resnet_studio.service.people.rules import Person
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train.form import NAMES, NEEDS, changed_values, config_of, restored
from resnet_studio.ui.train.handlers import Handlers
from resnet_studio.ui.train.testing import TestingHandlers
from resnet_studio.workspace import Workspace


@pytest.fixture
def studio(workspace: Workspace) -> Studio:
    return Studio(workspace, cast(Any, NoJobs()))


@pytest.fixture
def handlers(studio: Studio) -> Handlers:
    return Handlers(studio)


def values(**changes: Any) -> list[Any]:
    return [{**train_form.defaults(), **changes}[name] for name in NAMES]


def shown(updates: list[Any]) -> dict[str, Any]:
    """Of the dependents, which come last, those that are looked at here."""
    places = {"test_data": 4, "tested": 5, "recipe": 0, "forecast": -3, "problem": -2, "train": -1}
    dependents = updates[-(12 + len(NEEDS)) :]
    return {name: dependents[place] for name, place in places.items()}


@pytest.fixture
def own(workspace: Workspace, tmp_path: Path) -> str:
    return intake.from_zip(zipped(tmp_path / "own.zip", class_files({"cat": 8, "dog": 8})), workspace).id


def brought(studio: Studio, file: Path, dataset: str) -> tuple[Any, str]:
    """What the list and the status say once ``file`` was sent to the picker."""
    sent = studio.workspace.temporary / file.name
    sent.write_bytes(file.read_bytes())
    handlers = TestingHandlers(studio, Handlers(studio).find_dataset)
    event = SimpleNamespace(_data={"name": file.name, "files": [[file.name, str(sent)]]})
    return list(handlers.picked(dataset, cast(gr.EventData, event)))[-1]


def others(seed: int = 50) -> dict[str, bytes]:
    return {f"{name}/{n}.png": picture(seed + n, label=at) for at, name in enumerate(("cat", "dog")) for n in range(3)}


def test_what_is_brought_becomes_the_choice_and_the_plan_says_it(
    studio: Studio, handlers: Handlers, own: str, tmp_path: Path
) -> None:
    listed, status = brought(studio, zipped(tmp_path / "other.zip", others()), own)
    assert status == "" and listed["value"] in [value for _, value in listed["choices"]]
    seen = shown(handlers.changed(own, *values(test_data=listed["value"])))
    assert "6 pictures of “other”" in seen["tested"] and "6 pictures of “other”" in seen["forecast"]
    assert (
        seen["test_data"]["value"] == listed["value"] and seen["train"]["interactive"] and seen["recipe"] == "balanced"
    )
    run, problem = handlers.start(own, *values(test_data=listed["value"]))
    assert problem == "" and len(studio.workspace.run(run).read_json("outside.json")["test"]["name"]) == 6


def test_what_does_not_fit_is_said_and_nothing_can_be_started(
    studio: Studio, handlers: Handlers, own: str, tmp_path: Path
) -> None:
    listed, _ = brought(studio, zipped(tmp_path / "bird.zip", {"bird/1.png": picture(77)}), own)
    seen = shown(handlers.changed(own, *values(test_data=listed["value"])))
    assert "bird" in seen["problem"] and not seen["train"]["interactive"]
    _, problem = handlers.start(own, *values(test_data=listed["value"]))
    assert "bird" in problem and not studio.workspace.runs()
    listed, status = brought(studio, zipped(tmp_path / "none.zip", {"notes.txt": b"nothing"}), own)
    assert "rs-note" in status or "alert" in status
    assert "value" not in listed  # what was chosen before stays


def test_the_choice_survives_a_reload_and_an_edit_of_that_set(
    studio: Studio, handlers: Handlers, own: str, tmp_path: Path
) -> None:
    listed, _ = brought(studio, zipped(tmp_path / "other.zip", others()), own)
    stored = changed_values(values(test_data=listed["value"]))
    assert restored(stored, None)["test_data"] == listed["value"]
    edited = editing.edit(
        studio.workspace, listed["value"].partition(":")[2], Edit(kind="leave_out", pictures=("cat/0.png",))
    )
    seen = shown(handlers.restore(stored, None, own))
    assert seen["test_data"]["value"] == f"dataset:{edited.id}" and "5 pictures" in seen["tested"]


def test_the_set_itself_is_not_offered_and_a_page_names_no_path(
    workspace: Workspace, handlers: Handlers, own: str, tmp_path: Path
) -> None:
    offered = shown(handlers.changed(own, *values()))["test_data"]["choices"]
    assert [value for _, value in offered] == ["none"]
    for named in (str(tmp_path), "/etc", "sample:digits", "public:cifar10"):
        with pytest.raises(ConfigError):
            config_of(values(test_data=named), workspace)
        assert shown(handlers.changed(own, *values(test_data=named)))["test_data"]["value"] == "none"


def test_a_set_of_somebody_else_is_neither_offered_nor_tested_on(
    workspace: Workspace, handlers: Handlers, tmp_path: Path
) -> None:
    anna, ben = (Person(id=name, name=name, role="pupil") for name in ("anna", "ben"))
    with acting.acting_as(anna):
        hers = intake.from_zip(zipped(tmp_path / "hers.zip", others()), workspace).id
    with acting.acting_as(ben):
        own = intake.from_zip(zipped(tmp_path / "own.zip", class_files({"cat": 8, "dog": 8})), workspace).id
        offered = shown(handlers.changed(own, *values(test_data=f"dataset:{hers}")))["test_data"]
        assert [value for _, value in offered["choices"]] == ["none"] and offered["value"] == "none"
        _, problem = handlers.start(own, *values(test_data=f"dataset:{hers}"))
        assert "list" in problem and not workspace.runs()
    belonging.share(workspace.datasets / hers, shared=True)
    with acting.acting_as(ben):
        assert config_of(values(test_data=f"dataset:{hers}"), workspace).test_data == f"dataset:{hers}"
