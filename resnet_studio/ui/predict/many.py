"""Many pictures: what begins a job, and the place where its answers are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from resnet_studio.errors import DataError, StudioError
from resnet_studio.predicting.jobs import Request, Source
from resnet_studio.service.asking import asked
from resnet_studio.text import say
from resnet_studio.ui.page.context import Shared, Studio, T, guarded, reader, reader_is_local
from resnet_studio.ui.page.frame import selected_tab
from resnet_studio.ui.page.ownership import started_by, this_browser
from resnet_studio.ui.predict import many_view
from resnet_studio.ui.predict import view as predict_view
from resnet_studio.upkeep import audit

QUIET: Mapping[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
SCRIPT = "window.studioMany(element, watch, (job) => trigger('open', { job }));"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The components; ``folder`` and ``open_folder`` only where somebody may name folders of this machine."""

    files: gr.File
    again: gr.Button
    unlabelled: gr.Button
    local: gr.Accordion | None
    folder: gr.Textbox | None
    open_folder: gr.Button | None
    answers: gr.HTML
    jobs: gr.HTML


def build(studio: Studio) -> Parts:
    """What brings pictures in on the left, their answers on the right, earlier ones below."""
    local = folder = open_folder = None
    with gr.Tab(T("predict.tab.many"), id="many", elem_id="predict-many"), gr.Row():
        with gr.Column(min_width=300, scale=2):
            files = gr.File(label=T("predict.files"), file_count="multiple", height=240, elem_id="predict-files")
            again = gr.Button(T("predict.many.again"), visible=False, elem_id="predict-again")
            unlabelled = gr.Button("", visible=False, elem_id="predict-unlabelled")
            if studio.access.may_be_local or studio.access.local_folders:
                with gr.Accordion(
                    T("predict.many.folder"), open=False, visible=studio.access.local_folders, elem_id="predict-local"
                ) as local:
                    folder = gr.Textbox(
                        label=T("predict.many.folder.label"), info=T("predict.many.folder.help"), max_lines=1,
                        elem_id="predict-folder",
                    )  # fmt: skip
                    open_folder = gr.Button(T("predict.many.folder.open"), size="md", elem_id="predict-open-folder")
            jobs = gr.HTML("", elem_id="predict-jobs", apply_default_css=False)
        with gr.Column(min_width=300, scale=3):
            answers = gr.HTML(
                predict_view.waiting("many", T), elem_id="predict-answers", js_on_load=SCRIPT, apply_default_css=False
            )
    return Parts(
        files=files, again=again, unlabelled=unlabelled, local=local, folder=folder, open_folder=open_folder,
        answers=answers, jobs=jobs,
    )  # fmt: skip


class Handlers:
    """What begins jobs. Each gives the place of the answers, which a script fills in, or what is wrong."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        refused = guarded(instead=predict_view.problem)
        self.files = refused(self._files)
        self.again = refused(self._files)
        self.folder = refused(self._folder)
        self.unlabelled = refused(self._unlabelled)
        self.open = refused(self._open)

    def _files(self, chosen: str | None, more: Any, given: list[str] | None) -> Any:
        """In: model, what was chosen beside it, files. Out: answers."""
        if not given:
            return gr.skip()
        paths = [Path(path) for path in given]
        title = paths[0].stem if len(paths) == 1 else say("predict.many.files", reader(), count=len(paths))
        return self._begin(chosen, more, title, uploads=[(path.name, path) for path in paths])

    def _folder(self, chosen: str | None, more: Any, given: str) -> Any:
        """In: model, what was chosen beside it, a folder as typed. Out: answers."""
        if not reader_is_local(self._studio):
            raise DataError("error.page_data.not_local")
        if not given.strip():
            raise DataError("data.server.empty", example=Path.home() / "Pictures")
        path = Path(given.strip().strip("\"'")).expanduser()
        if not path.is_absolute() or not path.is_dir():
            raise DataError("error.predictions.no_folder", path=str(path))
        source = Source("folder", str(path), path.name)
        return self._begin(chosen, more, path.name or str(path), sources=[source])

    def _unlabelled(self, chosen: str | None, more: Any, dataset: str | None) -> Any:
        """In: model, what was chosen beside it, the data set of this browser. Out: answers on its pictures that
        have no label.
        """
        found = self._studio.dataset_cache.dataset(dataset or "")
        sources = [Source("file", str(found.path(sample)), sample.name) for sample in found.unlabelled]
        return self._begin(chosen, more, found.name, sources=sources)

    def _open(self, event: gr.EventData) -> Any:
        """In: an earlier job. Out: answers."""
        job = self._studio.predictions.jobs.find(getattr(event, "job", None))
        return many_view.frame(job.id, reader())

    def _begin(
        self, chosen: str | None, more: Any, title: str, *, sources: Sequence[Source] = (),
        uploads: Sequence[tuple[str, Path]] = (),
    ) -> Any:  # fmt: skip
        found = asked(self._studio.models, chosen, more)
        browser = this_browser()
        if not browser:
            raise StudioError("error.make.no_cookie")
        self._studio.quota.check(started_by(browser))
        request = Request(
            models=found.keys, model_name=found.name, classes=found.classes, title=title, thresholds=found.thresholds,
            sources=tuple(sources), started_by=started_by(browser),
        )  # fmt: skip
        job = self._studio.predictions.begin(request, uploads)
        audit.record(self._studio.workspace, request.started_by, "predictions.begin", job.id)
        return many_view.frame(job.id, reader())

    @guarded
    def offer(self, dataset: str | None) -> tuple[Any, Any]:
        """In: the data set of this browser. Out: the button for its pictures without labels, folders here."""
        return self._offered(dataset), gr.Accordion(visible=reader_is_local(self._studio))

    @guarded
    def offer_unlabelled(self, dataset: str | None) -> Any:
        """In: the data set of this browser. Out: the button for its pictures without labels."""
        return self._offered(dataset)

    def _offered(self, dataset: str | None) -> Any:
        try:
            found = self._studio.dataset_cache.dataset(dataset) if dataset else None
        except DataError:
            found = None
        if found is None or not found.unlabelled:
            return gr.Button(visible=False)
        words = say("predict.unlabelled", reader(), count=len(found.unlabelled), name=found.name)
        return gr.Button(words, visible=True)

    def offer_again(self, given: list[str] | None) -> Any:
        """In: files. Out: the button that names them again."""
        return gr.Button(visible=bool(given))


def connect(studio: Studio, shared: Shared, parts: Parts, model: gr.Dropdown, more: gr.State) -> None:
    """New files begin a job at once; another model waits for a click, since a job may take long."""
    handlers = Handlers(studio)
    parts.files.change(handlers.files, [model, more, parts.files], parts.answers, **QUIET)
    parts.files.change(handlers.offer_again, parts.files, parts.again, **QUIET)
    parts.again.click(handlers.again, [model, more, parts.files], parts.answers, **QUIET)
    parts.unlabelled.click(handlers.unlabelled, [model, more, shared.dataset], parts.answers, **QUIET)
    parts.answers.open(handlers.open, None, parts.answers, **QUIET)
    offered = [parts.unlabelled, *([parts.local] if parts.local else [])]
    for listen in (selected_tab().select, shared.dataset.change, shared.demo.load):
        listen(handlers.offer if parts.local else handlers.offer_unlabelled, shared.dataset, offered, **QUIET)
    if parts.folder is not None and parts.open_folder is not None:
        gr.on(
            [parts.open_folder.click, parts.folder.submit], handlers.folder, [model, more, parts.folder], parts.answers,
            **QUIET,
        )  # fmt: skip
