"""What another program of the workspace trains is shown with live curves, and is paused and stopped from the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.browser


def begin(workspace: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "resnet_studio", *words, "--workspace", str(workspace), "--json"]
    environment = {**os.environ, "TORCH_HOME": str(workspace / "torch")}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def agree(page: Any, yes: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=yes).click()


@pytest.mark.long
def test_a_training_of_the_command_line_is_watched_paused_resumed_and_stopped(
    open_page: Any, server: Any, class_folder: Path
) -> None:
    settings = ["--weights=scratch", "--epochs=400", "--picture-size=32", "--device=cpu", "--freeze=none"]
    child = begin(server.workspace, "train", str(class_folder), *settings)
    page = open_page()
    try:
        page.get_by_role("tab", name="Train").click()
        page.locator("#train-live svg").first.wait_for()
        page.get_by_text("can be stopped and paused from here").wait_for()
        page.locator("#train-pause").click()
        agree(page, "Pause it")
        page.locator("#train-resume").wait_for()
        assert child.wait(60) == 1
        run = Workspace(server.workspace).runs()[0]
        assert run.state().status == "interrupted"
        child = begin(server.workspace, "resume", run.id)
        wait_for(run.held, unless=child.poll)
        page.locator("#train-stop").wait_for()
        time.sleep(3)  # it has to be training again: while it prepares, a stop leaves nothing to see
        page.locator("#train-stop").click()
        agree(page, "Stop it")
        page.locator("#train-results").wait_for()
        assert child.wait(60) == 0 and child.stdout is not None
        assert json.loads(child.stdout.read().splitlines()[-1])["reason"] == "stopped"
        assert page.problems == []
    finally:
        child.kill()
        child.wait()
