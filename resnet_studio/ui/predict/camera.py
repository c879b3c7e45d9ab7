"""Live answers: the camera's pictures, one after the other, through the model of the Predict tab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import gradio as gr
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from PIL import Image

from resnet_studio.errors import StudioError
from resnet_studio.service.predictors import level
from resnet_studio.service.thumbnails import Thumbnail
from resnet_studio.ui.page.bodies import Door
from resnet_studio.ui.page.context import Studio, T
from resnet_studio.ui.page.sent_pictures import MOST_BYTES, opened
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.prediction import Prediction, Predictor

SHOWN = 6
HEAT_SIDE = 128
WORDS = ("start", "stop", "freeze", "go_on", "turn", "hint", "rate", "starting", "denied", "none", "insecure", "lost")


def routes(studio: Studio) -> APIRouter:
    """The route that answers one frame."""
    router, door = APIRouter(), Door()

    @router.post("/studio/predict/live")
    async def live(request: Request, model: Annotated[str, Query(max_length=300)], heat: bool = False) -> JSONResponse:
        return await door.answer(request, MOST_BYTES, lambda content, _: answer(studio, model, content, heat=heat))

    return router


def answer(studio: Studio, key: str, content: bytes, *, heat: bool = False) -> dict[str, Any]:
    """What the model ``key`` says of the picture ``content``: the best classes, and how sure that sounds.

    With ``heat`` also where it looked, as the address of a PNG to lay over the frame, by the same forward pass.
    Raises :class:`StudioError` where there is no such model, or that is no picture.
    """
    model = studio.models.find(key)
    predictor, picture = studio.predictors.of(model.file), opened(content, "camera")
    with studio.metrics.predicting("live"):
        said, over = looked(predictor, picture) if heat else (predictor([picture])[0], "")
    if isinstance(said, StudioError):
        raise said
    record = studio.models.calibration(model).near(said.probability)
    scores = [[name, round(share, 4)] for name, share in said.scores[:SHOWN]]
    return {"scores": scores, "level": level(said, record), **({"heat": over} if heat else {})}


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


def named(model: str | None) -> str:
    """In: the model. Out: which one the camera asks."""
    return render("predict/camera_model.html", model=model or "")


def tab_name() -> Any:
    """The name of the tab."""
    return T("predict.tab.live")
