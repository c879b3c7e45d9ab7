"""The panel that examines the machine and the workspace, for whoever runs the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from resnet_studio import acting
from resnet_studio.errors import StudioError
from resnet_studio.service.examination import examination
from resnet_studio.text import say_recorded
from resnet_studio.ui.page.context import Studio, guarded, reader, reader_is_at_machine
from resnet_studio.ui.page.frame import selected_tab
from resnet_studio.ui.page.notes import alert
from resnet_studio.ui.page.templates import render

QUIET: Mapping[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
SCRIPT = "window.studioDoctor(element, () => trigger('examine', {}));"


def build(studio: Studio) -> None:
    """The panel below the table of runs."""
    panel = gr.HTML("", elem_id="runs-doctor", js_on_load=SCRIPT, apply_default_css=False)

    @guarded
    def offer_examination(shown: str) -> Any:
        """In: the panel. Out: the panel, where its reader runs the server; as it is where it is shown already."""
        if shown or not _may(studio):
            return gr.skip()
        return render("runs/doctor.html", reader(), found=None, problems=())

    @guarded(instead=alert)
    def examine_machine() -> str:
        """Out: the panel with what was found."""
        if not _may(studio):
            raise StudioError("error.doctor.elsewhere")
        found, language = examination(studio.workspace), reader()
        problems = [say_recorded(f"doctor.{each['kind']}", language, each["values"]) for each in found["problems"]]
        return render("runs/doctor.html", language, found=found, problems=problems)

    selected_tab().select(offer_examination, panel, panel, **QUIET)
    panel.examine(examine_machine, None, panel, **QUIET)


def _may(studio: Studio) -> bool:
    if acting.actor() is not None:
        return acting.allowed("manage", acting.STUDIO)
    return reader_is_at_machine(studio)
