"""The race in the Train tab: a button, what is known so far, and a button that takes the winner into the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from resnet_studio.errors import StudioError
from resnet_studio.service.race_search import RaceSearch
from resnet_studio.studies.race import said
from resnet_studio.text import say
from resnet_studio.ui.page.context import T, reader
from resnet_studio.ui.page.notes import alert
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train import race_view
from resnet_studio.ui.train.form import config_of
from resnet_studio.ui.train.handlers import Handlers

SECONDS = 1.0


@dataclass(frozen=True)
class RaceParts:
    """The components."""

    download: gr.Checkbox
    start: gr.Button
    shown: gr.HTML
    take: gr.Button
    timer: gr.Timer

    @property
    def all(self) -> list[Any]:
        """What every handler but the last answers with."""
        return [self.start, self.shown, self.take, self.timer]


def parts() -> RaceParts:
    """Make the components, folded, where they are to stand."""
    with gr.Accordion(T("race.title"), open=False, elem_id="train-race"):
        gr.HTML(render("train/race_intro.html"), apply_default_css=False)
        return RaceParts(
            download=gr.Checkbox(value=False, label=T("race.download"), elem_id="train-race-download"),
            start=gr.Button(T("race.start"), size="sm", elem_id="train-race-start"),
            take=gr.Button(
                T("race.take.plain"), variant="primary", size="sm", elem_id="train-race-take", visible=False
            ),
            shown=gr.HTML(elem_id="train-race-shown", apply_default_css=False),
            timer=gr.Timer(SECONDS, active=False),
        )


class RaceHandlers:
    """What the events do; "the race" are the button, what is shown, the button that takes the winner, the timer."""

    def __init__(self, race: RaceSearch, form: Handlers) -> None:
        self._race, self._form = race, form

    def pressed(self, dataset: str | None, download: Any, *values: Any) -> list[Any]:
        """In: data set, whether to download, and form. Out: the race, which starts or, if it was at work on these
        pictures, ends.
        """
        if self._race.status.working and self._race.status.dataset == dataset:
            self._race.stop()
            return self.look(dataset)
        try:
            self._start(dataset, download is True, values)
        except StudioError as error:
            return [gr.skip(), alert(train_form.sentence(error, reader())), gr.update(visible=False), gr.skip()]
        return self.look(dataset)

    def look(self, dataset: str | None) -> list[Any]:
        """In: the data set. Out: the race as far as it is about these pictures."""
        language, status = reader(), self._race.status
        if not dataset or status.dataset != dataset:
            start = gr.update(value=say("race.start", language), interactive=True)
            return [start, "", gr.update(visible=False), gr.Timer(active=False)]
        race = status.race
        key = "stop" if status.working else "resume" if race is not None and not race.complete else "start"
        pick = None if status.working or race is None else race.pick
        take = {"visible": False} if pick is None else {
            "value": say("race.take", language, pick=said(pick.candidate, language)), "visible": True}  # fmt: skip
        stopping = status.working and self._race.stopping
        label = say("train.stopping" if stopping else f"race.{key}", language)
        return [
            gr.update(value=label, interactive=not stopping), race_view.view(status, language), gr.update(**take),
            gr.Timer(active=status.working),
        ]  # fmt: skip

    def take(self, dataset: str | None, *values: Any) -> list[Any]:
        """In: data set and form. Out: as :meth:`Handlers.choose`, with the winner in the form."""
        status = self._race.status
        pick = status.race.pick if status.race is not None and status.dataset == dataset else None
        settings: Mapping[str, Any] = {} if pick is None else pick.candidate.settings
        return self._form.take(settings, dataset, values)

    def _start(self, dataset: str | None, download: bool, values: Sequence[Any]) -> None:
        found = self._form.find_dataset(dataset)
        if found is None:
            raise StudioError("train.start.why_none")
        self._race.start(found, config_of(values, self._race.workspace), download=download)
