"""The components of the Data tab besides the ways in: the empty state, and what was understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from resnet_studio.ui.data import choices as data_choices
from resnet_studio.ui.data import make, mend
from resnet_studio.ui.data import view as data_view
from resnet_studio.ui.page.context import T
from resnet_studio.ui.page.templates import render

SPLIT_JS = "studioSplit(element, (shares) => trigger('split', shares));"
GALLERY_JS = "watch('value', studioGallery(element));"


@dataclass(frozen=True)
class View:
    """The components of the right side."""

    waiting: gr.HTML
    working: gr.Column
    progress: gr.HTML
    cancel: gr.Button
    understood: gr.Column
    facts: gr.HTML
    choices: gr.HTML
    note: gr.HTML
    classes: gr.HTML
    split: gr.HTML
    gallery: gr.HTML
    mend: gr.HTML
    make: gr.HTML
    problem: gr.HTML
    ready: gr.HTML
    quick: gr.Button
    choose: gr.Button

    @property
    def shown(self) -> list[Any]:
        """What a look at a data set fills."""
        return [
            self.waiting,
            self.understood,
            self.facts,
            self.choices,
            self.classes,
            self.split,
            self.gallery,
            self.ready,
        ]


@dataclass(frozen=True)
class Hero:
    """The empty state."""

    frame: gr.Column
    quick: gr.Button
    own: gr.Button
    make: gr.Button
    sample: gr.Button
    time: gr.HTML
    problem: gr.HTML


def hero() -> Hero:
    """What a browser sees that has no data set yet: what this is for, two big buttons, and a look at the samples."""
    with gr.Column(elem_id="data-hero") as frame:
        gr.HTML(render("data/hero.html"), apply_default_css=False)
        with gr.Row(elem_id="data-hero-buttons"):
            quick = gr.Button(T("data.hero.quick"), variant="primary", size="lg", elem_id="data-quick")
            own = gr.Button(T("data.hero.own"), size="lg", elem_id="data-own")
            made = gr.Button(T("make.open"), size="lg", elem_id="data-make-first")
        time = gr.HTML("", elem_id="data-hero-time", apply_default_css=False)
        problem = gr.HTML("", elem_id="data-hero-problem", apply_default_css=False)
        sample = gr.Button(T("data.hero.sample"), size="sm", elem_id="data-try", elem_classes="rs-link")
        gr.HTML(render("data/drop_hint.html"), elem_id="data-hero-drop", apply_default_css=False)
    return Hero(frame, quick, own, made, sample, time, problem)


def waiting(word: Callable[[str], Any]) -> str:
    """What stands where a data set will be summed up; ``word`` gives the text of a key."""
    return render("data/waiting.html", word=word)


def view() -> View:
    """The right side in its three states: waiting for pictures, reading them, understood."""
    empty = gr.HTML(waiting(T), elem_id="data-waiting", apply_default_css=False)
    with gr.Column(elem_id="data-working", visible=False, elem_classes="rs-card") as working:
        progress = gr.HTML(
            data_view.progress(T("data.working.pictures")), elem_id="data-progress", apply_default_css=False
        )
        cancel = gr.Button(T("data.working.cancel"), size="sm", elem_id="data-cancel")
    with gr.Column(elem_id="data-understood", visible=False) as understood:
        facts = gr.HTML("", elem_id="data-facts", apply_default_css=False)
        choices = data_choices.choices()
        note = gr.HTML("", elem_id="data-note-choices", elem_classes="data-note", apply_default_css=False)
        with gr.Row(elem_id="data-charts", equal_height=True):
            classes = gr.HTML("", elem_id="data-classes", apply_default_css=False, elem_classes="rs-card")
            split = gr.HTML(
                "", elem_id="data-split", apply_default_css=False, elem_classes="rs-card", js_on_load=SPLIT_JS
            )
        gallery = gr.HTML(
            "", elem_id="data-gallery", apply_default_css=False, elem_classes="rs-card", js_on_load=GALLERY_JS
        )
        mended = mend.build()
        more = make.more()
        problem = gr.HTML("", elem_id="data-next-problem", apply_default_css=False)
        with gr.Row(elem_id="data-next", elem_classes="rs-next"):
            ready = gr.HTML("", elem_id="data-ready", apply_default_css=False)
            quick = gr.Button(T("data.next.quick"), size="lg", elem_id="data-train-now")
            choose = gr.Button(T("data.next"), variant="primary", size="lg", elem_id="data-choose-model")
    return View(
        empty, working, progress, cancel, understood, facts, choices, note, classes, split, gallery, mended, more,
        problem, ready, quick, choose,
    )  # fmt: skip
