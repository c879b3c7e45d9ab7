"""Live answers: the camera's pictures, one after the other, through the model of the Predict tab."""

from __future__ import annotations

import io
from typing import Annotated, Any

import gradio as gr
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from PIL import Image

from resnet_studio.data.formats import SNIFFED_BYTES, sniff
from resnet_studio.data.pictures import BadPicture
from resnet_studio.errors import StudioError
from resnet_studio.service.predictors import level
from resnet_studio.ui.page.bodies import Door
from resnet_studio.ui.page.context import Studio, T
from resnet_studio.ui.page.templates import render

MOST_BYTES = 2**20
MOST_SIDE = 1280
SHOWN = 6
WORDS = ("start", "stop", "freeze", "go_on", "turn", "hint", "rate", "starting", "denied", "none", "insecure", "lost")


def routes(studio: Studio) -> APIRouter:
    """The route that answers one frame."""
    router, door = APIRouter(), Door()

    @router.post("/studio/predict/live")
    async def live(request: Request, model: Annotated[str, Query(max_length=300)]) -> JSONResponse:
        return await door.answer(request, MOST_BYTES, lambda content, _: answer(studio, model, content))

    return router


def answer(studio: Studio, key: str, content: bytes) -> dict[str, Any]:
    """What the model ``key`` says of the picture ``content``: the best classes, and how sure that sounds.

    Raises :class:`StudioError` where there is no such model, or that is no picture.
    """
    model = studio.models.find(key)
    said = studio.predictors.of(model.file)([opened(content)])[0]
    if isinstance(said, StudioError):
        raise said
    record = studio.models.calibration(model).near(said.probability)
    return {"scores": [[name, round(share, 4)] for name, share in said.scores[:SHOWN]], "level": level(said, record)}


def opened(content: bytes) -> Image.Image:
    """The picture ``content``, which is of a size that a camera's frame has. Raises :class:`BadPicture`."""
    if sniff(content[:SNIFFED_BYTES]) not in ("JPEG", "PNG", "WEBP"):
        raise BadPicture("not_a_picture", "camera")
    try:
        picture = Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP"])
    except (OSError, ValueError, SyntaxError) as error:
        raise BadPicture("damaged", "camera") from error
    if max(picture.size) > MOST_SIDE:
        raise BadPicture("too_large", "camera")
    return picture


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
