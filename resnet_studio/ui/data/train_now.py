"""What the Data tab leads to: a training of the data set, with the usual settings or with chosen ones."""

from __future__ import annotations

from typing import Any

import gradio as gr

from resnet_studio.config import TrainConfig
from resnet_studio.errors import StudioError
from resnet_studio.service import quick
from resnet_studio.ui.data import view as data_view
from resnet_studio.ui.data.parts import Hero, View
from resnet_studio.ui.page.bringing import open_sample
from resnet_studio.ui.page.context import Shared, Studio, T, guarded, reader
from resnet_studio.ui.page.frame import dataset_name
from resnet_studio.ui.page.ownership import started_by, this_browser
from resnet_studio.ui.page.repeated import start_once
from resnet_studio.ui.page.templates import render

TO_TRAIN = "() => ({selected: 'train', __type__: 'update'})"
STARTED = "(run, problem) => { if (!problem) window.studioLive?.started(run); }"
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def wire(studio: Studio, shared: Shared, hero: Hero, view: View, maker: gr.HTML) -> None:
    """Train what is shown, the sample, or what was just made."""

    @guarded(instead=lambda sentence: (gr.skip(), gr.skip(), gr.skip(), data_view.note(sentence, "bad")))
    def train(name: str | None, shares: list[float]) -> tuple[Any, ...]:
        """In: the data set, the shares. Out: the data set, the run, the tabs, the note beside the button."""
        return _begun(studio, name or None, shares)

    @guarded(instead=lambda sentence: (gr.skip(), gr.skip(), gr.skip(), data_view.note(sentence, "bad")))
    def train_made(shares: list[float], event: gr.EventData) -> tuple[Any, ...]:
        """The same for the classes that were just made: at once, without waiting until the page shows them."""
        return _begun(studio, str(event._data["dataset"]), shares)

    sample_time = quick.QuickTime(studio.workspace, studio.runs)

    def time_of_sample() -> str:
        """Out: how long the sample takes to train."""
        return render("data/hero_time.html", sentence=sample_time.sentence(reader()))

    shared.demo.load(time_of_sample, None, hero.time, queue=False, **QUIET)
    view.choose.click(None, None, shared.tabs, js=TO_TRAIN, **QUIET)
    none = gr.State(None)
    for button, name, label, note in (
        (view.quick, shared.dataset, "data.next.quick", view.problem),
        (hero.quick, none, "data.hero.quick", hero.problem),
    ):
        button.click(None, None, button, js=_labelled("data.starting", enabled=False), **QUIET)
        trained = button.click(
            train, [name, shared.split], [shared.dataset, shared.run, shared.tabs, note], trigger_mode="once", **QUIET
        )
        trained.then(None, [shared.run, note], None, js=STARTED, **QUIET)
        trained.then(None, None, button, js=_labelled(label, enabled=True), **QUIET)
    made = maker.train(
        train_made, shared.split, [shared.dataset, shared.run, shared.tabs, view.problem], trigger_mode="once", **QUIET
    )
    made.then(None, [shared.run, view.problem], None, js=STARTED, **QUIET)


def _begun(studio: Studio, name: str | None, shares: list[float]) -> tuple[Any, ...]:
    """Begin to train the data set ``name``, or the sample; what a handler answers then."""
    dataset = open_sample(studio, quick.SAMPLE) if name is None else studio.dataset_cache.dataset(name)
    validation, test = checked_shares(shares)
    config = TrainConfig(validation_fraction=validation, test_fraction=test)
    run_name, by = dataset_name(dataset, reader()), started_by(this_browser())
    run = start_once(studio, dataset, config, lambda: None, run_name=run_name, by=by)
    return dataset.id, run.id, gr.Tabs(selected="train"), ""


def _labelled(key: str, *, enabled: bool) -> str:
    """A script that gives a button the text ``key``, and turns it on or off."""
    return f"() => ({{value: `{T(key)}`, interactive: {str(enabled).lower()}, __type__: 'update'}})"


def checked_shares(shares: Any) -> list[float]:
    """``[validation, test]`` as a browser keeps them, checked; the usual shares where they make no sense."""
    try:
        validation, test = (float(share) for share in shares)
        config = TrainConfig(validation_fraction=validation, test_fraction=test)
    except (TypeError, ValueError, StudioError):
        config = TrainConfig()
    return [config.validation_fraction, config.test_fraction]
