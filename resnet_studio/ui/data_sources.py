"""The left side of the Data tab: the ways in, and the thread-backed imports that they start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.errors import DataError
from resnet_studio.text import Language, say
from resnet_studio.ui import data_choices, data_view
from resnet_studio.ui.context import Studio, T, guarded, reader, reader_is_local
from resnet_studio.ui.folder_picker import Picked, folder_picker, uploads
from resnet_studio.ui.importing import Cancelled

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.data.intake import Summary

TICK_SECONDS = 0.2
CHOOSE = """
element.addEventListener('click', (event) => {
  const remove = event.target.closest('[data-delete]'), open = event.target.closest('[data-key]');
  if (remove && !remove.classList.contains('sure')) {
    remove.classList.add('sure');
    remove.textContent = remove.dataset.sure;
  } else if (remove) trigger('remove', {key: remove.dataset.delete});
  else if (open) trigger('choose', {key: open.dataset.key});
});
"""


@dataclass(frozen=True)
class Sources:
    """The components of the left side that others listen to."""

    sample: gr.HTML
    public: gr.HTML
    earlier: gr.HTML
    earlier_frame: gr.Accordion
    picker: gr.HTML
    path: gr.Textbox | None
    open_path: gr.Button | None
    server_frame: gr.Accordion | None
    note: gr.HTML
    frames: tuple[gr.Accordion, ...]


def build(studio: Studio) -> Sources:
    """One folded choice for each way in; opening one folds the others."""
    from resnet_studio.data.samples import PUBLIC, available_samples

    samples = [sample.key for sample in available_samples()]
    gr.HTML(f'<h2 class="rs-h2 rs-column-title">{T("data.from")}</h2>', apply_default_css=False)
    with gr.Column(elem_id="data-sources", elem_classes="rs-choices"):
        with gr.Accordion(T("data.from.sample"), open=True, elem_id="data-from-sample") as sample_frame:
            sample = gr.HTML(
                _cards("sample", samples), js_on_load=CHOOSE, elem_id="data-samples", apply_default_css=False
            )
        with gr.Accordion(T("data.from.computer"), open=False, elem_id="data-from-computer") as picker_frame:
            picker = folder_picker("data-picker")
        with gr.Accordion(T("data.from.public"), open=False, elem_id="data-from-public") as public_frame:
            public = gr.HTML(
                _cards("public", PUBLIC), js_on_load=CHOOSE, elem_id="data-publics", apply_default_css=False
            )
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
            frames.append(server_frame)
        with gr.Accordion(
            T("data.from.earlier"), open=False, visible=False, elem_id="data-from-earlier"
        ) as earlier_frame:
            earlier = gr.HTML("", js_on_load=CHOOSE, elem_id="data-earlier", apply_default_css=False)
        frames.append(earlier_frame)
    note = gr.HTML("", elem_id="data-note", apply_default_css=False)
    for frame in frames:
        others = [other for other in frames if other is not frame]
        frame.expand(None, None, others, js=_fold(len(others)))
    return Sources(sample, public, earlier, earlier_frame, picker, path, open_path, server_frame, note, tuple(frames))


def unfold(sources: Sources, which: gr.Accordion) -> str:
    """The script that opens ``which`` and folds the other choices; its outputs are ``sources.frames``."""
    states = ", ".join(f"{{open: {str(frame is which).lower()}, __type__: 'update'}}" for frame in sources.frames)
    return f"() => [{states}]"


def _fold(count: int) -> str:
    update = "{open: false, __type__: 'update'}"
    return f"() => {update}" if count == 1 else f"() => Array({count}).fill({update})"


def _cards(kind: str, keys: Iterable[str]) -> str:
    """A button for each data set on offer, with its name and what it shows; its terms are the tool tip."""
    cards = "".join(
        f'<button type="button" class="rs-offer" data-key="{key}" title="{T(f"{kind}.{key}.terms")}">'
        f'<span class="rs-offer-name">{T(f"{kind}.{key}.name")}</span>'
        f'<span class="rs-offer-about">{T(f"{kind}.{key}.description")}</span></button>'
        for key in keys
    )
    return f'<div class="rs-offers">{cards}</div>'


def earlier_list(studio: Studio) -> tuple[str, dict[str, Any]]:
    """The data sets in the workspace as HTML, and whether there is anything to show. Out: earlier, its frame."""
    from resnet_studio.data import intake

    language = reader()
    rows = [_earlier_row(item, language) for item in intake.datasets(studio.workspace)]
    return f'<div class="rs-offers">{"".join(rows)}</div>', gr.update(visible=bool(rows))


def _earlier_row(item: Summary, language: Language) -> str:
    """One data set: a click opens it; its cross deletes it at the second click."""
    counted = say("data.facts", language, pictures=item.pictures, classes=item.classes)
    name = data_view.name_of(item, language)
    delete, key = _quoted(say("data.earlier.delete", language, name=name)), _quoted(item.id)
    sure = _quoted(say("data.earlier.sure", language))
    return (
        f'<div class="rs-row"><button type="button" class="rs-offer" data-key={key}>'
        f'<span class="rs-offer-name">{escape(name)}</span>'
        f'<span class="rs-offer-about rs-number">{escape(counted)}</span></button>'
        f'<button type="button" class="rs-icon-button" data-delete={key} data-sure={sure} '
        f"aria-label={delete} title={delete}>×</button></div>"
    )


def _quoted(text: str) -> str:
    return f'"{escape(text, quote=True)}"'


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
        return self._open("sample", f"sample:{event._data['key']}"), ""

    def _public(self, event: gr.EventData) -> tuple[str, str]:
        """In: the card that was clicked. Out: the import, the note."""
        return self._open("public", f"public:{event._data['key']}"), ""

    def _path(self, path: str) -> tuple[str, str]:
        """In: the path as typed. Out: the import, the note."""
        if not reader_is_local(self.studio):
            raise DataError("error.page_data.not_local")
        if not path.strip():
            raise DataError("data.server.empty", example=Path.home() / "Pictures")
        return self._open("pictures", path.strip().strip("\"'")), ""

    def _picked(self, event: gr.EventData) -> tuple[str, str]:
        """In: what the picker has sent. Out: the import, the note."""
        picked = uploads(event._data, self.studio.workspace.temporary)
        started = self.studio.imports.start(
            "pictures", lambda told: take_in(picked, self.studio, told), picked.left_out
        )
        return started, ""

    def _read_anew(self, dataset: str | None, event: gr.EventData) -> tuple[str, str]:
        """In: the data set, what was chosen of how to read it. Out: the import, the note."""
        return data_choices.begin(self.studio, dataset, event._data), ""

    def _open(self, kind: str, source: str) -> str:
        from resnet_studio.data import intake

        return self.studio.imports.start(
            kind, lambda told: intake.open_data(source, self.studio.workspace, purpose="look", progress=told)
        )


def take_in(picked: Picked, studio: Studio, progress: Callable[[int, int], None]) -> Dataset:
    """Move what was uploaded into the workspace as a data set; the uploaded files are gone in any case."""
    from resnet_studio.data import intake

    try:
        if picked.archive:
            return intake.from_zip(
                picked.archive, studio.workspace, name=picked.name, purpose="look", progress=progress
            )
        inside = studio.workspace.temporary
        return intake.from_picked(
            picked.files, studio.workspace, name=picked.name, inside=inside, purpose="look", progress=progress
        )
    finally:
        for _, path in picked.files:
            path.unlink(missing_ok=True)
            if not any(path.parent.iterdir() if path.parent.is_dir() else ["gone"]):
                path.parent.rmdir()


def follow(studio: Studio, name: str | None) -> Iterator[Following]:
    """What to show while the import ``name`` runs, then what came of it; raises what the import raised."""
    language = reader()
    begun = studio.imports.get(name)
    if begun is None:
        yield Following(note=data_view.note(say("data.lost", language), "bad") if name else None)
        return
    title = say(f"data.working.{begun.kind}", language)
    while not begun.wait(TICK_SECONDS):
        shown = say("data.working.cancelling", language) if begun.cancelling else title
        yield Following(panel=data_view.progress(shown, begun.done, begun.total))
    if isinstance(begun.error, Cancelled):
        yield Following(note=data_view.note(say("data.cancelled", language)))
    elif begun.error is not None:
        raise begun.error
    elif begun.dataset is not None:
        studio.shelf.forget(begun.dataset.id)
        left_out = say("data.left_out", language, count=begun.left_out) if begun.left_out else ""
        yield Following(dataset=begun.dataset.id, note=data_view.note(left_out))
