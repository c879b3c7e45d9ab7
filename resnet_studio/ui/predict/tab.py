"""The Predict tab: classify new pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from fastapi import APIRouter, HTTPException, Response

from resnet_studio.ui.page.choices import filled_in_later
from resnet_studio.ui.page.context import Shared, Studio, T
from resnet_studio.ui.page.downloads import FRESH
from resnet_studio.ui.page.frame import selected_tab
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.predict import camera, many, many_routes, more, nearest
from resnet_studio.ui.predict import view as predict_view
from resnet_studio.ui.predict.handlers import Handlers
from resnet_studio.ui.predict.parts import draw_pad, inbox, picture_box, tries

QUIET: Mapping[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
ASKING: Mapping[str, Any] = {
    "concurrency_id": "predict",
    "concurrency_limit": 8,  # those who ask at once are answered in one batch
    "show_progress": "hidden",
    "api_visibility": "private",
}
LATEST: Mapping[str, Any] = {**ASKING, "trigger_mode": "always_last"}
CHECKPOINTS = [".safetensors", ".pt", ".pth", ".onnx", ".txt", ".json"]
GO = """element.addEventListener("click", (event) => { if (event.target.closest("[data-go]")) trigger("go", {}); });"""
INSECURE = "element.firstElementChild.hidden = window.isSecureContext;"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The components of the tab."""

    nothing: gr.HTML
    model: gr.Dropdown
    picked: gr.State
    about: gr.HTML
    more: more.Parts
    brought: gr.UploadButton
    asking: gr.Column
    ways: gr.Tabs
    inbox: gr.HTML
    picture: gr.Image
    tries: gr.HTML
    answer: gr.HTML
    live: gr.HTML
    pad: gr.HTML
    drawing: gr.State
    drawn: gr.HTML
    many: many.Parts


def routes(studio: Studio) -> APIRouter:
    """Large versions of the pictures that were just classified; live answers; the answers for many pictures."""
    router = APIRouter()
    router.include_router(camera.routes(studio))

    router.include_router(many_routes.routes(studio))
    router.include_router(nearest.routes(studio))

    @router.get("/studio/asked/{name}")
    def asked(name: str) -> Response:
        picture = studio.album.find(name)
        if picture is None:
            raise HTTPException(404)
        return Response(picture.content, media_type=picture.media_type, headers=FRESH)

    return router


def build(studio: Studio, shared: Shared) -> None:
    """Fill the tab: the model above, and below it four ways to ask, each with its answer beside it."""
    nothing = gr.HTML(visible=False, elem_id="predict-nothing", js_on_load=GO, apply_default_css=False)
    with gr.Row(elem_id="predict-top"):
        model = filled_in_later(
            gr.Dropdown(label=T("predict.model"), choices=[], elem_id="predict-model", filterable=False)
        )
        picked = gr.State(None)
        about = gr.HTML(elem_id="predict-about", apply_default_css=False)
        brought = gr.UploadButton(
            T("predict.import"), file_types=CHECKPOINTS, file_count="multiple", elem_id="predict-import", scale=0
        )
    brought_in = inbox("predict-inbox")
    with gr.Column(visible=False, elem_id="predict-asking") as asking:  # as one, so that nothing moves under a pen
        beside = more.build()
        with gr.Tabs(elem_id="predict-ways") as ways:
            made = {**_one(), **_live(), **_draw()}
            answers = many.build(studio)
    parts = Parts(
        nothing=nothing,
        model=model,
        picked=picked,
        about=about,
        more=beside,
        brought=brought,
        inbox=brought_in,
        asking=asking,
        ways=ways,
        many=answers,
        **made,
    )
    handlers = Handlers(studio)
    _connect_models(handlers, shared, parts)
    _connect_ways(handlers, parts)
    more.connect(studio, parts.more, model)
    many.connect(studio, shared, parts.many, model, parts.more.more)


def _one() -> dict[str, Any]:
    """A picture from a file, the clipboard or a camera."""
    with gr.Tab(T("predict.tab.one"), id="one", elem_id="predict-one"), gr.Row():
        with gr.Column(min_width=300):
            picture = picture_box("predict-picture")
            gr.HTML(_insecure(), js_on_load=INSECURE, apply_default_css=False)
        with gr.Column(min_width=300):
            answer = gr.HTML(predict_view.waiting("one", T), elem_id="predict-answer", apply_default_css=False)
            to_try = tries("predict-tries")
    return {"picture": picture, "tries": to_try, "answer": answer}


def _live() -> dict[str, Any]:
    """A camera that is answered all the time."""
    with gr.Tab(camera.tab_name(), id="live", elem_id="predict-live-tab"):
        camera.panel()
        asked = camera.asked_model()
    return {"live": asked}


def _draw() -> dict[str, Any]:
    """A drawing made here."""
    with gr.Tab(T("predict.tab.draw"), id="draw", elem_id="predict-draw"), gr.Row():
        with gr.Column(min_width=300):
            pad = draw_pad("predict-pad")
            drawing = gr.State("")
        with gr.Column(min_width=300):
            drawn = gr.HTML(predict_view.waiting("draw", T), elem_id="predict-drawn", apply_default_css=False)
    return {"pad": pad, "drawing": drawing, "drawn": drawn}


def _insecure() -> str:
    return render("predict/insecure.html")


def _connect_models(handlers: Handlers, shared: Shared, parts: Parts) -> None:
    offer = [parts.nothing, parts.model, parts.asking]
    for listen in (selected_tab().select, shared.live_phase.change, shared.tried.change):
        listen(handlers.show, [shared.run, shared.tried, parts.picked], offer, **QUIET)
    shared.run.change(handlers.follow, shared.run, [*offer, parts.picked], **QUIET)
    parts.brought.upload(handlers.bring, parts.brought, [*offer, parts.picked, parts.about], **ASKING)
    parts.model.input(handlers.pick, parts.model, parts.picked, **QUIET)
    parts.model.change(handlers.describe, parts.model, [parts.about, parts.pad, parts.tries], **QUIET)
    chosen = [parts.model, parts.more.more]
    gr.on([parts.model.change, parts.more.more.change], camera.named, chosen, parts.live, **QUIET)
    parts.tries.more(handlers.others, parts.model, parts.tries, **QUIET)
    parts.tries.chosen(handlers.try_one, parts.model, [parts.picture, parts.tries], **QUIET)
    taken = [parts.picture, parts.many.files, parts.ways, parts.inbox]
    parts.inbox.brought(handlers.bring_pictures, None, taken, **QUIET)
    parts.nothing.go(handlers.open_data_tab, None, shared.tabs, **QUIET)


def _connect_ways(handlers: Handlers, parts: Parts) -> None:
    """A new model classifies what is there again; of changes during an answer, only the last is classified after it."""
    model, more = parts.model, parts.more.more
    one = [model.change, more.change, parts.picture.change]
    gr.on(one, handlers.ask_picture, [model, more, parts.picture], parts.answer, **LATEST)
    drawing = [model, more, parts.drawing]
    gr.on([model.change, more.change], handlers.ask_drawing, drawing, parts.drawn, **LATEST)
    kept = parts.pad.drawn(handlers.keep_drawing, None, parts.drawing, **QUIET)
    kept.then(handlers.ask_drawing, drawing, parts.drawn, **LATEST)
