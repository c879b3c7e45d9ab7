"""Dropdowns whose choices are filled in by handlers."""

from __future__ import annotations

from typing import Any

import gradio as gr


def filled_in_later(dropdown: gr.Dropdown) -> gr.Dropdown:
    """``dropdown``, which passes on what the page sends unchecked: whoever handles it checks it anyway.

    Gradio checks against the choices that this server has given to this page. After a restart, or once it has
    forgotten a page that slept for long, it knows of none and refuses every event that reads the dropdown.
    """

    def as_sent(payload: Any) -> Any:
        return payload

    setattr(dropdown, "preprocess", as_sent)  # noqa: B010 - one dropdown: Gradio writes a stub file for each class
    return dropdown
