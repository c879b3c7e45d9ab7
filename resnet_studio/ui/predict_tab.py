"""The predict tab."""

from __future__ import annotations

import gradio as gr

from resnet_studio.ui.context import Shared, Studio


def build(studio: Studio, shared: Shared) -> None:
    """Fill the tab."""
    gr.HTML("predict")
