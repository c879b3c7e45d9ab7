"""The parts of the Predict tab that Gradio does not have as we need them."""

from __future__ import annotations

from typing import Any

import gradio as gr

from resnet_studio.ui.page.context import T
from resnet_studio.ui.page.templates import render

PAD_SIDE = 560


def picture_box(elem_id: str) -> gr.Image:
    """A box for one picture: dropped, chosen, pasted or from a camera; gives the file as it was sent.

    Gradio itself would open the file before our decoder sees it, and answer one that is no picture with a bare error.
    """
    box = gr.Image(
        sources=["upload", "webcam", "clipboard"],
        type="filepath",
        label=T("predict.picture"),
        show_label=False,
        height=340,
        buttons=[],
        elem_id=elem_id,
    )

    def as_sent(payload: Any) -> str | None:
        return payload.path if payload is not None else None

    setattr(box, "preprocess", as_sent)  # noqa: B010 - one box, not a class: Gradio writes a stub file for each class
    return box


def draw_pad(elem_id: str) -> gr.HTML:
    """A pad to draw on; ``drawn`` carries the ``picture`` as a ``data:`` address, empty where it was cleared.

    Its value is the paper: ``light`` or ``dark``.
    """
    return gr.HTML(
        value="light",
        html_template=render("predict/draw_pad.html", side=PAD_SIDE),
        js_on_load='window.studioPad(element, props, watch, (picture) => trigger("drawn", { picture }));',
        apply_default_css=False,
        elem_id=elem_id,
    )


def inbox(elem_id: str) -> gr.HTML:
    """Takes what is pasted or dropped anywhere on the tab; ``brought`` carries it as :func:`uploads` reads it.

    Its value is a sentence where that failed. ``many`` in the event says that it is meant for the list of many
    pictures.
    """
    return gr.HTML(
        value="",
        html_template=render("predict/inbox.html"),
        js_on_load="window.studioInbox(element, (detail) => trigger('brought', detail));",
        apply_default_css=False,
        elem_id=elem_id,
    )


def tries(elem_id: str) -> gr.HTML:
    """Test pictures to try; ``chosen`` carries the ``index`` of one, ``more`` where the next ones begin."""
    return gr.HTML(
        value="",
        js_on_load="""element.addEventListener("click", (event) => {
          const data = event.target.closest("button")?.dataset ?? {};
          if (data.try) trigger("chosen", { index: Number(data.try) });
          else if (data.more) trigger("more", { first: Number(data.more) });
          else if (data.draw) document.getElementById("predict-draw-button")?.click();
        });""",
        apply_default_css=False,
        elem_id=elem_id,
    )
