"""Live answers: the camera's pictures, one after the other, through the model of the Predict tab."""

from __future__ import annotations

import json
from typing import Annotated, Any

import gradio as gr
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from PIL import Image

from resnet_studio.errors import StudioError
from resnet_studio.model.onnx_card import is_onnx
from resnet_studio.service.asking import ModelSelection, asked
from resnet_studio.service.heat import looks, painted
from resnet_studio.service.predictors import level, record_of
from resnet_studio.service.thumbnails import Thumbnail
from resnet_studio.ui.page.bodies import BodyReader
from resnet_studio.ui.page.context import Studio, T
from resnet_studio.ui.page.sent_pictures import MOST_BYTES, opened
from resnet_studio.ui.page.templates import render

SHOWN = 6
HEAT_SIDE = 128
WORDS = (
    "start",
    "stop",
    "freeze",
    "go_on",
    "turn",
    "hint",
    "rate",
    "starting",
    "denied",
    "none",
    "insecure",
    "lost",
    "ended",
)


def routes(studio: Studio) -> APIRouter:
    """The route that answers one frame."""
    router, bodies = APIRouter(), BodyReader()

    @router.post("/studio/predict/live")
    async def live(
        request: Request, model: Annotated[str, Query(max_length=300)], heat: bool = False,
        more: Annotated[str, Query(max_length=20_000)] = "",
    ) -> JSONResponse:  # fmt: skip
        def answered(content: bytes, _: object) -> dict[str, Any]:
            return answer(studio, model, content, heat=heat, more=_parsed(more))

        return await bodies.answer(request, MOST_BYTES, answered)

    return router


def _parsed(more: str) -> object:
    try:
        return json.loads(more) if more else None
    except (ValueError, RecursionError):
        return None


def answer(studio: Studio, key: str, content: bytes, *, heat: bool = False, more: object = None) -> dict[str, Any]:
    """What the model ``key`` says of the picture ``content``: the class, the likeliest ones, how sure that sounds.

    ``more`` is what was chosen beside the model. With ``heat`` also where it looked, as the address of a PNG to lay
    over the frame; of several models, the mean. Raises :class:`StudioError` where there is no such model, or that is no
    picture.
    """
    found, picture = asked(studio.models, key, more), opened(content, "camera")
    with studio.metrics.predicting("live"):
        if found.alone:
            calibration = studio.models.calibration(found.model)
            (said,) = studio.predictors.of(found.model.file)([picture])
            if found.thresholds and not isinstance(said, StudioError):
                said = said.decided(found.thresholds)
        else:
            tool = found.tool(studio.workspace, studio.predictors.of)
            (said,), calibration = tool.answer([picture]), tool.calibration
        if isinstance(said, StudioError):
            raise said
        over = {"heat": looked(studio, found, picture, said.label)} if heat else {}
    scores = [[name, round(share, 4)] for name, share in said.scores[:SHOWN]]
    return {"scores": scores, "label": said.label, "level": level(said, record_of(said, calibration)), **over}


def looked(studio: Studio, found: ModelSelection, picture: Image.Image, name: str) -> str:
    """The heat map of the class ``name`` as a ``data:`` address; empty where there is none."""
    if any(is_onnx(model.file) for model in found.models):
        return ""
    maps = looks([studio.predictors.network_of(model.file) for model in found.models], picture, name)
    return Thumbnail(painted(maps, HEAT_SIDE), "image/png").address if maps else ""


def panel() -> gr.HTML:
    """The camera and its answers; ``assets/camera.js`` brings them to life."""
    html = render("predict/camera.html", words=WORDS)
    return gr.HTML(
        html, elem_id="predict-live", apply_default_css=False,
        js_on_load="window.studioCamera(element);",
    )  # fmt: skip


def asked_model() -> gr.HTML:
    """Which model the camera asks; :func:`named` gives its value."""
    return gr.HTML("", elem_id="predict-live-model", apply_default_css=False)


def named(model: str | None, more: Any) -> str:
    """In: the model, what was chosen beside it. Out: what the camera asks."""
    return render("predict/camera_model.html", model=model or "", more=json.dumps(more or {}))


def tab_name() -> Any:
    """The name of the tab."""
    return T("predict.tab.live")
