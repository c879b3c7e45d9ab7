"""The left side of the Data tab: the ways in, and the thread-backed imports that they start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.data.editing import base_of, current_id
from resnet_studio.errors import DataError
from resnet_studio.service.importing import Cancelled
from resnet_studio.text import joined, say
from resnet_studio.ui.data import choices as data_choices
from resnet_studio.ui.data import offers as data_offers
from resnet_studio.ui.data import view as data_view
from resnet_studio.ui.page.bringing import Progress, brought_in, take_in
from resnet_studio.ui.page.context import Studio, T, guarded, reader, reader_is_local
from resnet_studio.ui.page.folder_picker import folder_picker, uploads
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

TICK_SECONDS = 0.2
CHOOSE = """
studioOffers(element, ...['choose', 'remove', 'undo'].map((name) => (key) => trigger(name, {key})));
watch('value', () => window.studioChosen?.settle());
"""


@dataclass(frozen=True)
class Sources:
    """The components of the left side that others listen to; ``notes`` stand where something can go wrong."""

    sample: gr.HTML
    public: gr.HTML
    earlier: gr.HTML
    earlier_frame: gr.Accordion
    picker: gr.HTML
    path: gr.Textbox | None
    open_path: gr.Button | None
    server_frame: gr.Accordion | None
    note: gr.HTML
    notes: Mapping[str, gr.HTML]
    frames: tuple[gr.Accordion, ...]

    @property
    def listed(self) -> list[Any]:
        """What :func:`data_offers.lists` fills."""
        return [self.public, self.earlier, self.earlier_frame]


def build(studio: Studio) -> Sources:
    """One folded choice for each way in; opening one folds the others."""
    gr.HTML(render("data/sources_title.html"), apply_default_css=False)
    notes: dict[str, gr.HTML] = {}
    with gr.Column(elem_id="data-sources", elem_classes="rs-choices"):
        sample_frame, sample = _offered("sample", data_offers.samples(), notes, open=True)
        with gr.Accordion(T("data.from.computer"), open=False, elem_id="data-from-computer") as picker_frame:
            picker = folder_picker("data-picker")
            notes["computer"] = _note("computer")
        public_frame, public = _offered("public", "", notes)
        frames = [sample_frame, picker_frame, public_frame]
        path = open_path = server_frame = None
        if studio.access.may_be_local or studio.access.local_folders:
            with gr.Accordion(
                T("data.from.server"), open=False, visible=studio.access.local_folders, elem_id="data-from-server"
            ) as server_frame:
                path = gr.Textbox(
                    label=T("data.server.label"), info=T("data.server.help"), elem_id="data-path", max_lines=1
                )
                open_path = gr.Button(T("data.server.open"), size="md", elem_id="data-open-path")
                notes["server"] = _note("server")
            frames.append(server_frame)
        earlier_frame, earlier = _offered("earlier", "", notes, visible=False)
        frames.append(earlier_frame)
    note = gr.HTML("", elem_id="data-note", apply_default_css=False)
    for frame in frames:
        others = [other for other in frames if other is not frame]
        frame.expand(None, None, others, js=_fold(len(others)))
    return Sources(
        sample, public, earlier, earlier_frame, picker, path, open_path, server_frame, note, notes, tuple(frames)
    )


def _offered(place: str, html: str, notes: dict[str, gr.HTML], **frame: Any) -> tuple[gr.Accordion, gr.HTML]:
    """A choice that lists data sets, and the list."""
    ids = {"sample": "data-samples", "public": "data-publics", "earlier": "data-earlier"}
    options = {"open": False, "elem_id": f"data-from-{place}", **frame}
    with gr.Accordion(T(f"data.from.{place}"), **options) as accordion:
        listed = gr.HTML(html, js_on_load=CHOOSE, elem_id=ids[place], apply_default_css=False)
        notes[place] = _note(place)
    return accordion, listed


def _note(place: str) -> gr.HTML:
    return gr.HTML("", elem_id=f"data-note-{place}", elem_classes="data-note", apply_default_css=False)


def unfold(sources: Sources, which: gr.Accordion) -> str:
    """The script that opens ``which`` and folds the other choices; its outputs are ``sources.frames``."""
    states = ", ".join(f"{{open: {str(frame is which).lower()}, __type__: 'update'}}" for frame in sources.frames)
    return f"() => [{states}]"


def _fold(count: int) -> str:
    update = "{open: false, __type__: 'update'}"
    return f"() => {update}" if count == 1 else f"() => Array({count}).fill({update})"


@dataclass(frozen=True)
class Following:
    """A glance at an import: the working ``panel`` while it runs, then the ``dataset``; a ``note`` if there is one."""

    panel: str = ""
    dataset: str | None = None
    note: str | None = None


class Starter:
    """Handlers that begin an import. Each gives its id and an empty note, or no id and a sentence of what is wrong."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        refused = guarded(instead=lambda sentence: (None, data_view.note(sentence, "bad")))
        self.sample = refused(self._sample)
        self.public = refused(self._public)
        self.picked = refused(self._picked)
        self.path = refused(self._path)
        self.read_anew = refused(self._read_anew)

    def _sample(self, event: gr.EventData) -> tuple[str, str]:
        """In: the card that was clicked. Out: the import, the note."""
        return self._open("sample", f"sample:{event._data['key']}", "sample"), ""

    def _public(self, event: gr.EventData) -> tuple[str, str]:
        """In: the card that was clicked. Out: the import, the note."""
        return self._open("public", f"public:{event._data['key']}", "public"), ""

    def _path(self, path: str) -> tuple[str, str]:
        """In: the path as typed. Out: the import, the note."""
        if not reader_is_local(self.studio):
            raise DataError("error.page_data.not_local")
        if not path.strip():
            raise DataError("data.server.empty", example=Path.home() / "Pictures")
        return self._open("pictures", path.strip().strip("\"'"), "server"), ""

    def _picked(self, event: gr.EventData) -> tuple[str, str]:
        """In: what the picker has sent. Out: the import, the note."""
        picked = uploads(event._data, self.studio.workspace.temporary)
        work = brought_in(self.studio, lambda progress: take_in(picked, self.studio, progress), picked.coming())
        return self.studio.imports.start("pictures", work, picked.left_out, "computer"), ""

    def _read_anew(self, dataset: str | None, event: gr.EventData) -> tuple[str, str]:
        """In: the data set, what was chosen of how to read it. Out: the import, the note."""
        return data_choices.begin(self.studio, dataset, event._data), ""

    def _open(self, kind: str, source: str, place: str) -> str:
        from resnet_studio.data import opening

        def work(progress: Progress) -> Dataset:
            return opening.open_data(source, self.studio.workspace, purpose="look", progress=progress)

        return self.studio.imports.start(kind, brought_in(self.studio, work), place=place)


def follow(studio: Studio, name: str | None) -> Iterator[Following]:
    """What to show while the import ``name`` runs, then what came of it; raises what the import raised."""
    language = reader()
    begun = studio.imports.get(name)
    if begun is None:
        yield Following(note=data_view.note(say("data.lost", language), "bad") if name else None)
        return
    while not begun.wait(TICK_SECONDS):
        state = "cancelling" if begun.cancelling else "waiting" if begun.waiting else begun.kind
        shown = say(f"data.working.{state}", language)
        yield Following(panel=data_view.progress(shown, begun.done, begun.total))
    if isinstance(begun.error, Cancelled):
        yield Following(note=data_view.note(say("data.cancelled", language)))
    elif begun.error is not None:
        raise begun.error
    elif begun.dataset is not None:
        id = current_id(studio.workspace.datasets / base_of(begun.dataset.id))
        studio.dataset_cache.invalidate(id)
        left_out = say("data.left_out", language, count=begun.left_out) if begun.left_out else ""
        edited = say("data.edited_before", language) if id != base_of(id) else ""
        yield Following(dataset=id, note=data_view.note(joined([left_out, edited], language)))
