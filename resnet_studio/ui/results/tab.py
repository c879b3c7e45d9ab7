"""The Results tab: how good the model of one run is, where it errs, and its downloads."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import gradio as gr
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from resnet_studio.evaluation.outside import OUTSIDE_TEST
from resnet_studio.folder_names import safe_name
from resnet_studio.service.run_data import Overview, RunData, format_timestamp
from resnet_studio.text import Language, say, say_recorded
from resnet_studio.ui.drawn import charts
from resnet_studio.ui.page import downloads, export_routes, heat_routes
from resnet_studio.ui.page.context import Shared, Studio, guarded, language_of, reader, to_set, to_try
from resnet_studio.ui.page.frame import address, loading, selected_tab
from resnet_studio.ui.page.ownership import this_browser
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.results import inside, next_steps, outside, panels, robust
from resnet_studio.ui.results.downloads import downloads_panel
from resnet_studio.ui.results.exports import export_panel
from resnet_studio.ui.results.matrix import matrix, pairs
from resnet_studio.ui.results.pictures import PICTURES_MOST, PICTURES_SHOWN, pictures_panel
from resnet_studio.ui.results.view import cards, class_table, empty, headline, waiting

SCRIPT = (
    'window.studioResults(element, (to, pictures, step) => trigger("go", { to, pictures, step }), '
    '(run) => trigger("choose", { run }), (asked) => trigger("analyse", asked));'
)
FEW_CLASSES = 5
"""Up to so many classes the matrix needs little room, and the pictures stand beside it."""


def build(studio: Studio, shared: Shared) -> None:
    """Fill the tab: a chooser of runs, and one view that shows everything about the chosen one."""
    data = studio.runs
    view = gr.HTML(loading(), elem_id="results-view", js_on_load=SCRIPT, apply_default_css=False)
    shown_version = gr.State("")

    @guarded
    def show(run: str | None, shown_version: str) -> Any:
        """In: the run of this browser, what the view shows. Out: view, what it shows; nothing where that is the same.

        Leaving it alone keeps the pictures that the reader has opened.
        """
        overviews = data.overviews()
        chosen = choose(overviews, run)
        now = mark(overviews, chosen, reader())
        if now == shown_version:
            return gr.skip()
        return page_or_reason(data, overviews, chosen, reader(), this_browser()), now

    @guarded
    def look_at(event: gr.EventData) -> Any:
        """In: the chooser of the view. Out: the run of this browser."""
        return data.run_id(getattr(event, "run", None)) or gr.skip()

    quiet: Mapping[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    for listen in (shared.run.change, shared.live_phase.change, selected_tab().select):
        listen(show, [shared.run, shown_version], [view, shown_version], **quiet)
    view.choose(look_at, None, shared.run, **quiet)
    view.analyse(panels.handler(studio), None, None, trigger_mode="multiple", **quiet)
    queued = {**quiet, "queue": True}  # the change of a state is noticed by events of the queue only (Gradio 6.31)
    view.go(going(studio), shared.run, [shared.tabs, shared.tried, shared.dataset, shared.suggested], **queued)


def going(studio: Studio) -> Any:
    """Of the view: what a button does that leads to another tab."""
    data = studio.runs

    @guarded
    def go(run: str | None, event: gr.EventData) -> tuple[Any, Any, Any, Any]:
        """In: the run of this browser, a button of the view. Out: the tabs, the run to try, the data set to show, the
        settings that a step is about.
        """
        to, step = getattr(event, "to", "data"), getattr(event, "step", None)
        pictures = bool(getattr(event, "pictures", False)) or bool(step)
        shown = choose(data.overviews(), run) if to == "predict" or pictures else None
        settings = next_steps.settings_of(shown, step) if shown and step else {}
        tabs = gr.Tabs(selected=to if to in ("data", "train", "predict", "runs") else "data")
        tried = to_try(shown.run.id) if shown and to == "predict" else gr.skip()
        dataset = next_steps.dataset_of(studio, shown) if shown and pictures else gr.skip()
        return (
            tabs,
            tried,
            dataset,
            to_set(settings, str(shown.run.about.get("dataset", ""))) if shown and settings else gr.skip(),
        )

    return go


def choose(overviews: list[Overview], run: str | None) -> Overview | None:
    """The run called ``run``; where there is none, the newest that has a result, else the newest."""
    by_id = {overview.run.id: overview for overview in overviews}
    if run in by_id:
        return by_id[run]
    done = (overview for overview in overviews if overview.state.finished)
    return next(done, overviews[0] if overviews else None)


def mark(overviews: list[Overview], chosen: Overview | None, language: Language) -> str:
    """A text that changes when what the view of ``chosen`` would show changes."""
    if chosen is None:
        return f"none {language}"
    offered = [(overview.run.id, overview.name) for overview in overviews if overview.state.finished]
    named = hash((*offered, chosen.name, chosen.note))
    return f"{language} {chosen.run.id} {chosen.state.status} {chosen.state.last_number} {named}"


def chooser(overviews: list[Overview], chosen: Overview, language: Language) -> str:
    """A select with the finished runs, and the chosen one whatever its state; nothing where there is no choice."""
    offered = [o for o in overviews if o.state.finished or o.run.id == chosen.run.id]
    if len(offered) < 2:
        return ""
    options = [(overview.run.id, label_of(overview, language)) for overview in offered]
    return render("results/chooser.html", language, options=options, chosen=chosen.run.id)


def label_of(run: Overview, language: Language) -> str:
    """A run in one line of the chooser."""
    score = say("results.choice.no_test", language)
    if run.test_accuracy is not None:
        score = say("results.share", language, share=run.test_accuracy)
    elif not run.state.finished:
        score = say(f"runs.status.{run.state.status_name}", language)
    when = format_timestamp(run.about.get("created"), language)
    return say("results.choice", language, name=run.name, score=score, when=when)


def page(data: RunData, overviews: list[Overview], run: Overview | None, language: Language, browser: str = "") -> str:
    """The whole view of ``run`` as seen from ``browser``."""
    if run is None:
        return empty(language)
    parts = [headline(run, chooser(overviews, run, language), language, browser), waiting(run, language)]
    shown: dict[str, Any] = {
        "address": "",
        "tested": {},
        "few_classes": False,
        "curves": "",
        "downloads": "",
        "panels": "",
    }
    if run.state.finished is None:
        shown["curves"] = curves_panel(run, language) if run.state.ended else ""
        return render("results/page.html", parts=parts, **shown)
    report = data.report(run.run)
    other = data.part(run.run, OUTSIDE_TEST)
    parts += [cards(run, report, language, other), next_steps.section(run, language) if report else ""]
    if other is not None:
        parts.append(outside.section(other, data.places(run.run, "outside"), language))
    if report:
        shown["few_classes"] = len(report["classes"]) <= FEW_CLASSES
        shown["tested"] = {
            "matrix": matrix(report, language),
            "pictures": pictures_panel(report, data.places(run.run), language),
            "classes": class_table(report, language),
            "pairs": pairs(report, language),
        }
        shown["panels"] = panels.closed_panels(language)
    shown |= {
        "curves": curves_panel(run, language),
        "downloads": downloads_panel(run, language) + export_panel(run, language),
    }
    return render("results/page.html", parts=parts, **shown | {"address": address(run.run, "")})


def page_or_reason(
    data: RunData, overviews: list[Overview], run: Overview | None, language: Language, browser: str = ""
) -> str:
    """The view of ``run``; where its files make no sense, that sentence and the way to the other runs."""
    try:
        return page(data, overviews, run, language, browser)
    except Exception as error:
        if run is None:
            raise
        logging.getLogger(__name__).warning("the results of %s cannot be shown", run.run.id, exc_info=error)
        return render("results/unshown.html", language, name=run.name, chooser=chooser(overviews, run, language))


def curves_panel(run: Overview, language: Language) -> str:
    """The curves of the training; nothing where no epoch was finished."""
    if not run.state.epochs:
        return ""
    planned = run.state.planned or len(run.state.epochs)
    probe = run.state.probed.validation_accuracy if run.state.probed else None
    drawn = charts.curves(charts.RunCurves(run.state.epochs, planned=planned, probe=probe), language)
    mean = run.state.mean_note
    kept = say_recorded(mean.key, language, mean.values) if mean else ""
    return render("results/curves.html", language, curves=drawn, kept=kept)


def routes(studio: Studio) -> APIRouter:
    """Downloads, and the parts of the view that change by a click: pictures of a cell, all of a large matrix."""
    router = APIRouter()
    data = studio.runs
    router.include_router(downloads.routes(studio))
    router.include_router(export_routes.routes(studio))
    router.include_router(heat_routes.routes(studio))
    router.include_router(panels.routes(studio))
    router.include_router(next_steps.routes(studio))
    router.include_router(robust.routes(studio))
    router.include_router(inside.routes(studio))

    def found(name: str) -> tuple[Overview, Mapping[str, Any]]:
        run = data.find(name) if safe_name(name) else None
        report = data.report(run.run) if run else None
        if run is None or report is None:
            raise HTTPException(404)
        return run, report

    @router.get("/studio/runs/{name}/pictures")
    def pictures(
        request: Request, name: str, true: int | None = None, said: int | None = None, most: int = PICTURES_SHOWN
    ) -> HTMLResponse:
        run, report = found(name)
        if any(index is not None and not 0 <= index < len(report["classes"]) for index in (true, said)):
            raise HTTPException(404)
        most = min(max(most, PICTURES_SHOWN), PICTURES_MOST)
        places = data.places(run.run)
        return HTMLResponse(
            pictures_panel(report, places, language_of(request), true=true, predicted=said, most=most),
            headers=downloads.FRESH,
        )

    @router.get("/studio/runs/{name}/matrix")
    def whole_matrix(request: Request, name: str, whole: bool = False) -> HTMLResponse:
        _, report = found(name)
        return HTMLResponse(matrix(report, language_of(request), whole=whole), headers=downloads.FRESH)

    return router
