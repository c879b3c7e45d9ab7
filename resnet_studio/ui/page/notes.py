"""Sentences on their own: something to mend, something to think over, something small."""

from __future__ import annotations

import gradio as gr
from markupsafe import escape

from resnet_studio.ui.page.templates import render


def alert(sentence: str) -> str:
    """A sentence that says what went wrong and what to do."""
    return render("page/alert.html", sentence=sentence)


def caution(sentence: str) -> str:
    """A sentence to think over; nothing has to be changed."""
    return render("page/caution.html", sentence=sentence)


def small(sentence: str) -> str:
    """A quiet line; nothing for an empty sentence."""
    return render("page/small.html", sentence=sentence) if sentence else ""


def toast(sentence: str) -> None:
    """A passing note, from handlers that are queued: from others Gradio (6.31) shows none.

    Gradio takes it for HTML, and names in it are whatever somebody typed.
    """
    gr.Info(str(escape(sentence)))
