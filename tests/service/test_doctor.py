"""The examination of a machine and its workspace."""

import json
from types import SimpleNamespace

import hand_made
import pytest

from resnet_studio import cli
from resnet_studio.service import doctor
from resnet_studio.training import self_check
from resnet_studio.training.self_check import DeviceCheck

SOUND = DeviceCheck(device="cpu", name="CPU, 2 cores", precision="fp32", difference=1e-5)


@pytest.fixture
def found(workspace, monkeypatch):
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


@pytest.mark.slow
def test_the_command_trains_on_this_machine_and_finds_it_sound(workspace, capsys):
    assert cli.main(["doctor", "--workspace", str(workspace.root), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert result["sound"] and result["versions"]["torch"]
    assert {"cpu"} <= {device["device"] for device in result["devices"]}
    assert all(device["difference"] < 0.3 for device in result["devices"])
