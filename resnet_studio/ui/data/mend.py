"""The panel on the Data tab that mends a set: the grid of all its pictures, the queue of labels, undo, saving."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.data.names import shown
from resnet_studio.errors import StudioError
from resnet_studio.text import Language, say, template
from resnet_studio.ui.page.bringing import refusal
from resnet_studio.ui.page.context import Shared, Studio, guarded, reader
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.data.editing import EditedSet, History
    from resnet_studio.data.edits import Edit
    from resnet_studio.data.finding import Finding
    from resnet_studio.service.similar_names import SimilarNameError

SCRIPT = """
const events = {edited: (data) => trigger('edited', data), review: () => trigger('review', {}),
  near: () => trigger('near', {})};
watch('value', studioMend(element, (kind, data) => events[kind](data)));
"""
WORDS = (
    "grid", "review", "close", "standing", "used", "unlabelled", "left_out", "class", "classes", "part", "parts",
    "train", "validation", "test", "no_part", "finding", "findings", "sort", "sort_class", "sort_name", "sort_size",
    "sort_doubt", "sort_next",
    "sort_like", "count", "class_name", "type_class", "choose_class", "choose_two", "none_chosen", "move", "leave_out",
    "put_back", "set_part", "together", "rename", "merge", "compare", "all", "nothing", "undo", "redo", "working",
    "model", "keep", "take", "other", "own", "suggested", "like", "progress", "beyond", "uncertain", "rare", "finished",
    "no_suspects", "all_kept", "rest", "further", "train_again", "starting", "looking", "failed", "comma", "near",
    "near_none", "near_found", "near_more", "near_classes",
    "near_leaks", "near_move", "near_split", "near_apart", "near_by", "near_by_none", "near_by_near", "near_by_auto",
    "near_by_folder", "near_by_name", "near_groups", "near_failed", "near_shown", "near_kept", "near_by_time",
    "near_by_csv", "near_time", "near_show", "near_table", "near_choose",
    "near_by_column", "near_column", "near_column_choose", "near_together", "near_done",
)  # fmt: skip
MOST_SAID = 500
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build() -> gr.HTML:
    """The panel; :func:`wire` fills it."""
    return gr.HTML("", elem_id="data-mend", elem_classes="rs-card", apply_default_css=False, js_on_load=SCRIPT)


def wire(studio: Studio, shared: Shared, panel: gr.HTML) -> None:
    """Show the data set that this browser looks at, and do what its visitor asks for."""

    def shown(name: str | None) -> str:
        """In: the data set. Out: the panel."""
        return panel_of(studio, name)

    @guarded
    def edited(name: str | None, event: gr.EventData) -> tuple[Any, str]:
        """In: the data set, which was edited through a route; the event says why that could not be done. Out: the data
        set as it is now, whoever changed it; the panel.
        """
        now = current_of(studio, name or "")
        return now or gr.skip(), panel_of(studio, now or name, str(event._data.get("problem") or "")[:MOST_SAID])

    @guarded
    def begun(name: str | None) -> str:
        """In: the data set. Out: the panel, after a review of its labels was begun."""
        studio.editor.review(name or "")
        return panel_of(studio, name)

    @guarded
    def searched(name: str | None) -> str:
        """In: the data set. Out: the panel, after a search for near-duplicates was begun."""
        studio.near.begin(studio.editor.opened(name or "").dataset())
        return panel_of(studio, name)

    shared.dataset.change(shown, shared.dataset, panel, **QUIET)
    panel.edited(edited, shared.dataset, [shared.dataset, panel], trigger_mode="always_last", **QUIET)
    panel.review(begun, shared.dataset, panel, trigger_mode="once", **QUIET)
    panel.near(searched, shared.dataset, panel, trigger_mode="multiple", **QUIET)


def current_of(studio: Studio, name: str) -> str:
    """The id that the data set ``name`` has now; empty where it is gone."""
    try:
        return studio.editor.opened(name).dataset().id if name else ""
    except (StudioError, OSError):
        return ""


def panel_of(studio: Studio, name: str | None, problem: str = "") -> str:
    """The panel of the data set ``name``; empty where there is none."""
    if not name:
        return ""
    try:
        opened, findings = studio.editor.opened(name), studio.dataset_cache.findings(name)
    except StudioError:
        return ""
    foreign = refusal(studio, name)
    return html(name, opened, findings, reader(), problem or foreign, mine=not foreign)


def html(
    name: str,
    opened: EditedSet,
    findings: Sequence[Finding],
    language: Language,
    problem: str = "",
    *,
    mine: bool = True,
) -> str:
    """The panel: buttons, and what was done last; nothing can be done again where the set is not ``mine``."""
    dataset, history = opened.dataset(), opened.history()
    texts = {key: template(f"mend.{key}", language) for key in WORDS}
    listed = [[each.kind, each.sentence(language)[:60]] for each in findings if each.files]
    return render(
        "data/mend.html",
        language,
        dataset=name,
        words=json.dumps(texts),
        classes=json.dumps(dataset.classes),
        findings=json.dumps(listed),
        problem=problem,
        last=last_of(history, language),
        steps=len(history.lines),
        unlabelled=len(dataset.unlabelled),
        can_undo=mine and bool(history.done),
        can_redo=mine and bool(history.undone),
    )


def state_of(opened: EditedSet, language: Language) -> dict[str, Any]:
    """What the panel says of a set right after an edit; what is found in it takes longer, and comes with the panel."""
    dataset, history = opened.dataset(), opened.history()
    return {"dataset": dataset.id, "classes": list(dataset.classes), "last": last_of(history, language),
            "steps": len(history.lines)}  # fmt: skip


def question_of(similar: SimilarNameError, language: Language) -> dict[str, str]:
    """What a page asks before it makes a class beside one that is called almost the same."""
    names = {"label": shown(similar.label), "known": shown(similar.known)}
    return {part: say(f"mend.similar.{part}", language, **names) for part in ("title", "text", "yes", "other", "no")}


def last_of(history: History, language: Language) -> str:
    """How many edits count, and what the last of them was."""
    if not history.done:
        return say("mend.unchanged", language)
    return say("mend.changed", language, count=len(history.done), last=said_of(history.done[-1], language))


def said_of(edit: Edit, language: Language) -> str:
    """One edit in a few words."""
    count = len(edit.pictures) + len(edit.added)
    classes = ("、" if language == "zh" else ", ").join(edit.classes)
    return say(f"mend.did.{edit.kind}", language, count=count, label=edit.label, classes=classes)
