"""The search for a learning rate on the page: in the background, never beside a training."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from resnet_studio import api
from resnet_studio.errors import StudioError
from resnet_studio.events import Preparing
from resnet_studio.service.forecast import Forecaster
from resnet_studio.service.rate_search import RateSearch, SearchStatus
from resnet_studio.training.finder import Rates, rate_at
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train import rate_view
from resnet_studio.ui.train.form import NAMES
from resnet_studio.ui.train.rates import RateHandlers
from resnet_studio.workspace import Workspace

from .searching import FORM, ended

FOUND = Rates(rates=(1e-4, 1e-3, 1e-2, 1e-1), losses=(1.0, 0.8, 0.5, 1.7))


@pytest.fixture
def rates(workspace: Workspace, queue: Any) -> RateHandlers:
    return RateHandlers(RateSearch(workspace, cast(Any, queue)), Forecaster(workspace).find_dataset)


def slowly(*_: Any, on_event: Any, control: Any, **__: Any) -> Rates:
    """Stands in for the search: says where it is until it is asked to end."""
    for done in range(1000):
        on_event(Preparing(stage="rates", done=done, total=1000))
        if control.request:
            raise StudioError("error.rates.stopped")
        time.sleep(0.01)
    return FOUND


def test_the_curve_the_suggestion_and_the_button_that_uses_it_are_shown(
    rates: RateHandlers, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "find_learning_rate", lambda *_, **__: FOUND)
    rates.pressed(dataset, *FORM)
    find, shown, use, timer = ended(rates, dataset)
    assert "<svg" in shown and "Suggested learning rate: 0.001" in shown and not timer.active
    assert find["value"] == "Find a learning rate"
    assert use["visible"] is True and use["value"] == "Use 0.001" and rates.use() == 1e-3
    assert rates.look("other")[1] == "" and rates.look(None)[2]["visible"] is False


def test_a_second_press_stops_the_search(rates: RateHandlers, dataset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "find_learning_rate", slowly)
    find, shown, use, timer = rates.pressed(dataset, *FORM)
    assert find["value"] == "Stop trying rates" and timer.active and 'role="progressbar"' in shown
    assert use["visible"] is False
    _, shown, _, timer = rates.pressed(dataset, *FORM)
    assert "was stopped" in shown and not timer.active
    assert "__type__" in rates.use()


def test_nothing_is_searched_beside_a_training(
    rates: RateHandlers, dataset: str, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "find_learning_rate", slowly)
    queue.at_work.append("a-run")
    assert "A run is training" in rates.pressed(dataset, *FORM)[1]
    queue.at_work.clear()
    rates.pressed(dataset, *FORM)
    queue.at_work.append("a-run")
    assert "was stopped" in ended(rates, dataset)[1]


def test_what_is_missing_or_wrong_is_a_sentence(rates: RateHandlers, dataset: str) -> None:
    assert "choose some under Data first" in rates.pressed(None, *FORM)[1]
    wrong = [{**train_form.defaults(), "epochs": 0}[name] for name in NAMES]
    assert "“Epochs” cannot be 0" in rates.pressed(dataset, *wrong)[1]


def test_an_unexpected_failure_is_a_sentence(
    rates: RateHandlers, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "find_learning_rate", lambda *_, **__: 1 / 0)
    rates.pressed(dataset, *FORM)
    assert 'role="alert"' in ended(rates, dataset)[1]


def test_an_exploding_loss_does_not_flatten_the_curve_and_both_languages_are_spoken() -> None:
    many = Rates(rates=tuple(map(rate_at, range(60))), losses=(*(1 - 0.01 * i for i in range(59)), 50.0))
    drawn = rate_view.curve(many, "zh")
    assert "不同学习率下的损失" in drawn and ">1e-06<" in drawn and ">50<" not in drawn
    assert rate_view.curve(Rates(rates=(1e-6,), losses=(1.0,)), "en") == ""
    assert "正在尝试学习率：3 / 100" in rate_view.view(
        SearchStatus("pets", working=True, stage="rates", done=3, total=100), "zh"
    )
