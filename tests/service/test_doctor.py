"""The examination of a machine and its workspace."""

import getpass
import json
import socket
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import hand_made
import pytest
from fastapi.testclient import TestClient

from resnet_studio import cli
from resnet_studio.events import Started
from resnet_studio.service import doctor, surroundings
from resnet_studio.service.certificate import certificate_for
from resnet_studio.training import self_check
from resnet_studio.training.self_check import DeviceCheck
from resnet_studio.ui.app import build_app
from resnet_studio.ui.runs import checking
from resnet_studio.upkeep.bin import Bin

SOUND = DeviceCheck(device="cpu", name="CPU, 2 cores", precision="fp32", difference=1e-5)


@pytest.fixture
def found(workspace, monkeypatch):
    monkeypatch.setattr(surroundings, "families", lambda texts: ([], frozenset()))

    def examined(*checks):
        monkeypatch.setattr(self_check, "devices", lambda: ["cpu"])
        monkeypatch.setattr(self_check, "check_device", lambda _: list(checks or (SOUND,)))
        return doctor.examine(workspace)

    return examined


def test_nothing_is_wrong_with_a_sound_machine(found):
    assert found().problems == []
    assert found().to_json()["sound"] is True


def test_a_device_that_computes_wrong_numbers_is_named(found):
    wrong = DeviceCheck(device="mps", name="Apple GPU", precision="bf16", difference=0.9)
    (problem,) = found(SOUND, wrong).problems
    assert problem.key == "device_wrong"
    assert problem.sentence().startswith("mps computes wrong numbers in bf16 (two steps are off by 90")
    assert "90" in problem.sentence("zh")


def test_a_device_that_fails_says_why(found):
    failing = DeviceCheck(device="cuda:0", name="An old card", precision="fp32", problem="no kernel image.")
    (problem,) = found(failing).problems
    assert problem.key == "device_fails" and "no kernel image." in problem.sentence()


def test_damaged_runs_are_listed(found, workspace):
    sound, damaged = hand_made.new_run(workspace, name="sound"), hand_made.new_run(workspace, name="damaged")
    (damaged.folder / "config.json").write_text("{")
    assert found().damaged_runs == (damaged.id,)
    assert sound.id not in found().damaged_runs and found().runs == 2


def test_little_disk_is_said(found, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=100 * 2**20))
    assert [problem.key for problem in found().problems] == ["little_disk"]


def test_what_is_around_is_looked_at(found, workspace, monkeypatch):
    run = hand_made.new_run(workspace, name="stopped-on-the-way")
    run.append(Started(device="cpu", precision="fp32", epochs=3))
    Bin(workspace).put_run(hand_made.new_run(workspace, name="gone"), "")
    certificate_for(workspace, ["localhost"], datetime.now(UTC) - timedelta(days=800))
    monkeypatch.setattr(surroundings, "families", lambda texts: ([], frozenset(texts[0])))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setattr(surroundings, "PORTS", (port,))
        result = found().to_json()
    assert (result["interrupted"], result["binned"], result["busy_ports"]) == (1, 1, (port,))
    assert result["locks"] is True and result["weights"]["resnet18"]
    assert {problem["kind"] for problem in result["problems"]} == {"certificate_ends", "no_chinese_font"}
    assert not list(workspace.temporary.iterdir())


def test_locks_that_keep_nobody_out_are_called_out(found, monkeypatch):
    monkeypatch.setattr(surroundings.Lock, "acquire", lambda self, timeout=0: self)
    assert "no_locks" in {problem.key for problem in found().problems}


def test_the_report_for_others_names_no_run_no_folder_and_nobody(found, workspace):
    damaged = hand_made.new_run(workspace, name="Eves-cats")
    (damaged.folder / "config.json").write_text("{")
    result = found().to_json()
    assert "Eves-cats" in result["problems"][0]["sentence"] and "problems: damaged_runs" in result["report"]
    for private in ("Eves-cats", str(workspace.root), str(workspace.root.parent), getpass.getuser()):
        assert private not in result["report"]


@pytest.mark.slow
def test_the_page_examines_for_whoever_is_at_the_machine_alone(workspace, monkeypatch):
    little = {"kind": "little_disk", "sentence": "", "values": {"free": 5}}
    monkeypatch.setattr(checking, "examination", lambda _: {"problems": [little], "report": "torch 1 <b>"})
    app = build_app(workspace, hand_made.NoJobs())
    blocks = next(route.app for route in app.routes if hasattr(getattr(route, "app", None), "get_blocks")).blocks
    numbers = {getattr(each.fn, "__name__", ""): number for number, each in blocks.fns.items()}

    def ask(address, handler, data, language="en"):
        client = TestClient(app, base_url="http://127.0.0.1:7860", client=(address, 50_000))
        body = {"data": data, "fn_index": numbers[handler], "session_hash": "doctor", "event_data": {}}
        return client.post("/gradio_api/run/predict", json=body, headers={"accept-language": language}).text

    assert "Check now" in ask("127.0.0.1", "offer_examination", [""])
    assert "Check now" not in ask("192.0.2.7", "offer_examination", [""])
    shown = ask("127.0.0.1", "examine_machine", [], "zh")
    assert "磁盘仅剩 5 MB" in json.loads(shown)["data"][0] and "torch 1 &lt;b&gt;" in shown
    refused = ask("192.0.2.7", "examine_machine", [])
    assert "Only who runs the server" in refused and "torch" not in refused


@pytest.mark.slow
def test_the_command_trains_on_this_machine_and_finds_it_sound(workspace, capsys):
    assert cli.main(["doctor", "--workspace", str(workspace.root), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert result["sound"] and result["versions"]["torch"]
    assert {"cpu"} <= {device["device"] for device in result["devices"]}
    assert all(device["difference"] < 0.3 for device in result["devices"])
