"""Classes that are made on the page, from a camera or files. All but the button is ``assets/make.js``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from resnet_studio.text import say
from resnet_studio.ui.page import encrypted
from resnet_studio.ui.page.context import Shared, Studio, guarded, reader
from resnet_studio.ui.page.templates import render

SCRIPT = "studioMake(element, (dataset) => trigger('made', {dataset}), (dataset) => trigger('train', {dataset}));"
OPEN = "() => { window.studioMakeOpen?.(''); }"
WORDS = (
    "title", "help", "close", "undo", "redo", "sound", "add_class", "class", "set_name", "class_name", "pictures",
    "pictures_one", "use", "off", "remove_class", "camera", "camera_off", "hold", "recording", "turn", "files", "photo",
    "empty", "strip", "picture", "selected", "enlarge", "delete", "move", "all", "none", "train", "not_ready", "saving",
    "saved", "there", "not_mine", "fresh", "refused", "lost", "camera_denied", "camera_none", "camera_ended",
    "camera_insecure",
)  # fmt: skip
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(studio: Studio) -> gr.HTML:
    """What the script lives in; :func:`wire` connects it."""
    address = studio.access.phone_address
    drawn = Markup(encrypted.qr_code(address)) if address else ""
    return gr.HTML(
        render("data/make.html", words=WORDS, address=address, drawn=drawn),
        elem_id="data-make",
        apply_default_css=False,
        js_on_load=SCRIPT,
    )


def more() -> gr.HTML:
    """The button beside a data set that adds classes and pictures to it."""
    return gr.HTML("", elem_id="data-make-more", apply_default_css=False)


def wire(studio: Studio, shared: Shared, panel: gr.HTML, button: gr.HTML, open_new: Sequence[gr.Button]) -> None:
    """Follow what is made: it is the data set that this browser shows."""

    @guarded
    def made(event: gr.EventData) -> str:
        """Out: the data set, after an edit."""
        return studio.dataset_cache.dataset(str(event._data["dataset"])).id

    def shown(name: str | None) -> str:
        """In: the data set. Out: the button that opens it."""
        return render("data/make_more.html", dataset=name or "", word=say("make.more", reader()))

    for each in open_new:
        each.click(None, None, None, js=OPEN, **QUIET)
    panel.made(made, None, shared.dataset, trigger_mode="always_last", **QUIET)
    shared.dataset.change(shown, shared.dataset, button, queue=False, **QUIET)
