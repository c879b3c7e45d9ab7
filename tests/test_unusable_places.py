"""A place that cannot be written to is the user's to change: one sentence that names it, and exit status 2."""

import json
from pathlib import Path

import made
import pytest
from hand_made import finish, new_run, report_of, train

from resnet_studio import cli
from resnet_studio.durable import place_trouble
from resnet_studio.workspace import Workspace

NOWHERE = "/proc/nowhere" if Path("/proc/self").is_dir() else "n" * 300
"""Where nothing can be made, not even by root."""


@pytest.fixture
def run(tmp_path):
    made_here = new_run(Workspace.open(tmp_path / "workspace"), count=30)
    train(made_here, epochs=3)
    finish(made_here, report_of(made_here))
    return made_here


@pytest.mark.slow
@pytest.mark.parametrize("command", [
    "report RUN --parts none --out", "report RUN --parts none --card", "card RUN --out", "tables RUN --out",
    "plots RUN --out", "dataset export DATA", "lesson collect --out", "backup", "runs --tensorboard",
    "train DATA --epochs 1 --tensorboard", "search DATA --trials 1 --plots", "predict RUN DATA --sort-into",
    "pretrain DATA --epochs 1 --out",
])  # fmt: skip
def test_it_is_named_before_anything_is_computed(run, command, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = made.write(tmp_path / "data", made.class_files({"a": 4, "b": 4}))
    place = NOWHERE + ".safetensors" if "pretrain" in command else NOWHERE
    words = [{"RUN": run.id, "DATA": str(data)}.get(word, word) for word in command.split()]
    where = ["--workspace", str(tmp_path / "workspace"), "--json"]
    before = sorted((tmp_path / "workspace" / "runs").iterdir())
    assert cli.main([*words, place, *where]) == 2
    said = json.loads(capsys.readouterr().out.strip().splitlines()[-1])["error"]
    assert Path(place).name in said and "give another place" in said
    assert sorted((tmp_path / "workspace" / "runs").iterdir()) == before


def test_a_workspace_that_cannot_be_made_is_named(capsys):
    assert cli.main(["runs", "--workspace", NOWHERE, "--json"]) == 2
    assert "cannot be used" in json.loads(capsys.readouterr().out.strip().splitlines()[-1])["error"]


def test_trouble_elsewhere_is_not_blamed_on_the_place_that_was_given(tmp_path):
    error = FileNotFoundError(2, "No such file or directory", str(tmp_path / "other" / "file"))
    assert place_trouble(error, [tmp_path / "answers.csv"]) is None
    assert place_trouble(OSError(28, "No space left on device", str(tmp_path / "x")), [tmp_path / "x"]) is None
    draft = PermissionError(13, "Permission denied", str(tmp_path / ".answers.csv.1.ab.tmp"))
    said = place_trouble(draft, [tmp_path / "answers.csv"])
    assert said is not None and "Permission denied" in said.sentence("en") and "换一个位置" in said.sentence("zh")
