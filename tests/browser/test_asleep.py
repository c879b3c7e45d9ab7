"""A page that was asleep, as on a phone in a pocket, and without a network, goes on where the training is by then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import hand_made
import pytest
from conftest import serving

from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.browser


def train_on(run: Run, upto: int) -> None:
    """What the program that trains ``run`` writes until the epoch ``upto``."""
    last = run.state().epochs[-1]
    for epoch in range(last.epoch + 1, upto + 1):
        run.append(replace(last, epoch=epoch))


def at(page: Any, epoch: int) -> Any:
    """The status line while ``epoch`` is trained."""
    return page.locator(".rs-stage", has_text=f"Epoch {epoch} of 9")


@pytest.mark.long
def test_a_page_that_was_frozen_and_offline_goes_on(browser: Any, tmp_path: Path) -> None:
    run = hand_made.new_run(Workspace.open(tmp_path / "workspace"))
    hand_made.train(run, epochs=2, planned=9)
    with run.lock().acquire(), serving(tmp_path) as server:
        context = browser.new_context(locale="en")
        page = context.new_page()
        page.goto(server.address)
        page.get_by_role("tab", name="Train").click()
        at(page, 3).wait_for()

        devtools = context.new_cdp_session(page)
        devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
        context.set_offline(True)
        train_on(run, 5)
        devtools.send("Page.setWebLifecycleState", {"state": "active"})  # awake before the network is
        assert at(page, 6).count() == 0
        context.set_offline(False)

        at(page, 6).wait_for()
        train_on(run, 7)
        at(page, 8).wait_for()
        page.get_by_role("tab", name="Runs").click()
        page.locator(f'tr[data-run="{run.id}"]').wait_for()
        context.close()
