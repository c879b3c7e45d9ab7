"""Live answers: the camera's pictures, one after the other, through the model of the Predict tab."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import gradio as gr
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from PIL import Image

from resnet_studio.errors import StudioError
from resnet_studio.model.onnx_card import is_onnx
from resnet_studio.service.asking import asked
from resnet_studio.service.predictors import level, record_of
from resnet_studio.service.thumbnails import Thumbnail
from resnet_studio.ui.page.bodies import BodyReader
from resnet_studio.ui.page.context import Studio, T
from resnet_studio.ui.page.sent_pictures import MOST_BYTES, opened
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.prediction import Prediction, Predictor

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
    over the frame, by the same forward pass; several models give none. Raises :class:`StudioError` where there is no
    such model, or that is no picture.
    """
    found, picture, over = asked(studio.models, key, more), opened(content, "camera"), ""
    if found.alone:
        file, calibration = found.model.file, studio.models.calibration(found.model)
        network = studio.predictors.network_of(file) if heat and not is_onnx(file) else None
        with studio.metrics.predicting("live"):
            said, over = looked(network, picture) if network else (studio.predictors.of(file)([picture])[0], "")
        if found.thresholds and not isinstance(said, StudioError):
            said = said.decided(found.thresholds)
    else:
        tool = found.tool(studio.workspace, studio.predictors.of)
        with studio.metrics.predicting("live"):
            (said,), calibration = tool.answer([picture]), tool.calibration
    if isinstance(said, StudioError):
        raise said
    scores = [[name, round(share, 4)] for name, share in said.scores[:SHOWN]]
    answered = {"scores": scores, "label": said.label, "level": level(said, record_of(said, calibration))}
    return {**answered, **({"heat": over} if heat else {})}


def looked(predictor: Predictor, picture: Image.Image) -> tuple[Prediction | StudioError, str]:
    """The answer to ``picture``, and the heat map of its class as a ``data:`` address."""
    from resnet_studio.evaluation import overlay
    from resnet_studio.evaluation.heatmaps import heat_maps

    (found,) = heat_maps(predictor, [picture])
    if isinstance(found, StudioError):
        return found, ""
    scale = HEAT_SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    content = overlay.encoded(overlay.painted(found, *size))
    return found.prediction(predictor.card.classes), Thumbnail(content, "image/png").address


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
