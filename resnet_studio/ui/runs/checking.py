"""The panel that examines the machine and the workspace, for whoever runs the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from resnet_studio import acting, cleaning
from resnet_studio.errors import StudioError
from resnet_studio.service.examination import examination
from resnet_studio.text import say, say_recorded
from resnet_studio.ui.page.context import Studio, guarded, reader, reader_is_at_machine
from resnet_studio.ui.page.frame import selected_tab
from resnet_studio.ui.page.notes import alert
from resnet_studio.ui.page.ownership import actor
from resnet_studio.ui.page.templates import render
from resnet_studio.upkeep import audit

QUIET: Mapping[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
SCRIPT = "window.studioDoctor(element, () => trigger('examine', {}), (remove) => trigger('clean', { remove }));"
MOST_NAMED = 12
MB = 2**20


def build(studio: Studio) -> None:
    """The panel below the table of runs."""
    panel = gr.HTML("", elem_id="runs-doctor", js_on_load=SCRIPT, apply_default_css=False)

    @guarded
    def offer_examination(shown: str) -> Any:
        """In: the panel. Out: the panel, where its reader runs the server; as it is where it is shown already."""
        if shown or not _may(studio):
            return gr.skip()
        return render("runs/doctor.html", reader(), found=None, problems=(), leftovers=None, freed="")

    @guarded(instead=alert)
    def examine_machine() -> str:
        """Out: the panel with what was found."""
        if not _may(studio):
            raise StudioError("error.doctor.elsewhere")
        found, language = examination(studio.workspace), reader()
        problems = [say_recorded(f"doctor.{each['kind']}", language, each["values"]) for each in found["problems"]]
        return render("runs/doctor.html", language, found=found, problems=problems, leftovers=None, freed="")

    @guarded(instead=alert)
    def clean_up(event: gr.EventData) -> str:
        """In: whether to remove it. Out: the panel with what nobody needs any more, or what removing that has freed."""
        if not _may(studio):
            raise StudioError("error.doctor.elsewhere")
        freed = ""
        if getattr(event, "remove", False) is True:
            size = cleaning.sweep(studio.workspace)
            studio.quota.forget()
            audit.record(studio.workspace, actor(), "workspace.clean", str(size))
            freed = f"{size / MB:,.1f}"
        found = _leftovers(studio)
        return render("runs/doctor.html", reader(), found=None, problems=(), leftovers=found, freed=freed)

    selected_tab().select(offer_examination, panel, panel, **QUIET)
    panel.examine(examine_machine, None, panel, **QUIET)
    panel.clean(clean_up, None, panel, **QUIET)


def _leftovers(studio: Studio) -> list[dict[str, Any]]:
    """What cleaning up would remove now, by kind: megabytes, how many things, and the first of their places."""
    kinds: dict[str, list[cleaning.Leftover]] = {}
    for each in cleaning.leftovers(studio.workspace):
        kinds.setdefault(each.kind, []).append(each)
    root = studio.workspace.root
    return [
        {
            "what": say(f"clean.{kind}", reader()),
            "megabytes": f"{sum(each.size for each in found) / MB:,.1f}",
            "count": len(found),
            "places": [each.paths[0].relative_to(root).as_posix() for each in found[:MOST_NAMED]],
        }
        for kind, found in kinds.items()
    ]


def _may(studio: Studio) -> bool:
    if acting.actor() is not None:
        return acting.allowed("manage", acting.STUDIO)
    return reader_is_at_machine(studio)
