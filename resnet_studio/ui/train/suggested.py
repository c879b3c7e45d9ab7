"""Settings that a step on Results suggests: the form takes them over, and all else in it stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from resnet_studio.config import TrainConfig, label
from resnet_studio.errors import ConfigError
from resnet_studio.text import say
from resnet_studio.ui.page.context import reader
from resnet_studio.ui.page.notes import toast
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train.form import NAMES
from resnet_studio.ui.train.handlers import Handlers
from resnet_studio.ui.train.repetitions import FOLDED, repetition_choices

FOLDS = "folds"
"""What a cross-validation is called among suggested settings."""


class Suggestions:
    """What the Train tab does with ``shared.suggested``."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    def take(self, suggested: Mapping[str, Any] | None, form: Any, split: Any, dataset: str | None) -> list[Any]:
        """In: the suggestion, what the browser keeps of form and split, the data set. Out: with how many seeds, the
        browser's copy of the form, the form, the dependents (see :class:`Handlers`).

        The form itself is no input: its tab may never have been shown.
        """
        asked = dict(suggested["settings"]) if suggested else {}
        dataset = (suggested or {}).get("dataset") or dataset
        folded = bool(asked.pop(FOLDS, None))
        # with its choices: the data set comes at the same time, and a choice that is not offered yet would be an error
        seeds = gr.update(choices=repetition_choices(folded=True), value=FOLDED) if folded else gr.skip()
        given = train_form.restored(form, split)
        accepted = {name: value for name, value in asked.items() if name in given and _fits(name, value)}
        found = given | accepted
        shown = train_form.updates(found, set(NAMES) - set(accepted))
        if accepted or folded:
            toast(say("train.suggested", reader(), settings=_words(accepted, folded=folded)))
        stored, *dependents = self._handlers.changed(dataset, *found.values())
        return [seeds, stored, *shown, *dependents]


def _fits(name: str, value: Any) -> bool:
    try:
        TrainConfig(**{name: value})
    except (ConfigError, TypeError):
        return False
    return True


def _words(settings: Mapping[str, Any], *, folded: bool) -> str:
    language = reader()
    said = [
        say("train.suggested.one", language, name=label(name, language), value=_value(name, value))
        for name, value in settings.items()
    ]
    if folded:
        folds = say(f"train.seeds.{FOLDED}", language)
        said.append(say("train.suggested.one", language, name=say("train.seeds", language), value=folds))
    return say("train.suggested.between", language).join(said)


def _value(name: str, value: Any) -> str:
    key = f"config.{name}.{value}"
    return say(key, reader()) if key in train_form.KEYS else str(value)
