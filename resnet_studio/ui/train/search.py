"""The search for settings in the Train tab, among all settings: how many trials, the button, what is known so far."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from resnet_studio.errors import ConfigError, StudioError
from resnet_studio.service.settings_search import SettingsSearch, SettingsStatus
from resnet_studio.studies.search import FEWEST, METHODS, MOST, Search, Trial, spelled
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.axes import Scale, percent, place, share_range, ticks
from resnet_studio.ui.drawn.plot import BOTTOM, FRAME, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from resnet_studio.ui.page.context import T, reader
from resnet_studio.ui.page.notes import alert
from resnet_studio.ui.page.ownership import started_by, this_browser
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train.form import config_of
from resnet_studio.ui.train.handlers import Handlers

SECONDS, TRIALS = 2.0, 20


@dataclass(frozen=True)
class SearchParts:
    """The components."""

    trials: gr.Number
    method: gr.Dropdown
    start: gr.Button
    take: gr.Button
    shown: gr.HTML
    timer: gr.Timer

    @property
    def all(self) -> list[Any]:
        """What every handler but the last answers with."""
        return [self.start, self.shown, self.take, self.timer]


def parts() -> SearchParts:
    """Make the components where they are to stand."""
    gr.HTML(render("train/search_intro.html"), apply_default_css=False)
    with gr.Row(elem_classes="train-group"):
        trials = gr.Number(TRIALS, label=T("search.trials"), minimum=FEWEST, maximum=MOST, step=1, precision=0,
                           elem_id="train-search-trials")  # fmt: skip
        method = gr.Dropdown([(T(f"search.method.{name}"), name) for name in METHODS], value="tpe", filterable=False,
                             label=T("search.method"), elem_id="train-search-method")  # fmt: skip
    return SearchParts(
        trials=trials,
        method=method,
        start=gr.Button(T("search.start"), size="sm", elem_id="train-search-start"),
        take=gr.Button(T("search.take"), size="sm", elem_id="train-search-take", visible=False),
        shown=gr.HTML(elem_id="train-search-shown", apply_default_css=False),
        timer=gr.Timer(SECONDS, active=False),
    )


class SearchHandlers:
    """What the events do; "the search" are the button, what is shown, the button that takes the best, the timer."""

    def __init__(self, search: SettingsSearch, form: Handlers) -> None:
        self._search, self._form = search, form

    def pressed(self, dataset: str | None, trials: Any, method: Any, *values: Any) -> list[Any]:
        """In: data set, trials, method and form. Out: the search, which starts or, if it was at work, ends."""
        if self._search.status.working and self._search.status.dataset == dataset:
            self._search.stop()
            return self.look(dataset)
        try:
            found = self._form.find_dataset(dataset)
            if found is None:
                raise StudioError("train.start.why_none")
            if not isinstance(trials, (int, float)) or trials != int(trials):
                raise ConfigError("error.search.trials", value=trials, low=FEWEST, high=MOST)
            config = config_of(values, self._search.workspace)
            self._search.start(found, config, int(trials), method, started_by=started_by(this_browser()))
        except StudioError as error:
            return [gr.skip(), alert(train_form.sentence(error, reader())), gr.update(visible=False), gr.skip()]
        return self.look(dataset)

    def look(self, dataset: str | None) -> list[Any]:
        """In: the data set. Out: the search as far as it is about these pictures."""
        language, status = reader(), self._search.status
        if not dataset or status.dataset != dataset:
            start = gr.update(value=say("search.start", language), interactive=True)
            return [start, "", gr.update(visible=False), gr.Timer(active=False)]
        search = status.search
        key = "stop" if status.working else "resume" if search is not None and not search.complete else "start"
        best = None if status.working or search is None else search.best
        stopping = status.working and self._search.stopping
        said = say("train.stopping" if stopping else f"search.{key}", language)
        return [
            gr.update(value=said, interactive=not stopping), view(status, language),
            gr.update(visible=best is not None), gr.Timer(active=status.working),
        ]  # fmt: skip

    def take(self, dataset: str | None, *values: Any) -> list[Any]:
        """In: data set and form. Out: as :meth:`Handlers.choose`, with the best settings in the form."""
        status = self._search.status
        known = status.search is not None and status.dataset == dataset
        settings: Mapping[str, Any] = status.search.settings if known and status.search is not None else {}
        return self._form.take(settings, dataset, values)


def view(status: SettingsStatus, language: Language) -> str:
    """What to show of a search; nothing before there was one."""
    if status.problem is not None:
        return alert(status.problem.sentence(language))
    search = status.search
    if search is None:
        return render("train/search.html", language, sentence=say("search.preparing", language), rows=[], chart="")
    rows = [
        {
            "number": number, "status": say(f"search.status.{_shown(trial, status.working)}", language),
            "accuracy": "–" if trial.accuracy is None else percent(trial.accuracy, 1),
            "settings": spelled(trial.settings, language), "best": trial == search.best,
        }
        for number, trial in enumerate(search.trials, 1)
    ]  # fmt: skip
    sentence = search.progress(language) if status.working else search.sentence(language)
    return render("train/search.html", language, sentence=sentence, rows=rows, chart=chart(search, language))


def _shown(trial: Trial, working: bool) -> str:
    """The status of a trial; one at work when the search was stopped is left to go on with."""
    return "left" if trial.status == "running" and not working else trial.status


def chart(search: Search, language: Language) -> str:
    """The validation accuracy of each trial that has one, and the best so far; nothing of fewer than two."""
    reached = [
        (number, trial.accuracy, trial == search.best)
        for number, trial in enumerate(search.trials, 1)
        if trial.accuracy is not None and trial.status != "failed"
    ]
    if len(reached) < 2:
        return ""
    low, high = share_range(accuracy for _, accuracy, _ in reached)
    x, y = Scale(0.5, len(search.trials) + 0.5, LEFT, WIDTH - RIGHT), Scale(low, high, HEIGHT - BOTTOM, TOP)
    so_far = itertools.accumulate((accuracy for _, accuracy, _ in reached), max)
    line = [(place(x(at)), place(y(best))) for (at, *_), best in zip(reached, so_far, strict=True)]
    step = max(1, len(search.trials) // 8)
    frame: dict[str, Any] = dict(FRAME)
    return render(
        "train/search_chart.html", language, line=line,
        points=[(place(x(at)), place(y(accuracy)), best) for at, accuracy, best in reached],
        y_marks=[(place(y(value)), percent(value)) for value in ticks(low, high, 4)],
        x_marks=[(place(x(at)), str(at)) for at in range(1, len(search.trials) + 1, step)], **frame,
    )  # fmt: skip
