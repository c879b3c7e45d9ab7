"""Other pictures to test on: chosen among the sets of the workspace, or brought here as a folder or a zip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.data.outside_set import DATASET
from resnet_studio.errors import DataError
from resnet_studio.service.importing import Cancelled
from resnet_studio.text import say
from resnet_studio.ui.page.bringing import Progress, brought_in, take_in
from resnet_studio.ui.page.context import Studio, T, reader, reader_is_local, sentence_for
from resnet_studio.ui.page.folder_picker import folder_picker, uploads
from resnet_studio.ui.page.notes import alert, small
from resnet_studio.ui.train import form, offered

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

TICK_SECONDS = 0.3
PLACE = "testing"


@dataclass(frozen=True)
class TestingParts:
    """The components besides the list: a ``note`` on what is chosen, the ``status`` of what is brought.

    ``local`` is there only where somebody may name folders of this machine.
    """

    note: gr.HTML
    status: gr.HTML
    picker: gr.HTML
    local: gr.Column | None
    path: gr.Textbox | None
    open_path: gr.Button | None

    __test__ = False  # for pytest

    def ways(self, handlers: TestingHandlers) -> Iterator[tuple[Any, Any, list[Any]]]:
        """The events that bring pictures, each with its handler and what that is given besides the data set."""
        yield self.picker.picked, handlers.picked, []
        if self.path is not None and self.open_path is not None:
            yield self.open_path.click, handlers.path, [self.path]
            yield self.path.submit, handlers.path, [self.path]


def parts(studio: Studio, fields: dict[str, Any]) -> TestingParts:
    """Make the components; the list becomes one of ``fields``."""
    local = path = open_path = None
    with gr.Accordion(T("train.test.title"), open=False, elem_id="train-testing"):
        fields["test_data"] = form.field("test_data")
        note = gr.HTML("", elem_id="train-testing-note", apply_default_css=False)
        picker = folder_picker("train-testing-picker")
        status = gr.HTML("", elem_id="train-testing-status", apply_default_css=False)
        if studio.access.may_be_local or studio.access.local_folders:
            with gr.Column(visible=studio.access.local_folders, elem_id="train-testing-local") as local:
                path = gr.Textbox(label=T("train.test.path"), max_lines=1, elem_id="train-testing-path")
                open_path = gr.Button(T("train.test.path.open"), size="md", elem_id="train-testing-open")
    return TestingParts(note, status, picker, local, path, open_path)


class TestingHandlers:
    """Handlers that bring pictures to test on; ``find`` gives the data set of an id."""

    __test__ = False

    def __init__(self, studio: Studio, find: Callable[[str | None], Dataset | None]) -> None:
        self._studio, self._find = studio, find

    def picked(self, dataset: str | None, event: gr.EventData) -> Iterator[tuple[Any, str]]:
        """In: the data set; the event says what the picker has sent. Out: the list, what is being done."""

        def begin() -> str:
            picked = uploads(event._data, self._studio.workspace.temporary)

            def work(progress: Progress) -> Dataset:
                return take_in(picked, self._studio, progress, "score")

            return self._start(work, picked.coming())

        yield from self._followed(begin, dataset)

    def path(self, path: str, dataset: str | None) -> Iterator[tuple[Any, str]]:
        """In: the path as typed, the data set. Out: as :meth:`picked`."""

        def begin() -> str:
            if not reader_is_local(self._studio):
                raise DataError("error.page_data.not_local")
            if not path.strip():
                raise DataError("data.server.empty", example=Path.home() / "Pictures")
            from resnet_studio.data import opening

            def work(progress: Progress) -> Dataset:
                source = path.strip().strip("\"'")
                return opening.open_data(source, self._studio.workspace, purpose="score", progress=progress)

            return self._start(work)

        yield from self._followed(begin, dataset)

    def offer(self) -> Any:
        """Out: the place to name a folder of this machine, for those who sit at it."""
        return gr.update(visible=reader_is_local(self._studio))

    def _start(self, work: Callable[[Progress], Dataset], *coming: Any) -> str:
        return self._studio.imports.start("pictures", brought_in(self._studio, work, *coming), place=PLACE)

    def _followed(self, begin: Callable[[], str], dataset: str | None) -> Iterator[tuple[Any, str]]:
        """What the list and the status show while the pictures are read, and then. They are read on after a reload."""
        language = reader()
        try:
            begun = self._studio.imports.get(begin())
            assert begun is not None
            while not begun.wait(TICK_SECONDS):
                key = "train.test.reading" if begun.total else "train.test.waiting"
                yield gr.skip(), small(say(key, language, done=begun.done, total=begun.total))
            if begun.error is not None:
                raise begun.error
            assert begun.dataset is not None
            requested = f"{DATASET}{begun.dataset.id}"
            options, chosen = offered.test_sets(self._studio.workspace, self._find(dataset), requested, language)
            yield gr.update(choices=options, value=chosen), ""
        except Cancelled:
            yield gr.skip(), ""
        except Exception as error:  # noqa: BLE001 - as in guarded(): here it is known where to say it
            yield gr.skip(), alert(sentence_for(error))
