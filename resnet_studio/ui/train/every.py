"""Where few pictures would be tested: that five trainings test every one of them, and a button that sets this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.config import TrainConfig
from resnet_studio.errors import ConfigError
from resnet_studio.evaluation.next_steps import WIDE
from resnet_studio.evaluation.report import wilson_interval
from resnet_studio.text import say
from resnet_studio.ui.page.context import reader
from resnet_studio.ui.page.notes import small
from resnet_studio.ui.train.form import SPLIT
from resnet_studio.ui.train.repetitions import FOLDED, FOLDS, may_be_folded, repetition_choices

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

USUAL = 0.85
"""The accuracy for which the range of the score is foreseen."""


@dataclass(frozen=True)
class EveryParts:
    """The components."""

    said: gr.HTML
    button: gr.Button

    @property
    def all(self) -> list[Any]:
        """What :meth:`EveryHandlers.look` answers with."""
        return [self.said, self.button]


def parts() -> EveryParts:
    """Make the components, below the network."""
    said = gr.HTML("", elem_id="train-every", apply_default_css=False)
    return EveryParts(said, gr.Button("", size="sm", visible=False, elem_id="train-every-do"))


def _tested(dataset: Dataset, config: TrainConfig) -> int:
    """How many pictures the test part gets: as many as the split on the Data tab says."""
    from resnet_studio.data.dataset import split

    return split(dataset, validation=config.validation_fraction, test=config.test_fraction).counts["test"]


class EveryHandlers:
    """The handlers; ``find`` gives the data set of an id."""

    def __init__(self, find: Callable[[str | None], Dataset | None]) -> None:
        self._find = find

    def look(self, dataset: str | None, seeds: Any, *shares: Any) -> list[Any]:
        """In: the data set, how often to train, the two shares. Out: what that means for the test, the button."""
        found, language = self._find(dataset), reader()
        given = {name: share for name, share in zip(SPLIT, shares, strict=True) if share is not None}
        try:
            tested = _tested(found, TrainConfig(**given)) if found else 0
        except ConfigError:
            return [gr.skip(), gr.skip()]
        if found is None or not may_be_folded(found) or max(found.counts.values()) < FOLDS:
            return ["", gr.update(visible=False)]
        every = len(found.samples)
        if seeds == FOLDED:
            undo = gr.update(value=say("train.every.undo", language), visible=True)
            return [small(say("train.every.on", language, all=every)), undo]
        low, high = wilson_interval(USUAL * tested, tested) if tested else (0.0, 1.0)
        if high - low <= WIDE:
            return ["", gr.update(visible=False)]
        values = {"count": tested, "all": every, "span": round(100 * (high - low))}
        said = say("train.every.few" if tested else "train.every.none", language, **values)
        return [small(said), gr.update(value=say("train.every.do", language), visible=True)]

    def press(self, seeds: Any) -> Any:
        """In: how often to train. Out: five times, each tested on another fifth; once where that is set already."""
        return gr.update(choices=repetition_choices(folded=True), value=1 if seeds == FOLDED else FOLDED)
