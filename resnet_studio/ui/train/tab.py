"""The Train tab: settings at the left, the active run at the right.

What the right side shows is put there by ``live.js``; every button's state derives from the run, through
``shared.live_phase``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from resnet_studio.service.race_search import RaceSearch
from resnet_studio.service.rate_search import RateSearch
from resnet_studio.service.settings_search import SettingsSearch
from resnet_studio.ui.page.context import Shared, Studio, T
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.train import every as train_every
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train import race as train_race
from resnet_studio.ui.train import rates as train_rates
from resnet_studio.ui.train import recipe as train_recipe
from resnet_studio.ui.train import search as train_search
from resnet_studio.ui.train import testing as train_testing
from resnet_studio.ui.train.every import EveryHandlers, EveryParts
from resnet_studio.ui.train.form import FIRST, NAMES, NEEDS, SPLIT
from resnet_studio.ui.train.handlers import Handlers
from resnet_studio.ui.train.race import RaceHandlers, RaceParts
from resnet_studio.ui.train.rates import RateHandlers, RateParts
from resnet_studio.ui.train.repetitions import FOLDED, SEEDS
from resnet_studio.ui.train.search import SearchHandlers, SearchParts
from resnet_studio.ui.train.suggested import Suggestions
from resnet_studio.ui.train.testing import TestingHandlers, TestingParts

QUIET: Mapping[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
PLAIN: Mapping[str, Any] = {"apply_default_css": False}
STARTED = "(run, problem) => { if (!problem) window.studioLive?.started(run); }"
OPENED = "(run) => { window.studioLive?.opened(run); }"
ASK_TO_STOP = "async (phase) => [await window.studioLive.askToEnd(phase, 'stop')]"
ASK_TO_PAUSE = "async (phase) => [await window.studioLive.askToEnd(phase, 'pause')]"
SHOW = "window.studioLive?.show();"
CLICKED = """element.addEventListener("click", (event) => {
  const found = event.target.closest("[data-stage], [data-tab]");
  if (found) trigger('select', { stage: found.dataset.stage || "" });
});"""


@dataclass(frozen=True)
class Parts:
    """The components of the tab."""

    fields: Mapping[str, Any]
    data: gr.HTML
    recipe: gr.Dropdown
    reason: gr.HTML
    why: gr.HTML
    network: gr.HTML
    race: RaceParts
    rates: RateParts
    search: SearchParts
    testing: TestingParts
    every: EveryParts
    forecast: gr.HTML
    problem: gr.HTML
    seeds: gr.Dropdown
    train: gr.Button
    ahead: gr.HTML
    example: gr.Button
    examples: gr.HTML
    reset: gr.Button
    pause: gr.Button
    stop: gr.Button
    resume: gr.Button
    results: gr.Button

    @property
    def form(self) -> list[Any]:
        """The components of all fields, in the order of :data:`train_form.NAMES`."""
        return [self.fields[name] for name in NAMES]

    @property
    def dependents(self) -> list[Any]:
        """What changes with the form; see :class:`Handlers`."""
        words = [self.data, self.why, self.network, self.forecast, self.problem, self.train]
        listed = [self.fields[name] for name in ("weights", "teacher", "test_data")]
        needing = [self.fields[name] for name in NEEDS]
        return [self.recipe, self.reason, *listed, self.testing.note, *needing, *words]


def build(studio: Studio, shared: Shared) -> None:
    """Fill the tab."""
    with gr.Row(elem_id="train-columns"):
        with gr.Column(elem_id="train-left", elem_classes="rs-card", min_width=300):
            left = _settings(studio)
        with gr.Column(elem_id="train-right", elem_classes="rs-card", min_width=300):
            right = _run()
    parts = Parts(**left, **right)
    rates, race = RateSearch(studio.workspace, studio.jobs), RaceSearch(studio.workspace, studio.jobs)
    search = SettingsSearch(studio.workspace, studio.jobs, studio.quota.check)
    rates.beside = lambda: race.working or search.working  # on one device, each would slow the other down
    race.beside, search.beside = lambda: rates.working or search.working, lambda: rates.working or race.working

    def end_searches() -> None:
        for each in (rates, race, search):
            each.stop()

    handlers = Handlers(studio, before_training=end_searches)
    _connect_form(handlers, shared, parts)
    _connect_rates(handlers, RateHandlers(rates, handlers.find_dataset), shared, parts)
    _connect_race(RaceHandlers(race, handlers), shared, parts)
    _connect_search(SearchHandlers(search, handlers), shared, parts)
    _connect_testing(TestingHandlers(studio, handlers.find_dataset), handlers, shared, parts)
    _connect_every(EveryHandlers(handlers.find_dataset), shared, parts)
    _connect_run(handlers, shared, parts)
    suggested = [parts.seeds, shared.form, *parts.form, *parts.dependents]
    apply, queued = Suggestions(handlers).take, {**QUIET, "queue": True}  # Gradio shows messages of queued events only
    shared.suggested.change(apply, [shared.suggested, shared.form, shared.split, shared.dataset], suggested, **queued)


def _settings(studio: Studio) -> dict[str, Any]:
    """The left side: the few choices that matter, the network, Train, and all other settings folded."""
    made: dict[str, Any] = {"data": gr.HTML(elem_id="train-data", js_on_load=CLICKED, **PLAIN)}
    with gr.Column(elem_id="train-basics"):
        with gr.Column(elem_id="train-recipes"):
            made["recipe"] = train_recipe.dropdown()
            made["reason"] = gr.HTML(elem_id="train-recipe-why", **PLAIN)
        with gr.Row(elem_id="train-size"):
            fields = {name: train_form.field(name) for name in FIRST[:2]}
        with gr.Column(elem_id="train-start-from"):
            fields |= {name: train_form.field(name) for name in FIRST[2:]}
            made["why"] = gr.HTML(elem_id="train-why", **PLAIN)
    made["network"] = gr.HTML(elem_id="train-network", js_on_load=CLICKED, **PLAIN)
    made["every"] = train_every.parts()
    made["race"] = train_race.parts()
    made["testing"] = train_testing.parts(studio, fields)
    with gr.Accordion(T("train.advanced"), open=False, elem_id="train-advanced"):
        train_form.advanced(fields, {"optimisation": lambda: made.update(rates=train_rates.parts())})
        made["seeds"] = gr.Dropdown(
            [(T(f"train.seeds.{value}"), value) for value in (*SEEDS, FOLDED)], value=1, filterable=False,
            label=T("train.seeds"), info=T("train.seeds.help"), elem_id="train-seeds",
        )  # fmt: skip
        made["search"] = train_search.parts()
        made["example"] = gr.Button(T("train.example"), size="sm", elem_id="train-example")
        made["examples"] = gr.HTML(elem_id="train-examples", **PLAIN)
        made["reset"] = gr.Button(T("train.reset"), size="sm", elem_id="train-reset")
    with gr.Column(elem_id="train-action"):
        made["forecast"] = gr.HTML(elem_id="train-forecast", **PLAIN)
        made["problem"] = gr.HTML(elem_id="train-problem", **PLAIN)
        made["train"] = gr.Button(T("train.start"), variant="primary", elem_id="train-start", interactive=False)
        made["ahead"] = gr.HTML(elem_id="train-ahead", **PLAIN)
    return {"fields": fields, **made}


def _run() -> dict[str, Any]:
    """The right side: the active run, its buttons, and the places that ``live.js`` fills."""
    made: dict[str, Any] = {}
    with gr.Row(elem_id="train-run"):
        gr.HTML(render("train/status_places.html"), elem_id="train-status", js_on_load=SHOW, **PLAIN)
        with gr.Row(elem_id="train-buttons"):
            made["pause"] = gr.Button(T("train.pause"), elem_id="train-pause", visible=False)
            made["stop"] = gr.Button(T("train.stop"), elem_id="train-stop", visible=False)
            made["resume"] = gr.Button(T("train.resume"), variant="primary", elem_id="train-resume", visible=False)
            made["results"] = gr.Button(T("train.results"), elem_id="train-results", visible=False)
    gr.HTML(render("train/live_places.html"), elem_id="train-live", js_on_load=SHOW, **PLAIN)
    return made


def _connect_form(handlers: Handlers, shared: Shared, parts: Parts) -> None:
    """The form follows the data set, the split and itself, and outlives a reload."""
    everything, answers = [shared.dataset, *parts.form], [shared.form, *parts.dependents]
    latest = {**QUIET, "trigger_mode": "always_last"}
    for name, component in parts.fields.items():
        if name != "family":
            component.input(handlers.changed, everything, answers, **latest)
    parts.fields["family"].input(handlers.family, everything, [*answers, parts.fields["depth"]], **latest)
    shares = [parts.fields[name] for name in SPLIT]
    for component in shares:
        component.blur(handlers.share, shares, shared.split, **QUIET)
    shared.split.change(handlers.take_split, shared.split, shares, **QUIET)

    stored, restored = [shared.form, shared.split, shared.dataset], [*parts.form, *parts.dependents]
    shared.demo.load(handlers.restore, stored, restored, **QUIET)
    repeated = [shared.dataset, parts.seeds]
    shared.demo.load(handlers.repetitions, repeated, parts.seeds, **QUIET)
    shared.dataset.change(handlers.repetitions, repeated, parts.seeds, **QUIET)
    shared.dataset.change(handlers.pictures, stored, parts.dependents, **latest)
    parts.reset.click(handlers.reset, [shared.split, shared.dataset], [shared.form, *restored], **QUIET)

    parts.recipe.input(handlers.choose, [parts.recipe, *everything], [shared.form, *restored], **latest)

    parts.network.select(handlers.freeze_at, everything, parts.fields["freeze"], **QUIET).then(
        handlers.changed, everything, answers, **QUIET
    )
    parts.data.select(handlers.show_data, None, shared.tabs, **QUIET)
    parts.example.click(
        handlers.examples, everything, parts.examples, api_visibility="private", show_progress="minimal"
    )


def _connect_rates(handlers: Handlers, rates: RateHandlers, shared: Shared, parts: Parts) -> None:
    """The search for a learning rate outlives a reload; what it suggests becomes a setting like one that was typed."""
    everything, search, rate = [shared.dataset, *parts.form], parts.rates, parts.fields["learning_rate"]
    search.find.click(rates.pressed, everything, search.all, **QUIET)
    search.timer.tick(rates.look, shared.dataset, search.all, **QUIET)
    shared.dataset.change(rates.look, shared.dataset, search.all, **QUIET)
    shared.demo.load(rates.look, shared.dataset, search.all, **QUIET)
    search.use.click(rates.use, None, rate, **QUIET).then(
        handlers.changed, everything, [shared.form, *parts.dependents], **QUIET
    )


def _connect_race(race: RaceHandlers, shared: Shared, parts: Parts) -> None:
    """The race outlives a reload; its winner fills the form like a recipe."""
    everything, found = [shared.dataset, *parts.form], parts.race
    found.start.click(race.pressed, [shared.dataset, found.download, *parts.form], found.all, **QUIET)
    found.timer.tick(race.look, shared.dataset, found.all, **QUIET)
    shared.dataset.change(race.look, shared.dataset, found.all, **QUIET)
    shared.demo.load(race.look, shared.dataset, found.all, **QUIET)
    found.take.click(race.take, everything, [shared.form, *parts.form, *parts.dependents], **QUIET)


def _connect_search(search: SearchHandlers, shared: Shared, parts: Parts) -> None:
    """The search for settings outlives a reload too."""
    everything, found = [shared.dataset, *parts.form], parts.search
    found.start.click(search.pressed, [shared.dataset, found.trials, found.method, *parts.form], found.all, **QUIET)
    found.timer.tick(search.look, shared.dataset, found.all, **QUIET)
    shared.dataset.change(search.look, shared.dataset, found.all, **QUIET)
    shared.demo.load(search.look, shared.dataset, found.all, **QUIET)
    found.take.click(search.take, everything, [shared.form, *parts.form, *parts.dependents], **QUIET)


def _connect_testing(testing: TestingHandlers, handlers: Handlers, shared: Shared, parts: Parts) -> None:
    """Pictures to test on that are brought here become the choice, as if it had been made in the list."""
    everything, found = [shared.dataset, *parts.form], parts.testing
    outputs = [parts.fields["test_data"], found.status]
    queued = {**QUIET, "queue": True, "concurrency_limit": None, "trigger_mode": "once"}
    for event, handler, given in found.ways(testing):
        event(handler, [*given, shared.dataset], outputs, **queued).success(
            handlers.changed, everything, [shared.form, *parts.dependents], **QUIET
        )
    if found.local is not None:
        shared.demo.load(testing.offer, None, found.local, **QUIET)


def _connect_every(every: EveryHandlers, shared: Shared, parts: Parts) -> None:
    """That every picture can be tested follows the data set, the split and how often is trained."""
    inputs = [shared.dataset, parts.seeds, *(parts.fields[name] for name in SPLIT)]
    latest = {**QUIET, "trigger_mode": "always_last"}
    changes = (shared.demo.load, shared.dataset.change, parts.seeds.change, shared.split.change)
    for listen in (*changes, *(parts.fields[name].change for name in SPLIT)):
        listen(every.look, inputs, parts.every.all, **latest)
    parts.every.button.click(every.press, parts.seeds, parts.seeds, **QUIET)


def _connect_run(handlers: Handlers, shared: Shared, parts: Parts) -> None:
    """Train, pause, stop, resume, look at the results; and the buttons follow the run."""
    parts.train.click(handlers.starting, None, parts.train, **QUIET).then(
        handlers.start, [shared.dataset, *parts.form, parts.seeds], [shared.run, parts.problem],
        api_visibility="private", show_progress="hidden", concurrency_limit=2, trigger_mode="multiple",
    ).then(None, [shared.run, parts.problem], None, js=STARTED, **QUIET).then(
        handlers.ready, shared.dataset, parts.train, **QUIET
    )  # fmt: skip
    parts.stop.click(handlers.stop, shared.live_phase, parts.stop, js=ASK_TO_STOP, **QUIET)
    parts.pause.click(handlers.pause, shared.live_phase, parts.pause, js=ASK_TO_PAUSE, **QUIET)
    parts.resume.click(handlers.resume, shared.live_phase, [shared.run, parts.resume], **QUIET).success(
        None, shared.run, None, js="(run) => { window.studioLive?.started(run); }", **QUIET
    )
    parts.results.click(handlers.show_results, shared.live_phase, [shared.run, shared.tabs], **QUIET)
    shared.run.change(None, shared.run, None, js=OPENED, **QUIET)
    buttons = [parts.pause, parts.stop, parts.resume, parts.results, parts.ahead, parts.train]
    shared.demo.load(None, None, None, js="() => { window.studioLive?.loaded(); }")
    shared.live_phase.change(handlers.buttons, shared.live_phase, buttons, **QUIET).then(
        handlers.ready, shared.dataset, parts.train, **QUIET
    )
