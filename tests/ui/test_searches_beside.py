"""Learning rates, networks and settings are tried one at a time, and one that is being stopped says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from resnet_studio import api
from resnet_studio.api import studies
from resnet_studio.config import TrainConfig
from resnet_studio.errors import StudioError
from resnet_studio.service import alone, rate_search
from resnet_studio.service.race_search import RaceSearch
from resnet_studio.service.rate_search import RateSearch
from resnet_studio.service.settings_search import SettingsSearch
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.train.handlers import Handlers
from resnet_studio.ui.train.race import RaceHandlers
from resnet_studio.ui.train.rates import RateHandlers
from resnet_studio.ui.train.search import SearchHandlers
from resnet_studio.workspace import Workspace

from .searching import FORM, ended


@pytest.fixture
def let_go(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until this is set, none of them ends, whoever asks."""
    event = threading.Event()

    def held(*_: Any, **__: Any) -> Any:
        event.wait(60)
        raise StudioError("error.search.stopped")

    for module, name in ((studies, "race"), (studies, "search"), (api, "find_learning_rate")):
        monkeypatch.setattr(module, name, held)
    monkeypatch.setattr(alone, "STOP_SECONDS", 0.01)
    monkeypatch.setattr(rate_search, "STOP_SECONDS", 0.01)
    yield event
    event.set()


Kind = tuple[Any, Callable[[], list[Any]]]


@pytest.fixture
def kinds(workspace: Workspace, queue: Any, dataset: str) -> dict[str, Kind]:
    """Each with what a press of its button answers."""
    studio = SimpleNamespace(
        workspace=workspace, jobs=queue, runs=None, editor=SimpleNamespace(in_memory=lambda _: None)
    )
    form = Handlers(cast(Studio, studio))
    race = RaceHandlers(RaceSearch(workspace, queue), form)
    search = SearchHandlers(SettingsSearch(workspace, queue), form)
    rates = RateHandlers(RateSearch(workspace, queue), form.find_dataset)
    return {
        "race": (race, lambda: race.pressed(dataset, False, *FORM)),
        "search": (search, lambda: search.pressed(dataset, 3, "tpe", *FORM)),
        "rates": (rates, lambda: rates.pressed(dataset, *FORM)),
    }


@pytest.mark.parametrize("kind", ["race", "search", "rates"])
def test_one_that_is_being_stopped_says_so_until_it_has_ended(
    kinds: dict[str, Kind], kind: str, dataset: str, let_go: threading.Event
) -> None:
    handlers, press = kinds[kind]
    begun = press()[0]
    assert begun["interactive"] and "Stop" in begun["value"]
    button = press()[0]
    assert button["value"] == "Stopping…" and not button["interactive"]
    let_go.set()
    button = ended(handlers, dataset)[0]
    assert button["interactive"] and "top" not in button["value"]


def test_none_begins_beside_another(workspace: Workspace, queue: Any, let_go: threading.Event) -> None:
    from resnet_studio.data.dataset import Dataset

    photos = cast(Dataset, SimpleNamespace(id="x"))
    race, search = RaceSearch(workspace, queue), SettingsSearch(workspace, queue)
    rates = RateSearch(workspace, queue)
    rates.beside = lambda: race.working or search.working
    race.beside = search.beside = lambda: rates.working
    race.start(photos, TrainConfig())
    with pytest.raises(StudioError, match="being tried already"):
        rates.start(photos, TrainConfig())
    let_go.set()
    ended_of(race)
    let_go.clear()
    rates.start(photos, TrainConfig())
    with pytest.raises(StudioError, match="being tried already"):
        search.start(photos, TrainConfig(), 3, "tpe", started_by="browser")


def ended_of(work: RaceSearch) -> None:
    from waiting import wait_for

    wait_for(lambda: not work.working)
