"""The panels under the scores of a run, one for each part of its report: opened on demand, computed where needed.

To add one, put it on the list: its part, and what draws the part's value. Its title and the sentence under it are the
texts ``results.panel.NAME`` and ``results.panel.NAME.help``. A panel is fetched when it is opened; where its part takes
long, opening it begins to compute it, and the panel shows how far that is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from fastapi import APIRouter, HTTPException, Request
from markupsafe import Markup

from resnet_studio import acting, belonging
from resnet_studio.evaluation.calibration import CALIBRATION
from resnet_studio.evaluation.exciting import INSIDE
from resnet_studio.evaluation.forecast import FORECAST
from resnet_studio.evaluation.groups import GROUPS
from resnet_studio.evaluation.operating_points import OPERATING_POINTS
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.evaluation.picture_map import MAP
from resnet_studio.evaluation.robustness import ROBUSTNESS
from resnet_studio.evaluation.shortcut import SHORTCUT
from resnet_studio.evaluation.unknown import UNKNOWN
from resnet_studio.folder_names import safe_name
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language
from resnet_studio.ui.page.context import Studio, guarded, language_of
from resnet_studio.ui.page.downloads import FRESH
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.results import (
    forecast,
    groups,
    inside,
    operating_points,
    picture_map,
    robust,
    shortcut,
    take_model,
    trust,
)

Draw = Callable[[Studio, Overview, Any, Language], Markup]


@dataclass(frozen=True)
class Panel:
    """What ``draw(studio, run, value, language)`` makes of the value of ``part``."""

    part: Part[Any]
    draw: Draw

    @property
    def name(self) -> str:
        """Of the part."""
        return self.part.name


PANELS: tuple[Panel, ...] = (
    Panel(CALIBRATION, trust.draw_calibration),
    Panel(UNKNOWN, trust.draw_unknown),
    Panel(GROUPS, groups.draw),
    Panel(OPERATING_POINTS, operating_points.draw),
    Panel(FORECAST, forecast.draw),
    Panel(SHORTCUT, shortcut.draw),
    Panel(MAP, picture_map.draw),
    Panel(ROBUSTNESS, robust.draw),
    Panel(INSIDE, inside.draw),
)


def find(name: str) -> Panel | None:
    """The panel called ``name``, which may come from anywhere."""
    return next((panel for panel in PANELS if panel.name == name), None)


def closed_panels(language: Language) -> Markup:
    """All panels, closed; the script of the tab fills in one that is opened."""
    return render("results/panels.html", language, panels=[*(panel.name for panel in PANELS), take_model.NAME])


def content(studio: Studio, run: Overview, panel: Panel, language: Language) -> dict[str, Any]:
    """The state of a panel ("ready", "none", "queued", "working", "stopped", "failed"), and its HTML."""
    value = studio.runs.part(run.run, panel.part)
    if value is not None:
        return {"state": "ready", "html": panel.draw(studio, run, value, language)}
    analysis = studio.analyses.get(run.run, panel.part)
    state = "none" if analysis is None else analysis.state
    if panel.part.quick or (analysis is not None and state == "done"):
        why = _why_nothing(studio, run, panel.part)
        return {"state": "ready", "html": render("results/panel_nothing.html", language, why=why)}
    problem = analysis.error.sentence(language) if analysis and analysis.error else ""
    values = {"state": state, "done": analysis.done if analysis else 0, "total": analysis.total if analysis else 0}
    shown = render("results/panel_progress.html", language, problem=problem, part=panel.name, **values)
    draft = MAP.draft(RunReport(run.run)) if panel.part is MAP and state == "working" else None
    if draft is not None:  # the bar would be drawn anew with each step, and take a selection with it
        shown = picture_map.draw(studio, run, draft, language)
    return {**values, "html": shown}


def _why_nothing(studio: Studio, run: Overview, part: Part[Any]) -> str:
    """The key of the sentence in place of a panel's value."""
    split = studio.runs.split(run.run)
    if split is not None and not split.test:
        return "results.panel_nothing.untested"
    if not part.quick and not run.run.best.is_file():
        return "results.panel_nothing.model"
    if split is None or part.quick:
        return "results.panel_nothing"
    if not any(split.path(sample).is_file() for sample in split.test):
        return "results.panel_nothing.pictures"
    single = part is SHORTCUT and len({sample.label for sample in split.test}) < 2
    return "results.panel_nothing.one_class" if single else "results.panel_nothing"


def handler(studio: Studio) -> Callable[[gr.EventData], None]:
    """Of the view: begins or stops the computation of a panel."""

    @guarded
    def analyse(event: gr.EventData) -> None:
        """In: a run, one of its panels, and whether to begin or stop what that takes."""
        data, part, action = studio.runs, str(getattr(event, "part", "")), str(getattr(event, "action", ""))
        run, panel = data.find(data.run_id(getattr(event, "run", None))), find(part)
        if run is not None and part == take_model.NAME:
            take_model.begin(studio, run, action)
        if run is not None and panel is not None and panel.part is UNKNOWN and action.startswith(trust.ACTION):
            trust.accept(studio, run, action)
        if run is None or panel is None or panel.part.quick:
            return
        if action == "stop":
            acting.check("change", belonging.of_run(run.run.folder))
            studio.analyses.stop(run.run, panel.part)
        else:
            studio.analyses.begin(run.run, panel.part)

    return analyse


def routes(studio: Studio) -> APIRouter:
    """What is in a panel now."""
    router = APIRouter()
    router.include_router(take_model.routes(studio))

    @router.get("/studio/runs/{name}/panel/{part}")
    def panel(request: Request, name: str, part: str) -> dict[str, Any]:
        run, found = (studio.runs.find(name) if safe_name(name) else None), find(part)
        if run is not None and part == take_model.NAME:
            return take_model.content(studio, run, language_of(request))
        if run is None or found is None:
            raise HTTPException(404, headers=FRESH)
        return content(studio, run, found, language_of(request))

    return router
