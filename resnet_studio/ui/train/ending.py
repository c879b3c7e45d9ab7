"""The buttons that stop, pause and resume a training; they act on the job, in whatever program it runs."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from resnet_studio.errors import StudioError
from resnet_studio.text import say
from resnet_studio.ui.page.context import Studio, guarded, reader
from resnet_studio.ui.page.ownership import actor, ownership_of, this_browser
from resnet_studio.upkeep import audit


class RunControls:
    """The handlers; each says which components come in and go out."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @guarded
    def stop(self, phase: str) -> Any:
        """In: what runs, nothing where a question was answered with no. Out: the button, which waits for the end."""
        if (run := self._run_to_end(phase)) is None:
            return gr.skip()
        self._studio.jobs.stop(run)
        self._note("run.stop", run)
        return gr.update(value=say("train.stopping", reader()), interactive=False)

    @guarded
    def pause(self, phase: str) -> Any:
        """In: as :meth:`stop`. Out: the button, which waits for the end."""
        if (run := self._run_to_end(phase)) is None:
            return gr.skip()
        self._studio.jobs.pause(run)
        self._note("run.pause", run)
        return gr.update(value=say("train.pausing", reader()), interactive=False)

    @guarded
    def resume(self, phase: str) -> list[Any]:
        """In: what runs. Out: the run of this browser; the button, gone until it is needed again."""
        run = parse_phase(phase)["run"]
        self._studio.jobs.resume(run)
        self._note("run.resume", run)
        return [run, gr.update(visible=False)]

    def _note(self, what: str, run: str) -> None:
        audit.record(self._studio.workspace, actor(), what, run)

    def _run_to_end(self, phase: str) -> str | None:
        """The run that ``phase`` asks to end, in whatever program; a user who did not start it has confirmed that."""
        state = parse_phase(phase)
        if not state["run"]:
            return None
        run = self._studio.workspace.run(state["run"])
        if ownership_of(run.about, this_browser()) != "here" and state.get("agreed") != run.id:
            raise StudioError("error.run.not_yours")
        return run.id


def parse_phase(phase: str) -> dict[str, Any]:
    """What ``shared.live_phase`` holds; nothing runs where it holds nothing yet."""
    idle: dict[str, Any] = {"run": "", "phase": "idle", "running": [], "queued": [], "ahead": 0, "look": ""}
    try:
        return {**idle, **json.loads(phase)} if phase else idle
    except (ValueError, TypeError):
        return idle
