"""Data sets are opened by everybody who reaches the page, and changed and deleted by those who brought them in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hand_made
import made
import pytest
from fastapi.testclient import TestClient
from hand_made import NoJobs, finish, new_run, report_of, train
from waiting import wait_for

from resnet_studio import belonging
from resnet_studio.data import editing, library
from resnet_studio.data.opening import open_data
from resnet_studio.ui.app import build_app
from resnet_studio.ui.results import trust
from resnet_studio.upkeep.bin import Bin
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.slow

HERE = "http://127.0.0.1:7860"
OUT = {"kind": "leave_out", "places": [0]}


class Page:
    """The app, and what its visitors do."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.app = build_app(workspace, NoJobs())

    def visitor(self, address: str) -> TestClient:
        client = TestClient(self.app, base_url=HERE, client=(address, 50_000))
        client.get("/")  # which gives the browser its number
        return client

    def event(self, client: TestClient, handler: str, data: list[Any], event: Any) -> Any:
        blocks = next(
            route.app for route in self.app.routes if hasattr(getattr(route, "app", None), "get_blocks")
        ).blocks
        index = next(index for index, each in blocks.fns.items() if getattr(each.fn, "__name__", "") == handler)
        body = {"data": data, "fn_index": index, "session_hash": "owned", "event_data": event}
        return client.post("/gradio_api/run/predict", json=body)

    def edit(self, client: TestClient, dataset: str, asked: dict[str, Any]) -> Any:
        """What the page is answered that edits ``dataset``."""
        return client.post(f"/studio/mend/{dataset}/edit", json=asked).json()

    def imported(self, client: TestClient, name: str) -> str:
        """The sample ``name``, as the visitor opens it by a click."""
        self.event(client, "_sample", [], {"key": name})
        found = wait_for(lambda: list(self.workspace.datasets.glob(f"*/{belonging.BROUGHT}")))
        return found[0].parent.name


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    opened = Page(Workspace.open(tmp_path_factory.mktemp("owned") / "workspace"))
    with TestClient(opened.app, base_url=HERE):
        yield opened


@pytest.fixture(scope="module")
def brought_by_program(page: Page, tmp_path_factory: pytest.TempPathFactory) -> str:
    files = {f"{kind}/{n}.png": made.picture(n, label=at) for at, kind in enumerate("ab") for n in range(3)}
    folder: Path = made.write(tmp_path_factory.mktemp("set"), files)
    return open_data(folder, page.workspace).id


def test_a_visitor_neither_changes_nor_deletes_a_set_of_others(page: Page, brought_by_program: str) -> None:
    stranger = page.visitor("192.168.7.8")
    answer = page.edit(stranger, brought_by_program, OUT)
    assert "Only the browser that brought this set in can change it" in answer["problem"]
    page.event(stranger, "edited", [brought_by_program], OUT)  # which only looks
    assert len(editing.current(page.workspace, brought_by_program).samples) == 6
    page.event(stranger, "removed", [None], {"key": brought_by_program})
    assert [each.id for each in library.list_datasets(page.workspace)] == [brought_by_program]
    shown = page.event(stranger, "shown", [brought_by_program], None)
    assert shown.status_code == 200  # looking is free


def test_who_sits_at_the_machine_changes_every_set(page: Page, brought_by_program: str) -> None:
    owner = page.visitor("127.0.0.1")
    after = page.edit(owner, brought_by_program, OUT)
    assert "problem" not in after and len(editing.current(page.workspace, after["dataset"]).samples) == 5
    shown = page.event(owner, "edited", [brought_by_program], {}).json()["data"]
    assert shown[0] == after["dataset"] and after["dataset"] in shown[1]  # the page follows
    assert page.edit(owner, after["dataset"], {"kind": "undo"})["dataset"] == brought_by_program


def test_who_opened_a_set_here_changes_it_from_any_address(page: Page) -> None:
    one, other = page.visitor("192.168.7.8"), page.visitor("192.168.7.9")
    sample = page.imported(one, "things")
    assert "Only the browser" in page.edit(other, sample, OUT)["problem"]
    answer = page.edit(one, sample, OUT)
    assert "problem" not in answer and answer["dataset"] != sample


def test_how_readily_a_model_knows_nothing_is_chosen_where_its_run_was_started(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(page.workspace)
    train(run, epochs=1)
    finish(run, report_of(run))
    chosen: list[float] = []
    monkeypatch.setattr(trust, "set_accepted", lambda _, share: chosen.append(share))
    asked = {"run": run.id, "part": "unknown", "action": "accept:0.9"}
    stranger = page.visitor("192.168.7.8")
    said = page.event(stranger, "analyse", [], asked).json()
    assert chosen == [] and "Only the browser that started this run" in str(said)
    page.event(page.visitor("127.0.0.1"), "analyse", [], asked)
    assert chosen == [0.9]


def test_what_was_deleted_is_seen_and_taken_back_by_those_whose_it_was_alone(page: Page) -> None:
    owner, stranger = page.visitor("192.168.7.8"), page.visitor("192.168.7.9")
    run = hand_made.new_run(page.workspace, name="mine-alone")
    page.event(owner, "remove", [], {"run": run.id})
    (entry,) = [each for each in Bin(page.workspace).listed() if each.id == run.id]

    other = hand_made.new_run(page.workspace, name="of-the-stranger")
    shown = page.event(stranger, "remove", [], {"run": other.id}).text
    assert "of-the-stranger" in shown and entry.entry not in shown
    for handler, event in (
        ("undo", {"entry": entry.entry}), ("remove_for_good", {"entry": entry.entry}), ("undone", {"key": entry.entry}),
    ):  # fmt: skip
        page.event(stranger, handler, [], event)
        assert Bin(page.workspace).find(entry.entry)

    assert "mine-alone" in page.event(owner, "undo", [], {"entry": entry.entry}).text
    assert run.folder.is_dir()
