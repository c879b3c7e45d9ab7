"""The Data tab: imports on the left, what was found in the pictures on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.service.importing import place_of
from resnet_studio.text import say
from resnet_studio.ui.data import choices as data_choices
from resnet_studio.ui.data import make, mend, train_now
from resnet_studio.ui.data import offers as data_offers
from resnet_studio.ui.data import parts as data_parts
from resnet_studio.ui.data import sources as data_sources
from resnet_studio.ui.data import view as data_view
from resnet_studio.ui.data.parts import Hero, View
from resnet_studio.ui.data.sources import Sources, Starter
from resnet_studio.ui.data.train_now import checked_shares
from resnet_studio.ui.page import bin_view
from resnet_studio.ui.page.bringing import check_own
from resnet_studio.ui.page.context import Shared, Studio, T, guarded, reader, reader_is_local, sentence_for
from resnet_studio.ui.page.frame import dataset_name
from resnet_studio.ui.page.ownership import started_by, this_browser

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

SETTLED = "() => { window.studioChosen?.settle(); }"
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(studio: Studio, shared: Shared) -> None:
    """Fill the tab and wire it."""
    importing = gr.BrowserState(None, storage_key="studio-importing", secret=shared.dataset.secret)
    maker = make.build(studio)
    hero = data_parts.hero()
    with gr.Row(elem_id="data-work", visible=False, equal_height=False) as work:
        with gr.Column(elem_id="data-left", scale=0, min_width=340):
            sources = data_sources.build(studio)
            make_here = gr.Button(T("make.open"), elem_id="data-make-here")
        with gr.Column(elem_id="data-right", scale=1, min_width=320):
            view = data_parts.view()
    _wire_hero(hero, work, sources)
    _wire_imports(studio, shared, sources, view, importing, (hero.frame, work))
    _wire_view(studio, shared, view, (hero.frame, work))
    mend.wire(studio, shared, view.mend)
    make.wire(studio, shared, maker, view.make, (hero.make, make_here))
    train_now.wire(studio, shared, hero, view, maker)


def _wire_hero(hero: Hero, work: gr.Row, sources: Sources) -> None:
    """Two ways into the work area, with the fitting choice unfolded; without a request to the server."""
    swap = "{visible: false, __type__: 'update'}, {visible: true, __type__: 'update'}"
    for button, frame in ((hero.sample, sources.frames[0]), (hero.own, sources.frames[1])):
        opened = data_sources.unfold(sources, frame).removeprefix("() => [").removesuffix("]")
        button.click(None, None, [hero.frame, work, *sources.frames], js=f"() => [{swap}, {opened}]", **QUIET)


def _wire_imports(
    studio: Studio, shared: Shared, sources: Sources, view: View, importing: gr.BrowserState, frames: tuple[Any, Any]
) -> None:
    """Every way in starts an import; one handler follows it, also after a reload."""
    starter, notes = Starter(studio), {**sources.notes, "choices": view.note}
    all_notes = [sources.note, *notes.values()]
    outputs = [view.working, view.progress, shared.dataset, importing, *frames, *all_notes]
    following, resumed = _followers(studio, tuple(notes), len(outputs))

    def listing() -> tuple[str, str, Any]:
        """Out: the public sets, the data sets opened before, and the frame around these."""
        return data_offers.lists(studio)

    def begin(event: Any, handler: Any, place: str, inputs: Any = None) -> Any:
        # at once, before the server has answered
        emptied = ", ".join("''" for _ in all_notes)
        working = f"() => [{{visible: true, __type__: 'update'}}, {emptied}]"
        event(None, None, [view.working, *all_notes], js=working, **QUIET)
        started = event(handler, inputs, [importing, notes[place]], trigger_mode="once", **QUIET)
        followed = started.then(following, importing, outputs, concurrency_limit=None, **QUIET)
        listed = followed.then(listing, None, sources.listed, **QUIET)
        return listed.then(None, None, None, js=SETTLED, **QUIET)

    begin(sources.sample.choose, starter.sample, "sample")
    begin(sources.public.choose, starter.public, "public")
    begin(sources.picker.picked, starter.picked, "computer")
    again = begin(view.choices.choose, starter.read_anew, "choices", shared.dataset)
    again.then(None, None, None, js=data_choices.AGAIN, **QUIET)
    if sources.path is not None and sources.open_path is not None:
        shared.demo.load(
            lambda: gr.update(visible=reader_is_local(studio)), None, sources.server_frame, queue=False, **QUIET
        )
        begin(sources.open_path.click, starter.path, "server", sources.path)
        begin(sources.path.submit, starter.path, "server", sources.path)
    view.cancel.click(lambda name: _cancel(studio, name), importing, view.progress, queue=False, **QUIET)
    _wire_earlier(studio, shared, sources)
    shared.demo.load(listing, None, sources.listed, **QUIET)
    shared.demo.load(resumed, importing, outputs, concurrency_limit=None, **QUIET)


def _followers(studio: Studio, places: Sequence[str], outputs: int) -> tuple[Any, Any]:
    """The handler that follows an import, and the one for after a reload; they fill ``outputs`` components."""

    def following(name: str | None) -> Iterator[tuple[Any, ...]]:
        """In: the import. Out: the working panel, its progress, the data set, the import, both frames, the notes."""
        yield from import_updates(studio, name, places)

    def resumed(name: str | None) -> Iterator[tuple[Any, ...]]:
        """In: the import that was running when the page was left. Out: as ``following``."""
        if name:
            yield from import_updates(studio, name, places)
        else:  # a generator that yields nothing would empty its outputs
            yield tuple(gr.skip() for _ in range(outputs))

    return following, resumed


def import_updates(studio: Studio, name: str | None, places: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """What the components that follow an import show while ``name`` runs, and at its end.

    What went wrong, or is worth knowing, stands in the note of the place that started the import.
    """
    place = place_of(name)
    try:
        for glance in data_sources.follow(studio, name):
            busy = bool(glance.panel)
            yield (
                gr.update(visible=busy), glance.panel or waiting_panel(), glance.dataset or gr.skip(),
                name if busy else None, gr.update(visible=False), gr.update(visible=True),
                *_noted(glance.note, place, places),
            )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - as in guarded(): here it is known where to say it
        note = data_view.note(sentence_for(error), "bad")
        kept = gr.skip()
        yield gr.update(visible=False), waiting_panel(), kept, None, kept, kept, *_noted(note, place, places)


def _noted(note: str | None, place: str, places: Sequence[str]) -> list[Any]:
    """The general note and those of the ``places``: ``note`` where it belongs; all as they are where it is None."""
    if note is None:
        return [gr.skip() for _ in ("", *places)]
    return ["" if place in places else note, *(note if place == here else "" for here in places)]


def _wire_earlier(studio: Studio, shared: Shared, sources: Sources) -> None:
    @guarded(instead=lambda sentence: (gr.skip(), data_view.note(sentence, "bad")))
    def opened(event: gr.EventData) -> tuple[Any, str]:
        """In: the row that was clicked. Out: the data set, the note."""
        return studio.dataset_cache.dataset(str(event._data["key"])).id, ""

    @guarded(instead=lambda sentence: (gr.skip(), data_view.note(sentence, "bad"), *[gr.skip()] * 4))
    def removed(current: str | None, event: gr.EventData) -> tuple[Any, ...]:
        """In: the data set looked at, the row to delete. Out: the data set, both notes, what is listed."""
        from resnet_studio.data import library

        name = str(event._data["key"])
        # not from the data set itself: one whose pictures are gone can be deleted too
        listed = {item.id: dataset_name(item, reader()) for item in library.list_datasets(studio.workspace)}
        display_name = listed.get(name, name)
        check_own(studio, name)
        _, stay = studio.bin.put_dataset(name, started_by(this_browser()))
        studio.dataset_cache.invalidate(name)
        key = "data.earlier.deleted_needed" if stay else "data.earlier.deleted"
        done = data_view.note(say(key, reader(), name=display_name, count=stay))
        return (None if current == name else gr.skip()), "", done, *data_offers.lists(studio)

    @guarded(instead=lambda sentence: (data_view.note(sentence, "bad"), *[gr.skip()] * 3))
    def undone(event: gr.EventData) -> tuple[Any, ...]:
        """In: the row of the bin. Out: the note, what is listed."""
        found = bin_view.take_back(studio, str(event._data["key"]))
        studio.dataset_cache.invalidate(found.id)
        return data_view.note(say("bin.back", reader(), name=found.name)), *data_offers.lists(studio)

    note = sources.notes["earlier"]
    sources.earlier.choose(opened, None, [shared.dataset, note], **QUIET).then(None, None, None, js=SETTLED, **QUIET)
    outputs = [shared.dataset, note, sources.note, *sources.listed]
    sources.earlier.remove(removed, shared.dataset, outputs, **QUIET)
    sources.earlier.undo(undone, None, outputs[2:], **QUIET)


def _wire_view(studio: Studio, shared: Shared, view: View, frames: tuple[Any, Any]) -> None:
    @guarded(instead=lambda sentence: _nothing(sentence))
    def look(name: str | None, shares: list[float]) -> tuple[Any, ...]:
        """In: the data set, the shares. Out: all of the right side, both frames."""
        if not name:
            return _nothing()
        dataset = studio.dataset_cache.dataset(name)
        language = reader()
        findings = studio.dataset_cache.findings(name)
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
        return split_of(studio.dataset_cache.dataset(name or ""), shares), shares

    shared.dataset.change(look, [shared.dataset, shared.split], [*view.shown, *frames], **QUIET)
    view.split.split(moved, shared.dataset, [view.split, shared.split], trigger_mode="always_last", **QUIET)


def _nothing(reason: str = "") -> tuple[Any, ...]:
    """The right side without a data set, with the ``reason`` where there should be one."""
    note = data_view.note(say("data.gone", reader(), reason=reason), "bad") if reason else ""
    waiting = gr.update(visible=True, value=note + data_parts.waiting(lambda key: say(key, reader())))
    frames = (gr.update(visible=False), gr.update(visible=True)) if reason else (gr.skip(), gr.skip())
    return waiting, gr.update(visible=False), *[""] * 6, *frames


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
