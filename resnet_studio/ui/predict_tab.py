"""The Predict tab: ask a model about new pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from resnet_studio.model.checkpoint import import_checkpoint
from resnet_studio.text import Language, say
from resnet_studio.ui import predict_view
from resnet_studio.ui.asking import Asking
from resnet_studio.ui.context import Shared, Studio, T, guarded, reader
from resnet_studio.ui.predict_parts import draw_pad, picture_box
from resnet_studio.ui.predictors import card_of
from resnet_studio.ui.results_tab import selected_tab

QUIET: Mapping[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
ASKING: Mapping[str, Any] = {
    "concurrency_id": "predict",
    "concurrency_limit": 8,  # those who ask at once are answered in one batch
    "show_progress": "hidden",
    "api_visibility": "private",
}
# Apart from the others: single pictures need not wait until somebody's thousand are named.
ASKING_MANY: Mapping[str, Any] = {**ASKING, "concurrency_id": "predict-many"}
CHECKPOINTS = [".safetensors", ".pt", ".pth"]
GO = """element.addEventListener("click", (event) => { if (event.target.closest("[data-go]")) trigger("go", {}); });"""
INSECURE = "element.firstElementChild.hidden = window.isSecureContext;"


def build(studio: Studio, shared: Shared) -> None:
    """Fill the tab: the model above, and below it three ways to ask, each with its answer beside it."""
    asking = Asking(studio.workspace)
    nothing = gr.HTML(visible=False, elem_id="predict-nothing", js_on_load=GO, apply_default_css=False)
    with gr.Row(elem_id="predict-top"):
        model = gr.Dropdown(label=T("predict.model"), choices=[], elem_id="predict-model", filterable=False)
        about = gr.HTML(elem_id="predict-about", apply_default_css=False)
        brought = gr.UploadButton(T("predict.import"), file_types=CHECKPOINTS, elem_id="predict-import", scale=0)
    with gr.Tabs(elem_id="predict-ways", visible=False) as ways:
        with gr.Tab(T("predict.tab.one"), id="one", elem_id="predict-one"), gr.Row():
            with gr.Column(min_width=300):
                picture = picture_box("predict-picture")
                gr.HTML(_insecure(), js_on_load=INSECURE, apply_default_css=False)
            with gr.Column(min_width=300):
                answer = gr.HTML(predict_view.waiting("one", T), elem_id="predict-answer", apply_default_css=False)
        with gr.Tab(T("predict.tab.draw"), id="draw", elem_id="predict-draw"), gr.Row():
            with gr.Column(min_width=300):
                pad = draw_pad("predict-pad")
                drawing = gr.State("")
            with gr.Column(min_width=300):
                drawn = gr.HTML(predict_view.waiting("draw", T), elem_id="predict-drawn", apply_default_css=False)
        with gr.Tab(T("predict.tab.many"), id="many", elem_id="predict-many"), gr.Row():
            with gr.Column(min_width=300, scale=2):
                files = gr.File(
                    label=T("predict.files"), file_count="multiple", file_types=["image", ".zip"], height=300,
                    elem_id="predict-files",
                )  # fmt: skip
                stop = gr.Button(T("predict.many.stop"), visible=False, elem_id="predict-stop")
            with gr.Column(min_width=300, scale=3):
                answers = gr.HTML(predict_view.waiting("many", T), elem_id="predict-answers", apply_default_css=False)

    def offered(run: str | None, chosen: str | None, language: Language) -> tuple[Any, ...]:
        models = asking.models.all()
        default = asking.default(run)
        known = {model.key for model in models}
        value = chosen if chosen in known else default.key if default else None
        choices = [(model.label(language), model.key) for model in models]
        return (
            gr.HTML(predict_view.no_model(language) if not models else "", visible=not models),
            gr.Dropdown(choices=choices, value=value, visible=bool(models)),
            gr.Tabs(visible=bool(models)),
        )

    @guarded
    def show(run: str | None, chosen: str | None) -> tuple[Any, ...]:
        """In: the run of this browser, the model. Out: empty state, model, ways."""
        return offered(run, chosen, reader())

    @guarded
    def follow(run: str | None) -> tuple[Any, ...]:
        """In: the run of this browser, which is a new one. Out: as :func:`show`."""
        return offered(run, None, reader())

    @guarded
    def bring(file: str) -> tuple[Any, ...]:
        """In: an uploaded checkpoint. Out: as :func:`show`, with the new model chosen."""
        kept = import_checkpoint(Path(file), studio.workspace)
        gr.Info(say("predict.imported", reader(), name=Path(file).stem))
        return offered(None, f"import:{kept.name}", reader())

    @guarded
    def describe(chosen: str | None) -> tuple[Any, Any]:
        """In: the model. Out: about, the paper of the pad."""
        if not chosen:
            return "", gr.skip()
        found = asking.models.find(chosen)
        asking.predictors.warm(found.file)
        card = card_of(found)
        words = predict_view.about(card.depth, card.classes, reader())
        return words, "dark" if asking.paper(found).dark else "light"

    @guarded(instead=predict_view.problem)
    def ask_picture(chosen: str | None, file: str | None) -> Iterator[str]:
        """In: model, picture. Out: answer."""
        yield from asking.about_picture(chosen, file, reader())

    @guarded
    def keep_drawing(event: gr.EventData) -> str:
        """In: the pad. Out: the drawing."""
        return str(getattr(event, "picture", "") or "")

    @guarded(instead=predict_view.problem)
    def ask_drawing(chosen: str | None, drawing: str) -> Iterator[str]:
        """In: model, drawing. Out: answer for the drawing."""
        yield from asking.about_drawing(chosen, drawing, reader())

    @guarded(instead=lambda sentence: (predict_view.problem(sentence), gr.Button(visible=False)))
    def ask_many(chosen: str | None, given: list[str] | None, request: gr.Request) -> Iterator[tuple[str, Any]]:
        """In: model, files. Out: answers, stop; again and again until all are done."""
        paths = [Path(path) for path in given or ()]
        for html, done in asking.about_many(chosen, paths, request.session_hash or "", reader()):
            yield html, gr.Button(visible=not done)

    def halt(request: gr.Request) -> Any:
        """Out: stop."""
        asking.stop(request.session_hash or "")
        return gr.Button(visible=False)

    @guarded
    def go() -> Any:
        """Out: the tabs."""
        return gr.Tabs(selected="data")

    place = [nothing, model, ways]
    for listen in (selected_tab().select, shared.live_phase.change):
        listen(show, [shared.run, model], place, **QUIET)
    shared.run.change(follow, shared.run, place, **QUIET)
    brought.upload(bring, brought, place, **ASKING)
    model.change(describe, model, [about, pad], **QUIET)
    latest = {**ASKING, "trigger_mode": "always_last"}
    gr.on([model.change, picture.change], ask_picture, [model, picture], answer, **latest)
    many = {**ASKING_MANY, "trigger_mode": "always_last"}
    gr.on([model.change, files.change], ask_many, [model, files], [answers, stop], **many)
    model.change(ask_drawing, [model, drawing], drawn, **latest)
    pad.drawn(keep_drawing, None, drawing, **QUIET).then(ask_drawing, [model, drawing], drawn, **latest)
    gr.on([stop.click, files.clear], halt, None, stop, **QUIET)
    nothing.go(go, None, shared.tabs, **QUIET)


def _insecure() -> str:
    return f'<p class="rs-note predict-insecure" hidden>{T("predict.webcam.insecure")}</p>'
