"""The training pictures that a picture just classified resembles: found when somebody asks, thumbnails of the run."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request

from resnet_studio.errors import StudioError
from resnet_studio.evaluation.nearest import NEAREST, Bank, neighbours
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.service.predictors import Model
from resnet_studio.service.thumbnails import Thumbnail
from resnet_studio.text import Language, say
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.downloads import FRESH
from resnet_studio.ui.page.templates import render

SHOWN = 6


def routes(studio: Studio) -> APIRouter:
    """One route: the state ("ready", "working", "none") and its HTML. Asking begins to compute what it takes."""
    router = APIRouter()

    @router.get("/studio/asked/{name}/nearest")
    def nearest(
        request: Request, name: str, model: Annotated[str, Query(max_length=300)], drawing: bool = False
    ) -> dict[str, Any]:
        picture, language = studio.album.find(name), language_of(request)
        try:
            found = studio.models.find(model)
        except StudioError as error:
            raise HTTPException(404, headers=FRESH) from error
        if picture is None or found.run is None:
            raise HTTPException(404, headers=FRESH)
        bank = NEAREST.load(RunReport(found.run.run))
        if bank is None:
            return _computing(studio, found, language)
        return {"state": "ready", "html": _shown(studio, found, bank, picture, drawing, language)}

    return router


def _computing(studio: Studio, model: Model, language: Language) -> dict[str, Any]:
    assert model.run is not None
    run = model.run.run
    known = studio.analyses.get(run, NEAREST)
    if known is None or known.state == "stopped":
        known = studio.analyses.begin(run, NEAREST)
    if known.active:
        return {"state": "working", "html": say("nearest.working", language, done=known.done, total=known.total)}
    return {"state": "none", "html": known.error.sentence(language) if known.error else say("nearest.none", language)}


def _shown(
    studio: Studio, model: Model, bank: Bank, picture: Thumbnail, drawing: bool, language: Language
) -> str:  # fmt: skip
    assert model.run is not None
    report, predictor, opened = RunReport(model.run.run), studio.predictors.network_of(model.file), picture.picture()
    (answer,) = predictor([opened], drawings=drawing)
    (near,) = neighbours(report, bank, predictor, [opened], SHOWN, drawings=drawing)
    label = "" if isinstance(answer, StudioError) else answer.label
    start = f"studio/runs/{quote(model.run.run.id)}/picture/train/"
    return render(
        "predict/nearest.html", language, near=near, label=label, start=start,
        agree=sum(each.label == label for each in near),
    )  # fmt: skip
