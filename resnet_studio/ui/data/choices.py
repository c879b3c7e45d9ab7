"""Findings that ask something, on the Data tab: a sentence with a button for each way to read the pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.errors import DataError
from resnet_studio.text import Language, say
from resnet_studio.ui.page.context import Studio

if TYPE_CHECKING:
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
    return "".join(_card(finding, language) for finding in asking)


def _card(finding: Finding, language: Language) -> str:
    kind = "warn" if finding.severity == "warning" else "info"
    buttons = "".join(
        f'<button type="button" class="rs-button" data-offer="{escape(json.dumps(dict(offer.changes)), quote=True)}">'
        f"{escape(offer.sentence(language))}</button>"
        for offer in finding.offers
    )
    return (
        f'<div class="rs-note rs-{kind} rs-choice" data-kind="{finding.kind}">'
        f'<p>{escape(finding.sentence(language))}</p><div class="rs-choice-offers">{buttons}</div></div>'
    )


def ready(found: Sequence[Finding], language: Language) -> str:
    """Whether a training can begin, or something has to be settled first."""
    stopped = any(finding.kind in ("single", "one_class") for finding in found)
    key = "data.next.not_ready" if stopped else "data.next.ready"
    return f'<span class="rs-h2">{escape(say(key, language))}</span>'


def begin(studio: Studio, dataset: str | None, event: Mapping[str, Any]) -> str:
    """Start to read ``dataset`` anew as the click says; gives the import. Raises :class:`DataError`."""
    from resnet_studio.data import intake

    changes = event.get("changes")
    if not isinstance(changes, dict):
        raise DataError("error.data.choice", option="changes", value="", allowed=[])
    kept = studio.shelf.dataset(dataset or "")
    chosen = kept.choices.with_changes(changes)
    return studio.imports.start(
        "pictures", lambda told: intake.reread(studio.workspace, kept.id, chosen, progress=told), place="choices"
    )
