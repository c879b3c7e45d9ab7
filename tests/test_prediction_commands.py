"""`predict` for many pictures, from the command line."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hand_made
import made
import pytest

from resnet_studio import cli
from resnet_studio.commands import predictions as prediction_commands
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.predicting import engine
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.usefixtures("narrow")

Command = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    import torch

    workspace = Workspace.open(tmp_path_factory.mktemp("commands") / "workspace")
    run = hand_made.new_run(workspace, classes=("cat", "dog"))
    hand_made.train(run, epochs=1)
    torch.manual_seed(0)
    how = Preprocessing(resize=36, crop=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    card = Card(classes=("cat", "dog"), depth=18, preprocessing=how)
    checkpoint.save(run.best, resnet.build(18, 2).state_dict(), card)
    return workspace, run.id


@pytest.fixture
def command(scene: tuple[Workspace, str], capsys: pytest.CaptureFixture[str]) -> Command:
    def call(name: str, *words: object) -> tuple[int, dict[str, Any]]:
        status = cli.main([name, *map(str, words), "--workspace", str(scene[0].root), "--json"])
        return status, json.loads(capsys.readouterr().out.splitlines()[-1])

    return call


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    files = {f"{n}.png": made.picture(n) for n in range(6)}
    return made.write(tmp_path / "mine", {**files, "sub/bad.png": b"\x89PNG\r\n\x1a\n", "notes.txt": b"notes"})


def test_a_folder_becomes_a_table_and_sorted_copies(
    command: Command, scene: tuple[Workspace, str], pictures: Path, tmp_path: Path
) -> None:
    before, out, sorted_ = made.fingerprint(pictures), tmp_path / "out.csv", tmp_path / "sorted"
    status, found = command("predict", scene[1], pictures, "--out", out, "--sort-into", sorted_, "--unsure-into")
    assert status == 0 and (found["done"], found["total"], found["failed"]) == (7, 7, 1)
    assert sum(found["counts"].values()) == 6 and found["file"] == str(out)
    assert len(out.read_text("utf-8-sig").splitlines()) == 8
    assert found["sorted"]["copied"] == len([path for path in sorted_.rglob("*") if path.is_file()]) == 6
    assert found["unsure"] == len(list((sorted_ / "unsure").iterdir())) if found["unsure"] else True
    assert made.fingerprint(pictures) == before
    listed = command("predictions")[1]["predictions"]
    assert next(row for row in listed if row["job"] == found["job"])["status"] == "done"
    deleted = command("predictions", "--delete", found["job"])[1]
    assert deleted["deleted"] == found["job"] and deleted["bin"]


def test_a_stopped_command_goes_on_with_resume(
    command: Command, scene: tuple[Workspace, str], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "AT_ONCE", 2)
    named: list[str] = []
    original = prediction_commands.answering

    def interrupted(*given: Any, **options: Any) -> engine.Answering:
        tool = original(*given, **options)

        def answer(files: Any) -> Any:
            named.extend(file.name for file in files)
            if len(named) == 4:
                os.kill(os.getpid(), signal.SIGINT)
            return tool.answer(files)

        return engine.Answering(answer, tool.judge)

    monkeypatch.setattr(prediction_commands, "answering", interrupted)
    status, found = command("predict", scene[1], pictures, "--out", tmp_path / "out")
    assert status == 1 and "4 of 7 pictures" in found["error"] and "--resume" in found["error"]
    assert not (tmp_path / "out").exists()
    status, found = command("predict", scene[1], pictures, "--out", tmp_path / "out", "--resume")
    assert status == 0 and found["done"] == 7 and sorted(named) == sorted(path.name for path in pictures.rglob("*.png"))
    assert found["file"] == str(tmp_path / "out" / "predictions.csv")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nothing/here", "--out", "x.csv"], "nothing at"),
        (["{mine}", "--out", "x.xlsx"], "is no table"),
        (["{mine}", "--unsure-into"], "--sort-into"),
        (["{empty}", "--sort-into", "x"], "None of these files"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    words: list[str], says: str, command: Command, scene: tuple[Workspace, str], pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir(exist_ok=True)
    given = [word.format(mine=pictures, empty=tmp_path / "empty") for word in words]
    status, found = command("predict", scene[1], *given)
    assert status == 2 and says in found["error"]


def test_a_few_pictures_are_answered_at_once_and_say_how_sure(
    command: Command, scene: tuple[Workspace, str], pictures: Path
) -> None:
    status, found = command("predict", scene[1], pictures / "1.png", pictures / "2.png")
    assert status == 0 and {row["level"] for row in found["predictions"]} <= {"unrated", "unsure"}


def test_the_nearest_training_pictures_come_with_the_answer(
    command: Command, scene: tuple[Workspace, str], pictures: Path, tmp_path: Path
) -> None:
    status, found = command("predict", scene[1], pictures / "1.png", "--nearest", "3")
    (row,) = found["predictions"]
    assert status == 0 and len(row["nearest"]) == 3
    assert all(each["agrees"] == (each["label"] == row["label"]) for each in row["nearest"])
    similar = [each["similarity"] for each in row["nearest"]]
    assert similar == sorted(similar, reverse=True) and max(similar) <= 1.001
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes((scene[0].run(scene[1]).best).read_bytes())
    status, found = command("predict", alone, pictures / "1.png", "--nearest", "3")
    assert status == 2 and "single run" in found["error"]
