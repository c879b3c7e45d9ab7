"""The command's own server, in a process: models are exchanged and requests answered meanwhile; it ends in order."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import torch
from waiting import wait_for

from resnet_studio.cli import main
from resnet_studio.errors import ConfigError
from resnet_studio.model.checkpoint import Card, Preprocessing, save
from resnet_studio.model.resnet import build
from resnet_studio.service.serving.catalogue import Current, ServedModels
from resnet_studio.service.serving.models import ModelRequest
from resnet_studio.service.serving.tokens import Tokens
from resnet_studio.workspace import Workspace

from .conftest import RED

EXAMPLE = Path(__file__).parents[3] / "examples" / "ask_a_service.py"


def model_in(path, classes=("a", "b"), seed=0):
    """A checkpoint that always answers the class number ``seed`` of ``classes``."""
    torch.manual_seed(0)
    network = build(18, len(classes))
    with torch.no_grad():
        for parameter in network.fc.parameters():
            parameter.zero_()
        network.fc.bias[seed] = 5.0
    save(path, network.state_dict(), Card(classes=classes, depth=18, preprocessing=Preprocessing(resize=32, crop=32)))
    return path


def json_of(capsys, *arguments, status=0):
    assert main([*map(str, arguments), "--json"]) == status
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signal")
def test_models_are_exchanged_and_the_server_ends_without_losing_a_request(tmp_path):
    file = model_in(tmp_path / "model.safetensors")
    (listed := tmp_path / "models.txt").write_text(f"cups@1={file}  # the first\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "resnet_studio", "serve", "--models", listed, "--port", str(port), "--rate", "0",
         "--workspace", tmp_path / "workspace", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
    )  # fmt: skip
    assert "cups@1 (torch)" in server.stderr.readline()
    seen, failed, ended = set(), [], threading.Event()

    def client():
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as asking:
            while not ended.is_set():
                try:
                    answered = asking.post("/v1/models/cups/predict", files={"pictures": RED})
                except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError):
                    if not ended.is_set():
                        failed.append("closed")
                    return
                if answered.status_code != 200:
                    failed.append(answered.text)
                    return
                seen.add((answered.json()["version"], answered.json()["predictions"][0]["label"]))

    def until(wanted):
        wait_for(lambda: wanted in seen or failed)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(client)
        until(("1", "a"))
        (picture := tmp_path / "red.png").write_bytes(RED)
        example = [sys.executable, EXAMPLE, f"http://127.0.0.1:{port}", "cups", picture, EXAMPLE]
        shown = subprocess.run(example, capture_output=True, text=True, check=True).stdout
        model_in(file, seed=1)  # a changed file is noticed
        until(("1", "b"))
        listed.write_text(f"cups@2={model_in(tmp_path / 'next.safetensors')}\n")
        server.send_signal(signal.SIGHUP)
        until(("2", "a"))
        ended.set()
        server.send_signal(signal.SIGTERM)
        said, errors = server.communicate(timeout=60)
    assert "red.png: a 9" in shown and "is not a picture" in shown
    assert failed == [] and server.returncode == 0, errors
    found = json.loads(said.strip().splitlines()[-1])
    assert found["served"] and found["answered"] >= len(seen) == 3
    assert "loaded again: cups@2" in errors and "Traceback" not in errors


@pytest.mark.slow
def test_what_cannot_be_loaded_leaves_the_models_as_they_are(tmp_path):
    said, file = [], model_in(tmp_path / "model.safetensors")
    current = Current(ServedModels((f"cups={file}",)), Workspace.open(tmp_path / "workspace"), said.append)
    before = current.find("cups")
    before.drift.add("a", unknown=False)
    assert not current.changed()
    file.write_bytes(b"damaged")
    assert current.changed() and not current.reload() and not current.changed()
    assert current.find("cups") is before and "kept the models as they are" in said[-1]
    model_in(file)
    assert current.changed() and current.reload()
    assert current.find("cups") is not before and current.find("cups").drift is before.drift


def test_names_and_versions_are_read_as_they_are_written(tmp_path):
    assert ModelRequest.of("run-1") == ModelRequest("run-1")
    assert ModelRequest.of("cups=run-1") == ModelRequest("run-1", "cups")
    assert ModelRequest.of("cups@2=a/b.onnx") == ModelRequest("a/b.onnx", "cups", "2")
    assert ModelRequest.of("/x/a=b.onnx") == ModelRequest("/x/a=b.onnx")
    for wrong in ("c ups=run", "cups@=run", "cups=", "@1=run"):
        with pytest.raises(ConfigError, match="NAME=MODEL"):
            ModelRequest.of(wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "at least one model"), (("last",), "no run"), (("cups=nowhere.onnx",), "nowhere.onnx"),
        (("last", "--engine", "gpu"), "'gpu'"), (("last", "--port", "0"), "1 to 65535"),
        (("last", "--rate", "nan"), "positive numbers"), (("last", "--most-pictures", "0"), "positive numbers"),
        (("last", "--host", "0.0.0.0"), "tokens add"), (("--models", "nowhere.txt"), "nowhere.txt"),
        (("{file}", "{file}"), "a version"), (("{file}", "--shadow", "cups={file}"), "for a shadow"),
        (("{file}", "--shadow", "{other}"), "other classes"), (("{file}", "--engine", "onnx"), "cannot be run"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_said_in_a_sentence(tmp_path, capsys, arguments, said):
    files = {"file": tmp_path / "m.safetensors", "other": tmp_path / "n.safetensors"}
    if any("{" in each for each in arguments):
        model_in(files["file"])
        model_in(files["other"], ("a", "c"))
    filled = [each.format(**files) for each in arguments]
    found = json_of(capsys, "serve", *filled, "--workspace", tmp_path / "workspace", status=2)
    assert set(found) == {"error"} and said in found["error"]


def test_tokens_are_shown_once_listed_and_removed(tmp_path, capsys):
    there = ("--workspace", tmp_path / "workspace")
    made = json_of(capsys, "tokens", "add", "shop", *there)
    assert made["name"] == "shop" and made["token"].startswith("rs_") and len(made["token"]) > 40
    kept = (tmp_path / "workspace" / "tokens.json").read_text()
    assert made["token"] not in kept and made["token"][3:] not in kept
    assert [each["name"] for each in json_of(capsys, "tokens", "list", *there)["tokens"]] == ["shop"]
    assert "already" in json_of(capsys, "tokens", "add", "shop", *there, status=2)["error"]
    assert "cannot be the name" in json_of(capsys, "tokens", "add", "", *there, status=2)["error"]
    assert "known are: shop" in json_of(capsys, "tokens", "remove", "till", *there, status=2)["error"]
    assert json_of(capsys, "tokens", "remove", "shop", *there) == {"removed": "shop"}
    assert json_of(capsys, "tokens", "list", *there) == {"tokens": []}
    (tmp_path / "workspace" / "tokens.json").write_text("{")
    assert "cannot be read" in json_of(capsys, "tokens", "list", *there, status=2)["error"]


def test_tokens_added_at_once_are_all_kept(tmp_path):
    file = tmp_path / "tokens.json"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda at: Tokens(file).add(f"t{at}"), range(16)))
    kept = Tokens(file)
    assert {kept.holder(f"Bearer {each}") for each in made} == {f"t{at}" for at in range(16)}
    assert kept.holder("Bearer " + made[0][:-1]) is None and kept.holder("") is None
    if os.name != "nt":
        assert file.stat().st_mode & 0o77 == 0
