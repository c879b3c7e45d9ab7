"""Findings that ask something, on the Data tab: a sentence with a button for each way to read the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio import acting
from resnet_studio.errors import DataError
from resnet_studio.text import Language
from resnet_studio.ui.page.bringing import Progress, brought_in_again, check_own
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.data.finding import Finding

SCRIPT = """
element.addEventListener('click', (event) => {
  const offer = event.target.closest('[data-offer]');
  if (!offer || offer.getAttribute('aria-disabled')) return;
  for (const each of element.querySelectorAll('[data-offer]')) each.setAttribute('aria-disabled', 'true');
  trigger('choose', {changes: JSON.parse(offer.dataset.offer)});
});
"""
AGAIN = """() => {
  for (const each of document.querySelectorAll('#data-choices [data-offer]')) each.removeAttribute('aria-disabled');
}"""


def choices() -> gr.HTML:
    """The cards; listen with ``.choose(handler)``, whose ``gr.EventData`` goes to :func:`begin`."""
    return gr.HTML("", elem_id="data-choices", apply_default_css=False, js_on_load=SCRIPT)


def cards(found: Sequence[Finding], language: Language) -> str:
    """A card for each of the findings that offer something, warnings first."""
    asking = sorted((finding for finding in found if finding.offers), key=lambda each: each.severity != "warning")
    return render("data/choices.html", language, findings=asking)


def ready(found: Sequence[Finding], language: Language) -> str:
    """Whether a training can begin, or something has to be settled first."""
    stopped = any(finding.kind in ("single", "one_class") for finding in found)
    return render("data/ready.html", language, ready=not stopped)


def begin(studio: Studio, dataset: str | None, event: Mapping[str, Any]) -> str:
    """Start to read ``dataset`` again as the click says; returns the import. Raises :class:`DataError`.

    Where there are accounts, only whose it is reads it again: what came of it would be nobody's.
    """
    from resnet_studio.data import intake

    changes = event.get("changes")
    if not isinstance(changes, dict):
        raise DataError("error.data.choice", option="changes", value="", allowed=[])
    kept = studio.dataset_cache.dataset(dataset or "")
    if acting.actor() is not None:
        check_own(studio, kept.id)
    chosen = kept.choices.with_changes(changes)

    def work(progress: Progress) -> Dataset:
        return intake.reread(studio.workspace, kept.id, chosen, progress=progress)

    return studio.imports.start("pictures", brought_in_again(studio, kept.id, work), place="choices")
