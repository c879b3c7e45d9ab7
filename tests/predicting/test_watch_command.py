"""``predict --watch`` as people and programs begin and end it."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading

import made
import pytest
import torch
import waiting

from resnet_studio.cli import main
from resnet_studio.commands import watching as watching_command
from resnet_studio.model.checkpoint import Card, Preprocessing, save
from resnet_studio.model.resnet import build
from resnet_studio.predicting import copies, watching
from resnet_studio.predicting.engine import Answering
from resnet_studio.prediction import Prediction


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.manual_seed(0)
    card = Card(classes=("a", "b"), depth=18, preprocessing=Preprocessing(resize=32, crop=32))
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save(path, build(18, 2).state_dict(), card)
    return path


@pytest.fixture
def folder(tmp_path):
    return made.write(tmp_path / "camera", {"1.png": made.picture(1), "2.png": made.picture(2), "x.txt": b"x"})


def said(capsys, *arguments, status=0):
    assert main(["predict", *map(str, arguments), "--json"]) == status
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_once_does_what_is_there_and_says_what_was_done(model, folder, tmp_path, capsys):
    asked = (model, "--watch", folder, "--sort", "--move", "--once", "--settle", 0, "--workspace", tmp_path / "w")
    found = said(capsys, *asked)
    assert (found["done"], found["before"], found["failed"], found["others"]) == (2, 0, 0, 1)
    assert found["file"] == str(folder / "sorted" / "predictions.csv") and sum(found["counts"].values()) == 2
    assert found["sorted"] == {"folder": str(folder / "sorted"), "moved": True}
    assert [path.name for path in folder.glob("*.*")] == ["x.txt"]
    assert len(list((folder / "sorted").rglob("*.png"))) == 2
    made.write(folder, {"3.png": made.picture(3)})
    again = said(capsys, *asked)
    assert (again["done"], again["before"]) == (1, 2)


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_threshold_decides_as_it_does_elsewhere(model, folder, tmp_path, capsys, name):
    asked = (model, "--watch", folder, "--sort", "--once", "--settle", 0, "--workspace", tmp_path / "w")
    assert said(capsys, *asked, "--threshold", f"{name}=0")["counts"][name] == 2


def test_pictures_of_none_of_the_classes_are_counted_apart(model, folder, tmp_path, capsys, monkeypatch):
    def answer(files):
        return [Prediction("a", 0.9, (("a", 0.9), ("b", 0.1)), unknown=file.name == "1.png") for file in files]

    tool = Answering(answer, lambda prediction: "unknown" if prediction.unknown else "sure")
    monkeypatch.setattr(watching_command, "answering", lambda *_, **__: tool)
    found = said(capsys, model, "--watch", folder, "--sort", "--once", "--settle", 0, "--workspace", tmp_path / "w")
    assert (found["done"], found["unknown"], found["counts"]) == (2, 1, {"a": 1, "b": 0})


@pytest.mark.slow
def test_ctrl_c_ends_it_in_order(model, folder, tmp_path):
    command = [sys.executable, "-m", "resnet_studio", "predict", model, "--watch", folder, "--settle", "0.1",
               "--out", tmp_path / "found.csv", "--workspace", tmp_path / "w", "--json"]  # fmt: skip
    watching = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
    )  # fmt: skip
    lines = [watching.stderr.readline() for _ in range(3)]
    made.write(folder, {"3.png": made.picture(3)})
    lines.append(watching.stderr.readline())
    watching.send_signal(signal.SIGINT)
    out, errors = watching.communicate(timeout=60)
    assert watching.returncode == 0, errors
    assert "0 done before" in lines[0] and lines[3].startswith("3.png: ")
    found = json.loads(out.strip().splitlines()[-1])
    assert found["done"] == 3 and found["sorted"] is None
    assert len((tmp_path / "found.csv").read_text("utf-8-sig").splitlines()) == 4


@pytest.mark.parametrize("step", ["copies.put", "watching.sync"])
@pytest.mark.parametrize("fails", [1, 2])
def test_a_disk_that_is_away_for_a_while_ends_nothing(model, folder, tmp_path, capsys, monkeypatch, step, fails):
    module, name = {"copies.put": (copies, "put"), "watching.sync": (watching, "sync")}[step]
    real, calls, table = getattr(module, name), [], folder / "sorted" / "predictions.csv"

    def failing(*arguments):
        calls.append(name)
        if len(calls) == fails:  # the second writing is that of the table: a spreadsheet may have it open
            raise PermissionError(errno.EACCES, "open in another program")
        return real(*arguments)

    def rows():
        return table.read_text("utf-8-sig").splitlines()[1:] if table.exists() else []

    def end():
        waiting.wait_for(lambda: len(rows()) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(module, name, failing)
    (thread := threading.Thread(target=end, daemon=True)).start()
    assert main(["predict", str(model), "--watch", str(folder), "--sort", "--settle", "0",
                 "--workspace", str(tmp_path / "w"), "--json"]) == 0  # fmt: skip
    thread.join()
    out = capsys.readouterr()
    assert [row.split(",")[2] for row in rows()] == ["1.png", "2.png"] and "trying again until it works" in out.err
    assert len(list((folder / "sorted").rglob("*.png"))) == 2 and json.loads(out.out.splitlines()[-1])["done"] == 2


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--watch", "{folder}"), "--sort for class folders"), (("--watch", "{folder}/nowhere", "--sort"), "no folder"),
        (("--watch", "{folder}", "--out", "t.json"), "CSV file"),
        (("--watch", "{folder}", "--out", "t.csv", "--move"), "--sort"),
        (("--watch", "{folder}", "--sort-into", "{folder}"), "the watched folder itself"),
        (("--watch", "{folder}", "--sort", "--settle", "nan"), "seconds"),
        (("{folder}", "--sort"), "--sort-into FOLDER"),
        (("--watch", "{folder}", "--sort", "--threshold", "c=0.5"), "c"),
        (("{folder}", "--watch", "{folder}", "--sort"), "stands alone"), ((), "--watch FOLDER"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_in_a_sentence(model, folder, tmp_path, capsys, more, sentence):
    filled = [each.format(folder=folder) for each in more]
    found = said(capsys, model, *filled, "--workspace", tmp_path / "w", status=2)
    assert set(found) == {"error"} and sentence in found["error"]
