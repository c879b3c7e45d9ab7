"""The unit for systemd: what is in it, and that nothing of others is touched."""

import configparser
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from resnet_studio import cli
from resnet_studio.upkeep.systemd import Unit, quoted


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "systemd" / "user"


def answer(capsys, *arguments):
    split = arguments.index("--") if "--" in arguments else len(arguments)
    status = cli.main([*arguments[:split], "--json", *arguments[split:]])
    return status, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def settings(text):
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read_string(text)
    return parser


def test_a_dry_run_prints_the_unit_and_writes_nothing(workspace, home, capsys):
    where = ("--workspace", str(workspace.root))
    status, said = answer(capsys, "service", "install", "--dry-run", *where, "--", "--port", "7999", "--https")
    assert status == 0 and said["written"] is False and not home.exists()
    unit = settings(said["text"])
    command = shlex.split(unit["Service"]["ExecStart"])
    assert command[1:5] == ["-m", "resnet_studio", "ui", "--workspace"] and command[5:] == [
        str(workspace.root), "--port", "7999", "--https",
    ]  # fmt: skip
    assert unit["Service"]["Restart"] == "on-failure" and unit["Install"]["WantedBy"] == "default.target"
    assert (Path(unit["Service"]["WorkingDirectory"]) / "resnet_studio" / "__main__.py").is_file()
    assert said["next"][1] == "systemctl --user enable --now resnet-studio"


def test_it_is_installed_and_removed_again_and_nothing_is_started(workspace, home, capsys, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("something was started"))
    where = ("--workspace", str(workspace.root))
    status, said = answer(capsys, "service", "install", *where)
    file = home / "resnet-studio.service"
    assert status == 0 and said["unit"] == str(file) and file.read_text() == said["text"]
    assert answer(capsys, "service", "install", *where, "--", "--port", "7999")[0] == 0
    assert "7999" in file.read_text()
    assert answer(capsys, "service", "uninstall", "--dry-run", *where)[1]["found"] and file.exists()
    assert answer(capsys, "service", "uninstall", *where)[1]["removed"] and not file.exists()
    assert answer(capsys, "service", "uninstall", *where)[1]["found"] is False


def test_a_unit_of_somebody_else_is_left_alone(workspace, home, capsys):
    home.mkdir(parents=True)
    (home / "resnet-studio.service").write_text("[Unit]\n")
    for action in ("install", "uninstall"):
        status, said = answer(capsys, "service", action, "--workspace", str(workspace.root))
        assert status == 2 and "left alone" in said["error"]
    assert (home / "resnet-studio.service").read_text() == "[Unit]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--", "--prot", "1"], "unrecognized"), (["--name", "../x"], "no name"), (["--user", "anna"], "--system"),
        (["--", "--host", "a\nExecStartPre=/bin/sh"], "line break"),
    ],
)  # fmt: skip
def test_what_could_not_start_or_would_be_something_else_is_refused(workspace, home, capsys, arguments, said):
    status, found = answer(capsys, "service", "install", "--workspace", str(workspace.root), *arguments)
    assert status == 2 and said in found["error"] and not home.exists()


def test_a_unit_of_the_machine_runs_under_an_account_that_is_not_root(workspace, capsys, monkeypatch):
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    arguments = ("service", "install", "--system", "--dry-run", "--workspace", str(workspace.root))
    assert "--user" in answer(capsys, *arguments)[1]["error"]
    unit = settings(answer(capsys, *arguments, "--user", "anna")[1]["text"])
    assert unit["Service"]["User"] == "anna" and unit["Service"]["ProtectSystem"] == "full"
    monkeypatch.setenv("SUDO_USER", "ben")
    assert settings(answer(capsys, *arguments)[1]["text"])["Service"]["User"] == "ben"


def test_signs_that_mean_something_to_systemd_are_escaped():
    assert quoted(["/a b/py", "50%", "$HOME", 'say "x"', "C:\\x"]) == (
        '"/a b/py" "50%%" "$$HOME" "say \\"x\\"" "C:\\\\x"'
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this system has no systemd-analyze")
@pytest.mark.parametrize("user", ["", "daemon"])
def test_systemd_itself_finds_nothing_wrong(tmp_path, user):
    unit = Unit(workspace=tmp_path / "work space 50%", options=("--port", "7999"), user=user)
    unit.workspace.mkdir()
    file = tmp_path / "resnet-studio.service"
    file.write_text(unit.text)
    done = subprocess.run(
        ["systemd-analyze", *(() if user else ("--user",)), "verify", str(file)],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert done.returncode == 0 and "resnet-studio.service:" not in done.stderr
