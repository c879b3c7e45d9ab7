"""What is computed while a set is still being made."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import made
import pytest
import waiting

from resnet_studio.config import TrainConfig
from resnet_studio.data import made_here, near
from resnet_studio.events import Finished, Preparing
from resnet_studio.prediction import Predictor
from resnet_studio.service import warming as warming_module
from resnet_studio.service.editor import Editor
from resnet_studio.service.making import Making
from resnet_studio.service.warming import Warming
from resnet_studio.training import hardware, loop
from resnet_studio.training.control import Control
from resnet_studio.training.near_duplicates import group_near_duplicates
from resnet_studio.training.plan import new_run
from resnet_studio.training.setup import prepare
from resnet_studio.workspace import Workspace

ME = "browser:me"


def record(workspace: Workspace, warming: Warming) -> str:
    making, id = Making(workspace, Editor(workspace), warming.changed), made_here.new_id()
    for at, label in enumerate(("cup", "pen")):
        for number in range(4):
            making.stage(f"{at:016x}", id, label, "a.png", made.picture(10 * at + number), by=ME)
        after = making.keep(f"{at:016x}", "Mine", by=ME)
        assert after is not None
    return after.id


def wait_for(warming: Warming) -> None:
    waiting.wait_for(lambda: not warming.working)


def entries(workspace: Workspace) -> set[str]:
    """What is cached."""
    return {path.name for path in workspace.cache.glob("[!.]*")}


@pytest.mark.slow
def test_a_training_finds_pictures_features_and_near_duplicates_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = {name: asdict(hardware.Compute(name, 1)) for name in hardware.PRECISIONS}
    monkeypatch.setattr(hardware, "measure_ways", lambda: {"fastest": "fp32", **ways})
    monkeypatch.setattr(warming_module, "NICENESS", 0)
    workspace = Workspace.open(tmp_path / "workspace")
    warming = Warming(workspace)
    now = Editor(workspace).opened(record(workspace, warming)).dataset()
    wait_for(warming)
    done = entries(workspace)
    assert len(done) >= 5 and list(workspace.temporary.iterdir()) == [] and not workspace.runs()
    run, control = new_run(now, TrainConfig(), workspace), Control()
    assert list(group_near_duplicates(run, control)) == []  # nothing to look for
    assert [event.stage for event in prepare(run, control) if isinstance(event, Preparing)]
    assert entries(workspace) == done
    monkeypatch.setattr(Predictor, "activations", lambda *_, **__: pytest.fail("the network looked at them once more"))
    assert [event for event in loop.train(run, control) if isinstance(event, Finished)]


def test_nothing_is_done_beside_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "near_groups", lambda *_: pytest.fail("it took cores from the training"))
    workspace = Workspace.open(tmp_path / "workspace")
    warming = Warming(workspace, lambda: True)
    record(workspace, warming)
    wait_for(warming)
    assert not warming.working
