"""The search for settings on the page: in the background, one line a trial, and the best settings go into the form."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from waiting import wait_for

from resnet_studio.api import studies
from resnet_studio.config import TrainConfig
from resnet_studio.data import library
from resnet_studio.errors import StudioError
from resnet_studio.service.settings_search import SettingsSearch, SettingsStatus
from resnet_studio.studies.search import Search, Trial
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.train.handlers import Handlers
from resnet_studio.ui.train.search import SearchHandlers, view
from resnet_studio.workspace import Workspace

from .searching import FORM, ended

TRIALS = (
    Trial(0, "a", "finished", 0.8, 0.5, {"learning_rate": 0.001, "augmentation": "none"}),
    Trial(1, "b", "pruned", 0.4, 1.0, {"learning_rate": 0.1, "augmentation": "strong"}),
    Trial(2, "c", "finished", 0.9, 0.3, {"learning_rate": 0.003, "augmentation": "light"}),
)
WHOLE = Search("id", "set", "tpe", 3, TrainConfig(), TRIALS)
PART = Search("id", "set", "tpe", 3, TrainConfig(), TRIALS[:1])


@pytest.fixture
def search(workspace: Workspace, queue: Any) -> SearchHandlers:
    studio = SimpleNamespace(
        workspace=workspace, jobs=queue, runs=None, editor=SimpleNamespace(in_memory=lambda _: None)
    )
    (workspace.root / "searches" / "id").mkdir(parents=True)
    return SearchHandlers(SettingsSearch(workspace, cast(Any, queue)), Handlers(cast(Studio, studio)))


def test_each_trial_has_a_line_and_the_best_settings_are_taken(
    search: SearchHandlers, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "search", lambda *_, **__: WHOLE)
    search.pressed(dataset, 3, "tpe", *FORM)
    start, shown, take, _ = ended(search, dataset)
    assert start["value"] == "Search" and take["visible"]
    assert shown.count("<tr") == 4 and "ended early" in shown and "90.0%" in shown
    assert search.take(dataset, *FORM)[0] == {"learning_rate": 0.003, "augmentation": "light"}
    assert search.look("other")[1] == "" and search.take("other", *FORM)[0] == {}


def test_it_is_stopped_by_a_second_press_and_refused_beside_a_training(
    search: SearchHandlers, dataset: str, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*_: Any, on_trial: Any, control: Any, **__: Any) -> Search:
        while not control.request:
            on_trial(PART)
            time.sleep(0.01)
        return PART

    monkeypatch.setattr(studies, "search", slowly)
    start, _, take, timer = search.pressed(dataset, 3, "tpe", *FORM)
    assert start["value"] == "Stop searching" and timer.active and not take["visible"]
    search.pressed(dataset, 3, "tpe", *FORM)
    assert ended(search, dataset)[0]["value"] == "Go on searching"
    assert "whole number" in search.pressed(dataset, 0, "tpe", *FORM)[1]
    assert "whole number" in search.pressed(dataset, 1.5, "tpe", *FORM)[1]
    assert "knows no" in search.pressed(dataset, 3, "luck", *FORM)[1]
    queue.at_work.append("a run")
    assert "A run is training" in search.pressed(dataset, 3, "tpe", *FORM)[1]


def test_it_begins_no_trial_for_whoever_may_have_no_more(
    workspace: Workspace, queue: Any, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()

    def room(owner: str) -> None:
        asked.append(owner)
        if len(asked) > 2:
            raise StudioError("error.limits.disk_each", used=2, most=1)

    def searching(*_: Any, on_trial: Callable[[Search], None], **__: Any) -> Search:
        for _ in range(5):
            on_trial(PART)
        return WHOLE

    monkeypatch.setattr(studies, "search", searching)
    search = SettingsSearch(workspace, queue, room)
    search.start(library.find_dataset(workspace, dataset), TrainConfig(), 3, "tpe", started_by="person:ada")
    wait_for(lambda: not search.status.working)
    assert asked == ["person:ada"] * 3
    assert search.status.problem is not None and search.status.problem.key == "error.limits.disk_each"


def test_what_is_shown_is_numbered_by_place_and_drawn_in_the_readers_language() -> None:
    left = Trial(6, "d", "running", None, 1.0, {"augmentation": "strong"})  # others of its number were begun again
    found = SettingsStatus("set", search=Search("id", "set", "tpe", 5, TrainConfig(), (*TRIALS, left)))
    html, chinese = view(found, "en"), view(found, "zh")
    assert "<td>4</td>" in html and "<td>7</td>" not in html
    assert "stopped, can go on" in html and "at work" not in html
    assert "at work" in view(replace(found, working=True), "en")
    assert html.count("<circle") == 3 and html.count("<svg") == 1 and "Validation accuracy by trial" in html
    assert "各次试验的验证准确率" in chinese and "数据增强 强" in chinese and "strong" not in chinese
    alone = SettingsStatus("set", search=PART)
    assert "<svg" not in view(alone, "en")
