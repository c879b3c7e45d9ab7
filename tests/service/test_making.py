"""Classes that are made on the page: takes, edits, and whose they are."""

from __future__ import annotations

from pathlib import Path

import made
import pytest
from waiting import wait_for

from resnet_studio.config import TrainConfig
from resnet_studio.data import library, made_here
from resnet_studio.data.opening import open_data
from resnet_studio.errors import DataError
from resnet_studio.service.editor import Editor, NotYoursError
from resnet_studio.service.making import MOST_PICTURES, Making
from resnet_studio.training.plan import resolve_for
from resnet_studio.workspace import Workspace

ME, OTHER = "browser:me", "browser:other"
TAKE = "0123456789abcdef"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "workspace")


@pytest.fixture
def making(workspace: Workspace) -> Making:
    return Making(workspace, Editor(workspace))


def record(making: Making, dataset: str, label: str, count: int, first: int = 0, take: str = TAKE) -> str:
    """Add ``count`` pictures as one take; returns the id after it."""
    for number in range(first, first + count):
        making.stage(take, dataset, label, "webcam.png", made.picture(number), by=ME)
    after = making.keep(take, "Mine", by=ME)
    assert after is not None
    return after.id


def cards(making: Making, dataset: str, by: str = ME) -> dict[str, int]:
    return {card["name"]: card["count"] for card in making.state(dataset, by=by)["cards"]}


def test_a_set_begins_with_its_first_take_and_each_take_is_one_edit(making: Making, workspace: Workspace) -> None:
    new = made_here.new_id()
    assert making.state(new, by=ME)["cards"] == [] and library.list_datasets(workspace) == []
    now = record(making, new, "cup", 4)
    now = record(making, now, "pen", 3, first=10)

    assert cards(making, now) == {"cup": 4, "pen": 3}
    (listed,) = library.list_datasets(workspace)
    assert (listed.id, listed.name, listed.pictures, listed.classes) == (now, "Mine", 7, 2)
    undone = making.edit(now, {"kind": "undo"}, by=ME)
    assert undone.counts == {"cup": 4} and not making.state(now, by=ME)["undo"]
    assert making.edit(now, {"kind": "redo"}, by=ME).id == now
    assert list(workspace.temporary.iterdir()) == []


@pytest.mark.parametrize(
    "requested",
    [{"kind": "undo"}, {"kind": "leave_out", "places": [0]}, {"kind": "rename", "classes": ["cup"], "label": "x"}],
)
def test_the_grid_of_another_browser_changes_nothing_of_it_either(making: Making, requested: dict[str, object]) -> None:
    now = record(making, made_here.new_id(), "cup", 4)
    with pytest.raises(NotYoursError):
        making.editor.edit(now, requested, OTHER)
    assert cards(making, now) == {"cup": 4}
    assert making.editor.edit(now, {"kind": "leave_out", "places": [0]}, ME).counts == {"cup": 3}


def test_pictures_of_a_page_that_went_away_are_not_lost(workspace: Workspace) -> None:
    making, new = Making(workspace, Editor(workspace), idle_seconds=0.2), made_here.new_id()
    making.stage(TAKE, new, "cup", "a.png", made.picture(1), by=ME)
    wait_for(lambda: cards(making, new))
    assert cards(making, new) == {"cup": 1}
    assert making.keep(TAKE, "Mine", by=ME) is None  # the page came back too late, and nothing happens twice


def test_only_the_browser_that_makes_a_set_changes_it(making: Making) -> None:
    now = record(making, made_here.new_id(), "cup", 2)
    assert cards(making, now, OTHER) == {"cup": 2} and not making.state(now, by=OTHER)["mine"]
    with pytest.raises(NotYoursError):
        making.stage("f" * 16, now, "cup", "a.png", made.picture(9), by=OTHER)
    with pytest.raises(NotYoursError):
        making.edit(now, {"kind": "undo"}, by=OTHER)
    making.stage(TAKE, now, "cup", "a.png", made.picture(9), by=ME)
    with pytest.raises(DataError):
        making.stage(TAKE, now, "pen", "a.png", made.picture(8), by=ME)  # a take is of one class
    assert making.keep(TAKE, "", by=OTHER) is None
    assert making.keep(TAKE, "", by=ME) is not None


def test_a_class_is_switched_off_and_on_without_bringing_back_what_was_left_out_before(making: Making) -> None:
    now = record(making, made_here.new_id(), "cup", 4)
    now = record(making, now, "pen", 2, first=10)
    editor = making.editor
    now = editor.edit(now, {"kind": "leave_out", "places": [0]}, ME).id

    off = making.edit(now, {"kind": "off", "label": "cup"}, by=ME)
    assert off.counts == {"pen": 2}
    assert [card["off"] for card in making.state(off.id, by=ME)["cards"]] == [True, False]
    with pytest.raises(DataError):
        making.edit(off.id, {"kind": "rename", "classes": ["pen"], "label": "cup"}, by=ME)  # it would join the one off
    assert making.edit(off.id, {"kind": "on", "label": "cup"}, by=ME).counts == {"cup": 3, "pen": 2}


def test_a_class_is_deleted_whole_and_comes_back(making: Making) -> None:
    now = record(making, made_here.new_id(), "cup", 3)
    now = record(making, now, "pen", 2, first=10)
    assert making.edit(now, {"kind": "remove_class", "label": "cup"}, by=ME).counts == {"pen": 2}
    assert making.edit(now, {"kind": "undo"}, by=ME).counts == {"cup": 3, "pen": 2}
    with pytest.raises(DataError):
        making.edit(now, {"kind": "remove_class", "label": "nothing"}, by=ME)


def test_what_is_no_picture_is_refused_and_leaves_nothing(making: Making, workspace: Workspace) -> None:
    new = made_here.new_id()
    for content in (b"", b"hello", b"\x89PNG\r\n"[:4]):
        with pytest.raises(DataError):
            making.stage(TAKE, new, "cup", "a.png", content, by=ME)
    making.stage(TAKE, new, "cup", "a.png", made.picture(1)[:60], by=ME)  # looks like one, and is cut off
    with pytest.raises(DataError):
        making.keep(TAKE, "Mine", by=ME)
    assert not made_here.is_begun(workspace, new) and list(workspace.datasets.glob("*")) == []
    assert list(workspace.temporary.iterdir()) == []


def test_a_take_holds_so_many_pictures_and_no_more(making: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resnet_studio.service.making.MOST_PICTURES", 3)
    assert MOST_PICTURES > 100
    new = made_here.new_id()
    for number in range(3):
        making.stage(TAKE, new, "cup", "a.png", made.picture(number), by=ME)
    with pytest.raises(DataError):
        making.stage(TAKE, new, "cup", "a.png", made.picture(9), by=ME)
    monkeypatch.setattr("resnet_studio.service.making.MOST_WAITING_BYTES", 10)
    with pytest.raises(DataError):
        making.stage("a" * 16, new, "cup", "a.png", made.picture(9), by=ME)
    assert making.keep(TAKE, "", by=ME) is not None


@pytest.mark.parametrize("take", ["", "short", "../../etc/passwd", "x" * 16, "a" * 33, "A" * 16])
def test_names_of_takes_are_random_numbers_and_nothing_else(making: Making, take: str) -> None:
    with pytest.raises(DataError):
        making.stage(take, made_here.new_id(), "cup", "a.png", made.picture(1), by=ME)


@pytest.mark.parametrize("dataset", ["made-1", "../x", "made-zzzzzzzzzzzzzzzz", "made-0123456789abcdef/..", "nothing"])
def test_a_data_set_that_there_is_not_is_none_to_add_to(making: Making, dataset: str) -> None:
    with pytest.raises(DataError):
        making.stage(TAKE, dataset, "cup", "a.png", made.picture(1), by=ME)


def test_of_a_few_recorded_pictures_only_the_head_is_trained(
    making: Making, workspace: Workspace, tmp_path: Path
) -> None:
    new = made_here.new_id()
    record(making, new, "cup", 10)
    recorded = library.find_dataset(workspace, record(making, new, "pen", 10, first=20))
    files = {f"{kind}/{n}.png": made.picture(n) for kind in ("cup", "pen") for n in range(10)}
    opened = open_data(made.write(tmp_path / "set", files), workspace)
    levels = [resolve_for(each, TrainConfig())[0].freeze for each in (recorded, opened)]
    assert levels == ["layer4", "layer3"]
    assert resolve_for(recorded, TrainConfig(freeze="layer2"))[0].freeze == "layer2"
