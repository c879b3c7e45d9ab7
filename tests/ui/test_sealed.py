"""What a pupil can learn of a sealed test set, through every route and every handler of the page: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import made
import pytest

from resnet_studio.data import intake
from resnet_studio.service.people import declared
from resnet_studio.service.people.boards import Board, Boards, Submission

from . import people_scene
from .people_scene import Scene
from .test_people_matrix import ENDLESS, ENDS, FIXED, attempts

pytestmark = pytest.mark.slow

SECRET = "siegel9c4d"
"""In the name of every sealed picture."""


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Board]]:
    folder = tmp_path_factory.mktemp("sealed")
    scene = Scene(folder)
    files = {f"{name}/{SECRET}{n}.png": made.picture(n) for name in people_scene.CLASSES for n in range(3)}
    dataset = intake.from_zip(made.zipped(folder / "sealed.zip", files), scene.workspace)
    boards = Boards(scene.workspace)
    board = boards.create(dataset.id, "Sealed")
    facts: dict[str, Any] = {"status": "scored", "accuracy": 0.5, "low": 0.2, "high": 0.8, "right": "101010"}
    who = f"person:{scene.other.id}"
    board.write(Submission(number=1, who=who, run="gone", name="mine", time=1.0, **facts))
    with scene.running():
        yield scene, board


def names_of(board: Board) -> list[str]:
    """All that a browser could call the set, or a file of it."""
    folder = board.root / "datasets" / board.dataset
    picture = next(path for path in folder.rglob("*") if path.suffix in (".png", ""))
    return [
        board.dataset, board.id, f"../sealed/{board.id}/datasets/{board.dataset}", str(folder),
        str(board.root / "board.json"), str(folder / "dataset.json"), str(picture), f"dataset:{board.dataset}",
    ]  # fmt: skip


def told(answer: Any) -> bool:
    return SECRET in answer.text or "101010" in answer.text or answer.headers.get("content-type", "") == "image/png"


def test_no_route_tells_a_pupil_of_a_sealed_set(sealed: tuple[Scene, Board]) -> None:
    scene, board = sealed
    tried, files = 0, sealed_files(board)
    for route in sorted(declared.ROUTES):
        method, _, template = route.partition(" ")
        if route in ENDLESS or route in ENDS or "{" not in template:
            continue
        for name in names_of(board):
            path = template
            for key in ("{dataset}", "{name}", "{id}", "{path_or_url:path}"):
                path = path.replace(key, name)
            values = {**FIXED, "{format}": "csv", "{part}": "test", "{act}": "reveal"}
            for key, value in values.items():
                path = path.replace(key, value)
            body: dict[str, Any] = {"json": {"dataset": name, "id": name, "run": name}} if method == "POST" else {}
            answer, tried = scene.clients["other"].request(method, path, **body), tried + 1
            assert not told(answer), (route, name, answer.text[:500])
    assert tried > 300 and sealed_files(board) == files
    seen = scene.clients["other"].get("/studio/people/boards").text
    assert "Sealed" in seen and SECRET not in seen and "101010" not in seen


def test_no_handler_tells_a_pupil_of_a_sealed_set(sealed: tuple[Scene, Board], monkeypatch: pytest.MonkeyPatch) -> None:
    scene, board = sealed
    files, seen, tried = sealed_files(board), set[str](), 0
    known = dict(scene.ids)
    for name in names_of(board)[::3]:
        monkeypatch.setattr(scene, "ids", {**known, "dataset": name, "run": name, "model": name, "upload": name})
        for index, handler in scene.handlers():
            called = declared.name_of(handler.fn)
            if (name, called) in seen:
                continue
            seen.add((name, called))  # type: ignore[arg-type]
            for data, facts in list(attempts(scene, handler))[:2]:
                answer, tried = scene.event("other", index, data, facts), tried + 1
                assert not told(answer), (called, data, answer.text[:500])
    assert tried > 150 and sealed_files(board) == files


def test_the_teacher_finds_it_only_where_it_is_opened_for_scoring(sealed: tuple[Scene, Board]) -> None:
    """Else the tests above would say nothing."""
    scene, board = sealed
    assert any(SECRET in sample.name for sample in board.opened().samples)
    listed = scene.clients["teacher"].get("/studio/people/boards/list").text
    assert "Sealed" in listed and "50.0 %" in listed and SECRET not in listed


def test_pupils_see_names_only_where_the_teacher_allows_it(sealed: tuple[Scene, Board]) -> None:
    scene, _ = sealed
    path = "/studio/people/boards/list"
    assert "Other" in scene.clients["other"].get(path).text and "Other" not in scene.clients["owner"].get(path).text
    assert scene.clients["teacher"].post("/studio/people/boards/names", json={"shown": True}).json() == {"shown": True}
    assert "Other" in scene.clients["owner"].get(path).text
    assert scene.clients["owner"].post("/studio/people/boards/names", json={"shown": False}).status_code == 403
    scene.clients["teacher"].post("/studio/people/boards/names", json={"shown": False})
    assert "Other" not in scene.clients["owner"].get(path).text


def sealed_files(board: Board) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in board.root.rglob("*") if path.is_file()}
