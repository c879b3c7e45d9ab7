"""The steps at the top of Results: what to do next, each with a button that leads there."""

from __future__ import annotations

from typing import Any

import gradio as gr
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from resnet_studio.errors import StudioError
from resnet_studio.evaluation.next_steps import NEXT_STEPS, NextStep
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.folder_names import safe_name
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.downloads import FRESH
from resnet_studio.ui.page.templates import render
from resnet_studio.workspace import Run

PANELS = {
    "weak_class": "forecast", "more_pictures": "forecast", "group": "groups", "shortcut": "shortcut",
}  # fmt: skip
TABS = {
    "never_predicted": "data", "more_of_class": "data", "suspects": "data", "together": "train", "small_test": "train",
    "few_tested": "data",
    "more_epochs": "train", "final_fit": "train", "overfitted": "train", "fragile": "train", "smaller": "runs",
}  # fmt: skip


def section(run: Overview, language: Language) -> str:
    """The steps of ``run``; hidden where there is nothing to do."""
    found = RunReport(run.run).get(NEXT_STEPS) or ()
    return render("results/next_steps.html", language, steps=[_plain(step, run.run, language) for step in found])


def _plain(step: NextStep, run: Run, language: Language) -> dict[str, Any]:
    panel = PANELS.get(step.kind, "")
    to = "panel" if panel else TABS[step.kind]
    review = step.kind == "suspects"
    name = step.values.get("name", "") if to == "data" else ""
    words = "review" if review else "folds" if "folds" in step.settings else to
    field = "seeds" if "folds" in step.settings else next(iter(step.settings), "")
    return {
        "text": step.text(language), "to": to, "panel": panel, "kind": name, "review": review, "words": words,
        "command": step.command, "step": step.kind if step.settings else "", "field": field,
        "runs": [str(step.values["other"]), run.id] if step.kind == "smaller" else [],
    }  # fmt: skip


def settings_of(run: Overview, kind: object) -> dict[str, Any]:
    """The settings that the step called ``kind``, which may come from anywhere, changes; empty where there is none."""
    found = RunReport(run.run).get(NEXT_STEPS) or ()
    return next((step.settings for step in found if step.kind == kind), {})


def dataset_of(studio: Studio, run: Overview) -> Any:
    """The id of the data set that ``run`` was trained on; no update where it is gone."""
    name = str(run.about.get("dataset", ""))
    try:
        return studio.editor.opened(name).dataset().id
    except (StudioError, OSError):
        return gr.skip()


def routes(studio: Studio) -> APIRouter:
    """The steps as they are now: parts of the report that were computed since may change them."""
    router = APIRouter()

    @router.get("/studio/runs/{name}/next")
    def steps(request: Request, name: str) -> HTMLResponse:
        run = studio.runs.find(name) if safe_name(name) else None
        if run is None:
            raise HTTPException(404, headers=FRESH)
        return HTMLResponse(section(run, language_of(request)), headers=FRESH)

    return router
