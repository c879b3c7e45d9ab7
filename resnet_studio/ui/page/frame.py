"""What several tabs share: the tab that is being filled, what stands in it at first, addresses and names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import gradio as gr

from resnet_studio.text import Language, say
from resnet_studio.ui.page.templates import render
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.data.library import Summary


def loading() -> str:
    """What stands in a view until its first content comes."""
    return render("page/loading.html")


def selected_tab() -> gr.Tab:
    """The tab that is being filled."""
    from gradio.context import Context

    block = Context.block
    while block is not None and not isinstance(block, gr.Tab):
        block = block.parent
    if block is None:
        raise RuntimeError("a tab of the page is built inside gr.Tab")
    return block


def address(run: Run, path: str) -> str:
    """Where the page finds ``path`` of ``run``, relative so that it also works behind a proxy."""
    return f"studio/runs/{quote(run.id)}/{path}"


def dataset_name(item: Dataset | Summary, language: Language) -> str:
    """What a data set is called: a sample and a public one have a name in each language."""
    kind, _, key = item.source.partition(":")
    return say(f"{kind}.{key}.name", language) if key else item.name
