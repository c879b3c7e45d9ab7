"""What may be chosen beside the model: others that answer with it, and from which probability on a class is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from resnet_studio.service.asking import ModelSelection, asked, partners
from resnet_studio.service.predictors import TOGETHER
from resnet_studio.ui.page.choices import filled_in_later
from resnet_studio.ui.page.context import Studio, T, guarded, reader
from resnet_studio.ui.page.templates import render

QUEUED: Mapping[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last"}
"""The change of a state is noticed by events of the queue only (Gradio 6.31), and others follow what is chosen here."""
CHANGED = "window.studioThresholds(element, (thresholds) => trigger('changed', { thresholds }));"
CLASSES_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The components; ``more`` holds what was chosen, see :func:`resnet_studio.service.asking.asked`."""

    others: gr.Dropdown
    note: gr.HTML
    thresholds: gr.HTML
    more: gr.State


def build() -> Parts:
    """Folded below the model."""
    with gr.Accordion(T("predict.more"), open=False, elem_id="predict-more"):
        others = filled_in_later(
            gr.Dropdown(
                label=T("predict.more.others"),
                info=T("predict.more.others.help"),
                choices=[],
                multiselect=True,
                max_choices=TOGETHER - 1,
                elem_id="predict-others",
            )
        )
        note = gr.HTML(elem_id="predict-others-note", apply_default_css=False)
        thresholds = gr.HTML(elem_id="predict-thresholds", js_on_load=CHANGED, apply_default_css=False)
    return Parts(others=others, note=note, thresholds=thresholds, more=gr.State({}))


def connect(studio: Studio, parts: Parts, model: gr.Dropdown) -> None:
    """Another model keeps of what was chosen what fits it."""
    handlers = Handlers(studio)
    shown = [parts.others, parts.note, parts.thresholds, parts.more]
    model.change(handlers.follow, [model, parts.more], shown, **QUEUED)
    parts.others.input(handlers.others, [model, parts.others, parts.more], [parts.note, parts.more], **QUEUED)
    parts.thresholds.changed(handlers.thresholds, [model, parts.more], parts.more, **QUEUED)


class Handlers:
    """The handlers; ``more`` is what was chosen beside the model."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @guarded
    def follow(self, chosen: str | None, more: Any) -> tuple[Any, ...]:
        """In: the model, more. Out: the others to choose from, the note, the thresholds, more."""
        if not chosen:
            return gr.skip(), "", gr.skip(), gr.skip()
        language, found = reader(), asked(self._studio.models, chosen, more)
        offered = [(each.label(language), each.key) for each in partners(self._studio.models, chosen)]
        several = len(found.classes) > 1
        return (
            gr.update(choices=offered, value=list(found.keys[1:]), visible=bool(offered)),
            self._note(found),
            self._rows(found) if several else "",
            kept(found),
        )

    @guarded
    def others(self, chosen: str | None, others: list[str] | None, more: Any) -> tuple[Any, Any]:
        """In: the model, those to answer with it, more. Out: the note, more."""
        given = {**(more if isinstance(more, Mapping) else {}), "others": others or []}
        found = asked(self._studio.models, chosen, given)
        for each in found.models[1:]:
            self._studio.predictors.preload(each.file)
        return self._note(found), kept(found)

    @guarded
    def thresholds(self, chosen: str | None, more: Any, event: gr.EventData) -> Any:
        """In: the model, more; the event has all thresholds. Out: more."""
        given = {**(more if isinstance(more, Mapping) else {}), "thresholds": getattr(event, "thresholds", None)}
        return kept(asked(self._studio.models, chosen, given))

    def _note(self, found: ModelSelection) -> str:
        return render("predict/together.html", reader(), sentences=found.worth(reader())) if not found.alone else ""

    def _rows(self, found: ModelSelection) -> str:
        return render(
            "predict/thresholds.html", reader(), model=found.model.key, classes=found.classes[:CLASSES_SHOWN],
            left=max(0, len(found.classes) - CLASSES_SHOWN), thresholds=found.thresholds,
        )  # fmt: skip


def kept(found: ModelSelection) -> dict[str, Any]:
    """What a page keeps of ``found``, beside its model."""
    return {"others": list(found.keys[1:]), "thresholds": dict(found.thresholds)}
