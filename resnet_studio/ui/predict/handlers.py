"""What the events of the Predict tab do; each says which components come in and go out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from resnet_studio.api.importing import import_model
from resnet_studio.errors import StudioError
from resnet_studio.model.onnx_card import is_onnx
from resnet_studio.service.predictors import card_of
from resnet_studio.text import say
from resnet_studio.ui.page.context import Studio, guarded, reader
from resnet_studio.ui.page.folder_picker import uploads
from resnet_studio.ui.page.notes import alert, toast
from resnet_studio.ui.page.ownership import actor, started_by, this_browser
from resnet_studio.ui.page.templates import escaped
from resnet_studio.ui.predict import view as predict_view
from resnet_studio.ui.predict.queries import ModelQueries
from resnet_studio.upkeep import audit

NAMES = (".txt", ".json")
"""Endings of files of class names."""
ModelRequest = Mapping[str, Any] | None
"""Which model to use, and since when that is requested; see :func:`request_model`."""


def request_model(model: str) -> ModelRequest:
    """A request to use ``model`` from now on; where it is empty, the one that fits the run of the browser."""
    return {"model": model, "at": time.monotonic_ns()}


def latest_request(*requests: ModelRequest) -> str:
    """The model of the latest of ``requests``."""
    latest = max((one for one in requests if one), key=lambda one: int(one["at"]), default=None)
    return str(latest["model"]) if latest else ""


class Handlers:
    """The handlers; "the offer" are, in this order: the empty state, the model, the ways to ask."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._queries = ModelQueries(studio.workspace, studio.album, studio.runs, studio.predictors)

    @guarded
    def show(self, run: str | None, tried: ModelRequest, picked: ModelRequest) -> tuple[Any, ...]:
        """In: the run of this browser, the run to try, the model picked by hand. Out: the offer."""
        return self._offer(run, latest_request(tried, picked))

    @guarded
    def follow(self, run: str | None) -> tuple[Any, ...]:
        """In: the run of this browser, which is a new one. Out: the offer, and that nothing is picked by hand."""
        return *self._offer(run, ""), request_model("")

    def pick(self, chosen: str | None) -> ModelRequest:
        """In: the model, chosen by hand. Out: the model picked by hand."""
        return request_model(chosen or "")

    @guarded(instead=lambda sentence: (*[gr.skip()] * 4, alert(sentence)))
    def bring(self, files: list[str] | None) -> tuple[Any, ...]:
        """In: an uploaded model, maybe with a file of class names. Out: the offer with the new model chosen, that as
        picked by hand, about.
        """
        if not files:
            raise StudioError("error.shell.incomplete")
        paths = sorted(map(Path, files), key=lambda path: path.suffix.lower() in NAMES)
        names = next((path for path in paths[1:] if path.suffix.lower() in NAMES), None)
        browser = this_browser()
        self._studio.quota.check(started_by(browser) if browser else "")
        kept = import_model(paths[0], classes=names, workspace=self._studio.workspace).file
        self._studio.quota.forget()
        audit.record(self._studio.workspace, actor(), "model.import", kept.name)
        toast(say("predict.imported", reader(), name=paths[0].stem))
        picked = request_model(f"import:{kept.name}")
        return *self._offer(None, latest_request(picked)), picked, self.describe(f"import:{kept.name}")[0]

    def _offer(self, run: str | None, picked: str) -> tuple[Any, ...]:
        """The model ``picked`` where it is still there, else what fits the run of this browser."""
        language = reader()
        models = self._queries.models.all()
        default = self._queries.default(run)
        known = {model.key for model in models}
        value = picked if picked in known else default.key if default else None
        choices = [(model.label(language), model.key) for model in models]
        return (
            gr.HTML(predict_view.no_model(language) if not models else "", visible=not models),
            gr.Dropdown(choices=choices, value=value, visible=bool(models)),
            gr.Column(visible=bool(models)),
        )

    @guarded(instead=lambda sentence: (alert(sentence), gr.skip(), ""))
    def describe(self, chosen: str | None) -> tuple[Any, Any, Any]:
        """In: the model. Out: about, the paper of the pad, the pictures to try."""
        if not chosen:
            return "", gr.skip(), ""
        found = self._queries.models.find(chosen)
        self._queries.predictors.preload(found.file)
        card = card_of(found)
        words = predict_view.about(card.network.title, card.classes, reader(), answers_only=is_onnx(found.file))
        return words, "dark" if self._queries.paper(found).dark else "light", self._queries.tries(found, 0, reader())

    @guarded(instead=alert)
    def others(self, chosen: str | None, event: gr.EventData) -> str:
        """In: the model; the event says which test picture is next. Out: the pictures to try."""
        first = getattr(event, "first", 0)
        first = first if isinstance(first, int) and first >= 0 else 0
        return self._queries.tries(self._queries.models.find(chosen), first, reader())

    @guarded(instead=lambda sentence: (gr.skip(), alert(sentence)))
    def try_one(self, chosen: str | None, event: gr.EventData) -> tuple[Any, Any]:
        """In: the model; the event names one of its test pictures. Out: the picture, the pictures to try."""
        found = self._queries.models.find(chosen)
        return str(self._queries.copy_test_picture(found, getattr(event, "index", None))), gr.skip()

    @guarded(instead=lambda sentence: (*[gr.skip()] * 3, escaped(sentence)))
    def bring_pictures(self, event: gr.EventData) -> tuple[Any, Any, Any, str]:
        """In: the inbox. Out: the picture, the many pictures, the ways to ask: whichever fits; what the inbox says."""
        if not self._queries.models.all():
            raise StudioError("error.predict.no_model")
        brought = uploads(event._data, self._studio.workspace.temporary)
        paths = [str(path) for _, path in brought.files]
        if len(paths) == 1 and not brought.archive and not event._data.get("many"):
            return paths[0], gr.skip(), gr.Tabs(selected="one"), ""
        return gr.skip(), paths, gr.Tabs(selected="many"), ""

    @guarded(instead=predict_view.problem)
    def ask_picture(self, chosen: str | None, more: Any, file: str | None) -> Iterator[str]:
        """In: model, what was chosen beside it, picture. Out: answer."""
        with self._studio.metrics.predicting("picture", 1 if file else 0):
            yield from self._queries.answer_picture(chosen, file, reader(), more)

    @guarded
    def keep_drawing(self, event: gr.EventData) -> str:
        """In: the pad. Out: the drawing."""
        return str(getattr(event, "picture", "") or "")

    @guarded(instead=predict_view.problem)
    def ask_drawing(self, chosen: str | None, more: Any, drawing: str) -> Iterator[str]:
        """In: model, what was chosen beside it, drawing. Out: answer for the drawing."""
        with self._studio.metrics.predicting("drawing", 1 if drawing else 0):
            yield from self._queries.answer_drawing(chosen, drawing, reader(), more)

    @guarded
    def open_data_tab(self) -> Any:
        """Out: the tabs."""
        return gr.Tabs(selected="data")
