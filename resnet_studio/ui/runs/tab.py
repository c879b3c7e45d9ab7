"""The Runs tab: everything that was ever trained here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import gradio as gr
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from resnet_studio import acting, labels
from resnet_studio.data.cache import ArrayCache
from resnet_studio.errors import RunError
from resnet_studio.folder_names import safe_name
from resnet_studio.service.run_data import Damaged, Overview
from resnet_studio.text import Language, say
from resnet_studio.ui.page import bin_view
from resnet_studio.ui.page.context import Shared, Studio, guarded, language_of, reader
from resnet_studio.ui.page.downloads import FRESH
from resnet_studio.ui.page.frame import loading, selected_tab
from resnet_studio.ui.page.notes import toast
from resnet_studio.ui.page.ownership import actor, started_by, this_browser
from resnet_studio.ui.runs import checking
from resnet_studio.ui.runs.compare import MOST, compared
from resnet_studio.ui.runs.view import table
from resnet_studio.upkeep import audit
from resnet_studio.workspace import Run

QUIET: Mapping[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
TOLD: Mapping[str, Any] = {**QUIET, "queue": True}
"""Of handlers that leave a passing note: Gradio shows it for queued events alone."""
SCRIPT = """window.studioRuns(element, {
  open: (run) => trigger("open", { run }), resume: (run) => trigger("resume", { run }),
  remove: (run) => trigger("remove", { run }), rename: (run, name, note) => trigger("rename", { run, name, note }),
  go: (to) => trigger("go", { to }), undo: (entry) => trigger("undo", { entry }),
  gone: (entry) => trigger("gone", { entry }),
});"""


class Handlers:
    """What the events of the table do; each says which components come in and go out."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._data = studio.runs
        self._cache = ArrayCache(studio.workspace.cache)

    @guarded
    def show(self, shown_version: str) -> Any:
        """In: what the view shows. Out: view, what it shows; nothing where that is the same."""
        runs, size = self._data.listed(), self._cache.size()
        binned = " ".join(each.entry for each in bin_view.visible(self._studio))
        now = f"{mark(runs, reader())} {size} {binned}"
        return gr.skip() if now == shown_version else (self._table(), now)

    @guarded
    def open_run(self, event: gr.EventData) -> tuple[str, Any]:
        """In: a row of the view. Out: the run of this browser, the tabs."""
        run = self._data.of(self._named(event))
        return run.run.id, gr.Tabs(selected="results" if run.state.finished else "train")

    @guarded
    def resume(self, event: gr.EventData) -> tuple[str, Any]:
        """In: a row of the view. Out: the run of this browser, the tabs."""
        run = self._named(event)
        self._studio.jobs.resume(run.id)
        audit.record(self._studio.workspace, actor(), "run.resume", run.id)
        toast(say("runs.resumed", reader(), name=labels.shown(run.about, run.id)))
        return run.id, gr.Tabs(selected="train")

    @guarded
    def remove(self, event: gr.EventData) -> str:
        """In: a row of the view. Out: view."""
        run = self._named(event)
        found = self._data.find(run.id)
        name = found.name if found else run.id
        if self._studio.jobs.place(run.id) is not None:
            raise RunError("error.run.busy", run=name)
        self._studio.bin.put_run(run, started_by(this_browser()))
        toast(say("runs.deleted", reader(), name=name))
        return self._table()

    @guarded
    def undo(self, event: gr.EventData) -> str:
        """In: a row of the bin. Out: view."""
        found = bin_view.take_back(self._studio, getattr(event, "entry", ""))
        toast(say("bin.back", reader(), name=found.name))
        return self._table()

    @guarded
    def remove_for_good(self, event: gr.EventData) -> str:
        """In: a row of the bin. Out: view."""
        found, freed = bin_view.remove(self._studio, getattr(event, "entry", ""))
        toast(say("bin.removed", reader(), name=found.name, megabytes=f"{freed / 2**20:,.1f}"))
        return self._table()

    @guarded
    def rename(self, event: gr.EventData) -> str:
        """In: a row of the view with a name and a note. Out: view."""
        run = self._named(event)
        labels.write(run.folder, name=str(getattr(event, "name", "")), note=str(getattr(event, "note", "")))
        audit.record(self._studio.workspace, actor(), "run.rename", run.id)
        return self._table()

    @guarded
    def go(self, event: gr.EventData) -> Any:
        """In: a button of the view that is about no run. Out: the tabs, view."""
        if getattr(event, "to", "") != "clear-cache":
            return gr.Tabs(selected="data" if getattr(event, "to", "") == "data" else "train"), gr.skip()
        acting.check("manage", acting.STUDIO)
        freed = self._cache.clear() / 2**20
        toast(say("runs.cache.cleared", reader(), megabytes=f"{freed:,.0f}"))
        return gr.skip(), self._table()

    def _named(self, event: gr.EventData) -> Run:
        name = str(getattr(event, "run", ""))
        if not safe_name(name):
            raise RunError("error.run.missing", run=name)
        return self._studio.workspace.run(name)

    def _table(self) -> str:
        binned = bin_view.listed(self._studio, reader())
        return table(self._data.listed(), reader(), self._cache.size(), this_browser(), binned)


def build(studio: Studio, shared: Shared) -> None:
    """Fill the tab: one table, with its buttons."""
    handlers = Handlers(studio)
    view = gr.HTML(loading(), elem_id="runs-view", js_on_load=SCRIPT, apply_default_css=False)
    shown_version = gr.State("")
    for listen in (selected_tab().select, shared.run.change, shared.live_phase.change):
        listen(handlers.show, shown_version, [view, shown_version], **QUIET)
    view.open(handlers.open_run, None, [shared.run, shared.tabs], **QUIET)
    view.resume(handlers.resume, None, [shared.run, shared.tabs], **TOLD)
    view.remove(handlers.remove, None, view, **TOLD)
    view.rename(handlers.rename, None, view, **QUIET)
    view.undo(handlers.undo, None, view, **TOLD)
    view.gone(handlers.remove_for_good, None, view, **TOLD)
    view.go(handlers.go, None, [shared.tabs, view], **TOLD)
    checking.build(studio)


def mark(runs: Sequence[Overview | Damaged], language: Language) -> str:
    """A text that changes when the table would."""
    return f"{language} {date.today()} {hash(tuple(map(_version, runs)))}"


def _version(run: Overview | Damaged) -> tuple[object, ...]:
    if isinstance(run, Damaged):
        return run.run.id, run.error.key
    return run.run.id, run.state.status, run.state.last_number, run.state.unreadable, run.name, run.note


def routes(studio: Studio) -> APIRouter:
    """The comparison of the ticked runs."""
    router = APIRouter()
    data = studio.runs

    @router.get("/studio/compare")
    def compare(request: Request, run: Annotated[list[str] | None, Query()] = None) -> HTMLResponse:
        found = [data.find(name) for name in (run or [])[:MOST] if safe_name(name)]
        runs = [overview for overview in found if overview is not None]
        return HTMLResponse(compared(data, runs, language_of(request)), headers=FRESH)

    return router
