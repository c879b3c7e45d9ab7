"""The race on the page: in the background, never beside a training, and its winner goes into the form."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from resnet_studio.api import studies
from resnet_studio.service.race_search import RaceSearch
from resnet_studio.studies.race import Candidate, Cell, Race, Skipped
from resnet_studio.studies.race_scores import Scoring
from resnet_studio.studies.racing import RaceStep
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.train.form import NAMES
from resnet_studio.ui.train.handlers import Handlers
from resnet_studio.ui.train.race import RaceHandlers
from resnet_studio.workspace import Workspace

from .searching import FORM, ended

CELLS = (
    Cell(Candidate(18, "starter", "layer4", 96), "1" * 90 + "0" * 10, (0.82, 0.95), 2.0, 8.0, 45.0, 45.0, 0),
    Cell(Candidate(18, "starter", "layer3", 96), "1" * 60 + "0" * 40, (0.5, 0.7), 20.0, 8.0, 45.0, 200.0, 6),
)
FOUND = Race("id", "set", 2, 100, Scoring(tuple(map(str, range(100)))), CELLS,
             (Skipped("ResNet-50", "imagenet-v1", "", 0, "race.skipped.download"),), complete=True)  # fmt: skip


@pytest.fixture
def race(workspace: Workspace, queue: Any) -> RaceHandlers:
    studio = SimpleNamespace(
        workspace=workspace, jobs=queue, runs=None, editor=SimpleNamespace(in_memory=lambda _: None)
    )
    return RaceHandlers(RaceSearch(workspace, cast(Any, queue)), Handlers(cast(Studio, studio)))


def test_the_table_the_charts_and_the_button_that_takes_the_winner(
    race: RaceHandlers, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "race", lambda *_, **__: FOUND)
    race.pressed(dataset, False, *FORM)
    start, shown, take, timer = ended(race, dataset)
    assert start["value"] == "Compare" and not timer.active
    assert shown.count("<svg") == 3 and "90.0%" in shown and "its weights are not on this machine" in shown
    assert take["visible"] and take["value"] == "Take ResNet-18, Built-in starter, head only, 96 px"
    stored, *fields = race.take(dataset, *FORM)
    assert stored == {"freeze": "layer4", "weights": "starter", "picture_size": 96}
    assert fields[NAMES.index("freeze")]["value"] == "layer4"
    other, shown, take, _ = race.look("other")
    assert shown == "" and take["visible"] is False and other["value"] == "Compare"
    assert race.take("other", *FORM)[0] == {}


def test_it_is_stopped_by_a_second_press_and_by_a_training(
    race: RaceHandlers, dataset: str, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = Race("id", "set", 2, 100, FOUND.scoring, CELLS[:1])

    def slowly(*_: Any, on_step: Any, control: Any, **__: Any) -> Race:
        while not control.request:
            on_step(RaceStep(part, 1, 6, CELLS[1].candidate))
            time.sleep(0.01)
        return part

    monkeypatch.setattr(studies, "race", slowly)
    find, _, take, timer = race.pressed(dataset, False, *FORM)
    assert find["value"] == "Stop comparing" and timer.active and take["visible"] is False
    start, shown, take, _ = race.pressed(dataset, False, *FORM)
    assert start["value"] == "Go on comparing" and "start it again" in shown and take["visible"]
    race.pressed(dataset, False, *FORM)
    queue.at_work.append("a run")
    assert not ended(race, dataset)[3].active
    assert "A run is training" in race.pressed(dataset, False, *FORM)[1]
    queue.at_work.clear()
    assert "data set" in race.pressed(None, False, *FORM)[1] or race.pressed(None, False, *FORM)[1]
