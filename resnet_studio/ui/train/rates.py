"""The search for a learning rate in the Train tab: a button beside the field, the curve, and a button that uses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.errors import StudioError
from resnet_studio.service.rate_search import RateSearch
from resnet_studio.text import Language, say
from resnet_studio.ui.page.context import T, reader
from resnet_studio.ui.page.notes import alert
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train import rate_view
from resnet_studio.ui.train.form import config_of

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

SECONDS = 1.0


@dataclass(frozen=True)
class RateParts:
    """The components."""

    find: gr.Button
    shown: gr.HTML
    use: gr.Button
    timer: gr.Timer

    @property
    def all(self) -> list[Any]:
        """What every handler but the last answers with."""
        return [self.find, self.shown, self.use, self.timer]


def parts() -> RateParts:
    """Make the components where they are to stand."""
    return RateParts(
        find=gr.Button(T("rates.find"), size="sm", elem_id="train-find-rate"),
        shown=gr.HTML(elem_id="train-rates", apply_default_css=False),
        use=gr.Button(T("rates.use.plain"), size="sm", elem_id="train-use-rate", visible=False),
        timer=gr.Timer(SECONDS, active=False),
    )


class RateHandlers:
    """What the events do; "the search" are the button, what is shown, the button that uses the rate, the timer."""

    def __init__(self, search: RateSearch, find_dataset: Callable[[str | None], Dataset | None]) -> None:
        self._search, self._find = search, find_dataset

    def pressed(self, dataset: str | None, *values: Any) -> list[Any]:
        """In: data set and form. Out: the search, which starts or, if it was running on these pictures, ends."""
        language = reader()
        if self._search.status.working and self._search.status.dataset == dataset:
            self._search.stop()
            return self.look(dataset)
        try:
            self._start(dataset, values)
        except StudioError as error:
            said = alert(train_form.sentence(error, language))
            return [gr.skip(), said, gr.update(visible=False), gr.skip()]
        return self.look(dataset)

    def look(self, dataset: str | None) -> list[Any]:
        """In: the data set. Out: the search as far as it is about these pictures."""
        language, status = reader(), self._search.status
        if not dataset or status.dataset != dataset:
            return [_button("find", language), "", gr.update(visible=False), gr.Timer(active=False)]
        rate = status.rates.suggested if status.rates else None
        use = gr.update(value=say("rates.use", language, rate=f"{rate:g}"), visible=True) if rate else None
        return [
            _button("stop" if status.working else "find", language, stopping=self._search.stopping),
            rate_view.view(status, language),
            use or gr.update(visible=False),
            gr.Timer(active=status.working),
        ]

    def use(self) -> Any:
        """Out: the learning rate of the form."""
        rates = self._search.status.rates
        return rates.suggested if rates and rates.suggested else gr.skip()

    def _start(self, dataset: str | None, values: Sequence[Any]) -> None:
        found = self._find(dataset)
        if found is None:
            raise StudioError("train.start.why_none")
        self._search.start(found, config_of(values, self._search.workspace))


def _button(key: str, language: Language, *, stopping: bool = False) -> Any:
    said = say("train.stopping" if stopping else f"rates.{key}", language)
    return gr.update(value=said, interactive=not stopping)
