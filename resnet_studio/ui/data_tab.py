"""The Data tab: on the left how pictures come in, on the right what was understood of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.config import TrainConfig
from resnet_studio.errors import StudioError
from resnet_studio.text import say
from resnet_studio.ui import data_choices, data_parts, data_sources, data_view
from resnet_studio.ui.context import Shared, Studio, T, guarded, reader, reader_is_local
from resnet_studio.ui.data_parts import Hero, View
from resnet_studio.ui.data_sources import Sources, Starter

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

QUICK_SAMPLE = "digits"
TO_TRAIN = "() => ({selected: 'train', __type__: 'update'})"
WORKING = "() => [{visible: true, __type__: 'update'}, '']"  # at once, before the server has answered
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(studio: Studio, shared: Shared) -> None:
    """Fill the tab and wire it."""
    importing = gr.BrowserState(None, storage_key="studio-importing", secret=shared.dataset.secret)
    hero = data_parts.hero()
    with gr.Row(elem_id="data-work", visible=False, equal_height=False) as work:
        with gr.Column(elem_id="data-left", scale=0, min_width=340):
            sources = data_sources.build(studio)
        with gr.Column(elem_id="data-right", scale=1, min_width=320):
            view = data_parts.view()
    _wire_hero(hero, work, sources)
    _wire_imports(studio, shared, sources, view, importing, (hero.frame, work))
    _wire_view(studio, shared, view, (hero.frame, work))
    _wire_next(studio, shared, hero, view)


def _wire_hero(hero: Hero, work: gr.Row, sources: Sources) -> None:
    """The two big buttons open the work area with the fitting choice unfolded; nothing is asked of the server."""
    swap = "{visible: false, __type__: 'update'}, {visible: true, __type__: 'update'}"
    for button, frame in ((hero.sample, sources.frames[0]), (hero.own, sources.frames[1])):
        opened = data_sources.unfold(sources, frame).removeprefix("() => [").removesuffix("]")
        button.click(None, None, [hero.frame, work, *sources.frames], js=f"() => [{swap}, {opened}]", **QUIET)


def _wire_imports(
    studio: Studio, shared: Shared, sources: Sources, view: View, importing: gr.BrowserState, frames: tuple[Any, Any]
) -> None:
    """Every way in starts an import; one handler follows it, also after a reload."""
    starter = Starter(studio)
    outputs = [view.working, view.progress, shared.dataset, sources.note, importing, *frames]

    @guarded(instead=_stopped)
    def following(name: str | None) -> Iterator[tuple[Any, ...]]:
        """In: the import. Out: the working panel, its progress, the data set, the note, the import, both frames."""
        yield from _glances(studio, name)

    @guarded(instead=_stopped)
    def resumed(name: str | None) -> Iterator[tuple[Any, ...]]:
        """In: the import that was running when the page was left. Out: as ``following``."""
        if name:
            yield from _glances(studio, name)
        else:  # a generator that yields nothing would empty its outputs
            yield tuple(gr.skip() for _ in outputs)

    def listing() -> tuple[str, Any]:
        """Out: the data sets opened before, and the frame around them."""
        return data_sources.earlier_list(studio)

    def begin(event: Any, handler: Any, inputs: Any = None) -> Any:
        event(None, None, [view.working, sources.note], js=WORKING, **QUIET)
        started = event(handler, inputs, [importing, sources.note], trigger_mode="once", **QUIET)
        followed = started.then(following, importing, outputs, concurrency_limit=None, **QUIET)
        return followed.then(listing, None, [sources.earlier, sources.earlier_frame], **QUIET)

    begin(sources.sample.choose, starter.sample)
    begin(sources.public.choose, starter.public)
    begin(sources.picker.picked, starter.picked)
    again = begin(view.choices.choose, starter.read_anew, shared.dataset)
    again.then(None, None, None, js=data_choices.AGAIN, **QUIET)
    if sources.path is not None and sources.open_path is not None:
        shared.demo.load(
            lambda: gr.update(visible=reader_is_local(studio)), None, sources.server_frame, queue=False, **QUIET
        )
        begin(sources.open_path.click, starter.path, sources.path)
        begin(sources.path.submit, starter.path, sources.path)
    view.cancel.click(lambda name: _cancel(studio, name), importing, view.progress, queue=False, **QUIET)
    _wire_earlier(studio, shared, sources)
    shared.demo.load(listing, None, [sources.earlier, sources.earlier_frame], **QUIET)
    shared.demo.load(resumed, importing, outputs, concurrency_limit=None, **QUIET)


def _glances(studio: Studio, name: str | None) -> Iterator[tuple[Any, ...]]:
    """What the components that follow an import show while ``name`` runs, and at its end."""
    for glance in data_sources.follow(studio, name):
        busy = bool(glance.panel)
        yield (
            gr.update(visible=busy),
            glance.panel or waiting_panel(),
            glance.dataset or gr.skip(),
            gr.skip() if glance.note is None else glance.note,
            name if busy else None,
            gr.update(visible=False),
            gr.update(visible=True),
        )


def _stopped(sentence: str) -> tuple[Any, ...]:
    """What they show where the import came to nothing; the frames stay as they are."""
    note = data_view.note(sentence, "bad")
    return gr.update(visible=False), waiting_panel(), gr.skip(), note, None, gr.skip(), gr.skip()


def _wire_earlier(studio: Studio, shared: Shared, sources: Sources) -> None:
    def opened(event: gr.EventData) -> str:
        """In: the row that was clicked. Out: the data set."""
        return str(event._data["key"])

    @guarded(instead=lambda sentence: (gr.skip(), data_view.note(sentence, "bad"), gr.skip(), gr.skip()))
    def removed(current: str | None, event: gr.EventData) -> tuple[Any, ...]:
        """In: the data set looked at, the row to delete. Out: the data set, the note, the list and its frame."""
        from resnet_studio.data import intake

        name = str(event._data["key"])
        told = data_view.name_of(studio.shelf.dataset(name), reader())
        intake.delete(studio.workspace, name)
        studio.shelf.forget(name)
        done = data_view.note(say("data.earlier.deleted", reader(), name=told))
        return (None if current == name else gr.skip()), done, *data_sources.earlier_list(studio)

    sources.earlier.choose(opened, None, shared.dataset, **QUIET)
    outputs = [shared.dataset, sources.note, sources.earlier, sources.earlier_frame]
    sources.earlier.remove(removed, shared.dataset, outputs, **QUIET)


def _wire_view(studio: Studio, shared: Shared, view: View, frames: tuple[Any, Any]) -> None:
    @guarded(instead=lambda _: _nothing())
    def look(name: str | None, shares: list[float]) -> tuple[Any, ...]:
        """In: the data set, the shares. Out: all of the right side, both frames."""
        if not name:
            return _nothing()
        dataset = studio.shelf.dataset(name)
        language = reader()
        findings = studio.shelf.findings(name)
        found = data_view.findings([finding for finding in findings if not finding.offers], language)
        return (
            gr.update(visible=False),
            gr.update(visible=True),
            data_view.facts(dataset, language) + found,
            data_choices.cards(findings, language),
            data_view.classes(dataset.counts, language),
            split_of(dataset, shares),
            data_view.gallery(dataset, language),
            data_choices.ready(findings, language),
            gr.update(visible=False),
            gr.update(visible=True),
        )

    @guarded
    def moved(name: str | None, event: gr.EventData) -> tuple[Any, Any]:
        """In: the data set, the new shares. Out: the split's card, the shares."""
        shares = checked_shares([event._data["validation"], event._data["test"]])
        return split_of(studio.shelf.dataset(name or ""), shares), shares

    shared.dataset.change(look, [shared.dataset, shared.split], [*view.shown, *frames], **QUIET)
    view.split.split(moved, shared.dataset, [view.split, shared.split], trigger_mode="always_last", **QUIET)


def _nothing() -> tuple[Any, ...]:
    """The right side without a data set; the frames stay as they are."""
    return gr.update(visible=True), gr.update(visible=False), "", "", "", "", "", "", gr.skip(), gr.skip()


def _wire_next(studio: Studio, shared: Shared, hero: Hero, view: View) -> None:
    @guarded
    def train(name: str | None, shares: list[float]) -> tuple[Any, ...]:
        """In: the data set, the shares. Out: the data set, the run, the tabs."""
        from resnet_studio.data import intake
        from resnet_studio.training.plan import new_run

        workspace = studio.workspace
        dataset = studio.shelf.dataset(name) if name else intake.open_data(f"sample:{QUICK_SAMPLE}", workspace)
        validation, test = checked_shares(shares)
        config = TrainConfig(validation_fraction=validation, test_fraction=test)
        run = new_run(dataset, config, workspace, called=data_view.name_of(dataset, reader()))
        studio.jobs.submit(run)
        return dataset.id, run.id, gr.Tabs(selected="train")

    view.choose.click(None, None, shared.tabs, js=TO_TRAIN, **QUIET)
    none = gr.State(None)
    for button, name, label in ((view.quick, shared.dataset, "data.next.quick"), (hero.quick, none, "data.hero.quick")):
        button.click(None, None, button, js=_labelled("data.starting", enabled=False), **QUIET)
        trained = button.click(
            train, [name, shared.split], [shared.dataset, shared.run, shared.tabs], trigger_mode="once", **QUIET
        )
        trained.success(None, shared.run, None, js="(run) => { window.studioLive?.started(run); }", **QUIET)
        trained.then(None, None, button, js=_labelled(label, enabled=True), **QUIET)


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


def split_of(dataset: Dataset, shares: Any) -> str:
    """The card that shows how ``dataset`` would be split now."""
    from resnet_studio.data.dataset import split

    validation, test = checked_shares(shares)
    counts = split(dataset, validation=validation, test=test).counts
    parts = {str(name): count for name, count in counts.items()}
    preset = None
    if dataset.preset:
        whole = any(sample.part == "validation" for sample in dataset.samples)
        preset = "data.split.preset" if whole else "data.split.preset_cut"
    return data_view.split(parts, (validation, test), reader(), preset=preset)


def waiting_panel() -> str:
    """The working panel before anything is known."""
    return data_view.progress(say("data.working.pictures", reader()))


def _cancel(studio: Studio, name: str | None) -> str:
    """In: the import. Out: its progress."""
    begun = studio.imports.get(name)
    if begun is None:
        return ""
    begun.cancel()
    return data_view.progress(say("data.working.cancelling", reader()), begun.done, begun.total)
