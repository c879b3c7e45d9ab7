"""What is computed while a set is still being made."""

from __future__ import annotations

import time
from pathlib import Path

import made
import pytest

from resnet_studio.data import made_here, near
from resnet_studio.data.cache import ArrayCache
from resnet_studio.service.desk import Desk
from resnet_studio.service.making import Making
from resnet_studio.service.warming import Warming
from resnet_studio.workspace import Workspace

ME = "browser:me"


def record(workspace: Workspace, warming: Warming) -> str:
    making, id = Making(workspace, Desk(workspace), warming.changed), made_here.new_id()
    for at, label in enumerate(("cup", "pen")):
        for number in range(4):
            making.stage(f"{at:016x}", id, label, "a.png", made.picture(10 * at + number), by=ME)
        after = making.keep(f"{at:016x}", "Mine", by=ME)
        assert after is not None
    return after.id


def wait_for(warming: Warming) -> None:
    until = time.monotonic() + 60
    while warming.working and time.monotonic() < until:
        time.sleep(0.05)


def test_a_training_finds_the_search_for_near_duplicates_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace.open(tmp_path / "workspace")
    warming = Warming(workspace)
    now = Desk(workspace).opened(record(workspace, warming)).dataset()
    wait_for(warming)
    monkeypatch.setattr(near, "search_pairs", lambda *_: pytest.fail("it was searched again"))
    files = [now.path(sample) for sample in now.samples]
    assert list(near.near_groups(now.samples, files, ArrayCache(workspace.cache))) == []


def test_nothing_is_done_beside_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "near_groups", lambda *_: pytest.fail("it took cores from the training"))
    workspace = Workspace.open(tmp_path / "workspace")
    warming = Warming(workspace, lambda: True)
    record(workspace, warming)
    wait_for(warming)
    assert not warming.working
