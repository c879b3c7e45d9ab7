"""Data sets on offer in the Data tab, as HTML: samples, public sets, those opened before."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import gradio as gr

from resnet_studio.text import Language
from resnet_studio.ui.page import bin_view
from resnet_studio.ui.page.context import Studio, reader
from resnet_studio.ui.page.frame import dataset_name
from resnet_studio.ui.page.templates import render


def samples() -> str:
    """A button for each sample, with its name and what it shows; its terms are the tool tip."""
    from resnet_studio.data.samples import available_samples

    return render("data/samples.html", samples=available_samples())


def lists(studio: Studio) -> tuple[str, str, dict[str, Any]]:
    """The public sets, the data sets in the workspace, and whether there are any. Out: public, earlier, its frame."""
    from resnet_studio.data import library

    downloaded = {item.source for item in library.list_datasets(studio.workspace)}
    return publics(downloaded, reader()), *earlier_list(studio)


def publics(downloaded: Collection[str], language: Language) -> str:
    """A button for each public set; one whose source is not among ``downloaded`` asks before it is downloaded."""
    from resnet_studio.data.public import PUBLIC

    return render("data/publics.html", language, sets=PUBLIC.values(), downloaded=downloaded)


def earlier_list(studio: Studio) -> tuple[str, dict[str, Any]]:
    """The data sets in the workspace, and whether there is anything to show. Out: earlier, its frame.

    A click on a row opens its data set; a second click on its cross deletes it.
    """
    from resnet_studio.data import library

    language = reader()
    rows = [(item, dataset_name(item, language)) for item in library.list_datasets(studio.workspace)]
    binned = bin_view.visible(studio, "dataset")
    return render("data/earlier.html", language, rows=rows, binned=binned), gr.update(visible=bool(rows or binned))
