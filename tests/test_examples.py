"""The examples do what they say: each is run, on a few small pictures."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture
def folder(class_folders, tmp_path, monkeypatch):
    monkeypatch.setenv("RESNET_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent))
    return class_folders({"crimson": 12, "seagreen": 12})


def run(command, folder, **environment):
    done = subprocess.run(
        command,
        cwd=folder.parent,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def runs(folder):
    return list((folder.parent / "workspace" / "runs").iterdir())


def test_every_example_is_run_here():
    tried = {"python_api.py", "command_line.sh", "compare_two_runs.ipynb", "several_devices.sh", "slurm.sh"}
    tried |= {"ask_a_service.py"}  # by service/serving/test_server.py
    assert {path.name for path in EXAMPLES.iterdir() if path.name != "__pycache__"} == tried


def test_the_python_example_trains_scores_and_predicts(folder, monkeypatch, capsys, narrow_here):
    monkeypatch.setattr(sys, "argv", ["python_api.py", str(folder), "--epochs", "2"])
    runpy.run_path(str(EXAMPLES / "python_api.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert "24 pictures of crimson, seagreen" in said and "epoch 2: " in said and "right on " in said
    assert len(runs(folder)) == 1 and (runs(folder)[0] / "best.safetensors").exists()
    assert sum("crimson/" in line and "%)" in line for line in said.splitlines()) == 3


@pytest.mark.long
@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_the_example_of_the_command_line_checks_trains_scores_predicts_and_lists(folder):
    picture = next((folder / "crimson").iterdir())
    command = ["sh", EXAMPLES / "command_line.sh", folder, picture]
    said = run(command, folder, PYTHON=sys.executable, EPOCHS="2").splitlines()
    (scores,) = (json.loads(line) for line in said if line.startswith("{"))
    assert 0 <= scores["accuracy"] <= 1
    assert runs(folder)[0].name in said[-1]
    assert "made by examples/command_line.sh" in (runs(folder)[0] / "label.json").read_text("utf-8")


@pytest.mark.long
def test_the_notebook_runs_from_its_first_cell_to_its_last(folder, monkeypatch):
    monkeypatch.setenv("RESNET_STUDIO_EXAMPLE_DATA", str(folder))
    monkeypatch.setenv("RESNET_STUDIO_EXAMPLE_EPOCHS", "2")
    monkeypatch.setenv("MPLBACKEND", "agg")
    notebook = json.loads((EXAMPLES / "compare_two_runs.ipynb").read_text("utf-8"))
    names: dict[str, object] = {}
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], "saved without what it put out on somebody's machine"
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
    assert len(runs(folder)) == 2
    assert list(names["curves"].groupby("run")["epoch"].max()) == [2, 2]


CPU = ["--epochs=1", "--weights=scratch", "--picture-size=16", "--device=cpu"]
SRUN = """#!/usr/bin/env bash
for SLURM_PROCID in 0 1; do
  export SLURM_PROCID SLURM_LOCALID=$SLURM_PROCID SLURM_NTASKS=2
  "$@" &
done
wait
"""


@pytest.mark.long
@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_the_example_for_several_devices_trains_in_both_ways(folder):
    command = ["sh", EXAMPLES / "several_devices.sh", folder, "2", *CPU]
    said = run(command, folder, PYTHON=sys.executable, OMP_NUM_THREADS="1")
    results = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert len(results) == len(runs(folder)) == 2
    assert results[0]["validation_accuracy"] == results[1]["validation_accuracy"]


@pytest.mark.long
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell")
def test_the_example_for_slurm_trains_with_one_task_for_each_process(folder, tmp_path):
    import socket

    programs = tmp_path / "programs"
    programs.mkdir()
    for name, content in (("srun", SRUN), ("scontrol", "#!/bin/sh\necho 127.0.0.1\n")):
        (programs / name).write_text(content)
        (programs / name).chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    said = run(
        ["bash", EXAMPLES / "slurm.sh", folder, *CPU], folder, PYTHON=sys.executable, OMP_NUM_THREADS="1",
        SLURM_JOB_NODELIST="here", MASTER_PORT=port, PATH=f"{programs}{os.pathsep}{os.environ['PATH']}",
    )  # fmt: skip
    (result,) = (json.loads(line) for line in said.splitlines() if line.startswith("{"))
    assert len(runs(folder)) == 1 and result["epochs_run"] == 1
