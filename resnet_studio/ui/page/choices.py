"""Dropdowns and radio buttons whose choices are filled in by handlers."""

from __future__ import annotations

from typing import Any, TypeVar

import gradio as gr

Choice = TypeVar("Choice", gr.Dropdown, gr.Radio)


def filled_in_later(choice: Choice) -> Choice:
    """``choice``, which passes on unchecked what the page sends: the handler checks it anyway.

    Gradio checks against the choices that this server has given to this page. After a restart, or once it has
    forgotten a page that slept for long, it knows of none and refuses every event that reads it.
    """

    def as_sent(payload: Any) -> Any:
        return payload

    setattr(choice, "preprocess", as_sent)  # noqa: B010 - one component: Gradio writes a stub file for each class
    return choice
