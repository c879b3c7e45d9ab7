"""Data sets on offer in the Data tab, as HTML: samples, public sets, those opened before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.text import Language, say
from resnet_studio.ui.page.context import Studio, T, reader
from resnet_studio.ui.page.frame import dataset_name

if TYPE_CHECKING:
    from resnet_studio.data.library import Summary
    from resnet_studio.data.public import PublicSet


def samples() -> str:
    """A button for each sample, with its name and what it shows; its terms are the tool tip."""
    from resnet_studio.data.samples import available_samples

    return _offers(
        f'<button type="button" class="rs-offer" data-key="{item.key}" data-source="{item.source}" '
        f'aria-pressed="false" title="{T(f"sample.{item.key}.terms")}">'
        f'<span class="rs-offer-name">{T(f"sample.{item.key}.name")}</span>'
        f'<span class="rs-offer-about">{T(f"sample.{item.key}.description")}</span></button>'
        for item in available_samples()
    )


def lists(studio: Studio) -> tuple[str, str, dict[str, Any]]:
    """The public sets, the data sets in the workspace, and whether there are any. Out: public, earlier, its frame."""
    from resnet_studio.data import library

    kept = {item.source for item in library.datasets(studio.workspace)}
    return publics(kept, reader()), *earlier_list(studio)


def publics(kept: Collection[str], language: Language) -> str:
    """A button for each public set; one whose source is not among ``kept`` asks before it is downloaded."""
    from resnet_studio.data.public import PUBLIC

    return _offers(_public(item, item.source in kept, language) for item in PUBLIC.values())


def _public(item: PublicSet, here: bool, language: Language) -> str:
    name, tag = escape(item.name(language)), ""
    if here:
        tag = f'<span class="rs-offer-tag">{escape(say("data.public.here", language))}</span>'
    asked = "" if here else "".join(f" data-{key}={_quoted(text)}" for key, text in _asked(item, language).items())
    return (
        f'<button type="button" class="rs-offer" data-key="{item.key}" data-source="{item.source}" '
        f'aria-pressed="false" title={_quoted(item.terms(language))}{asked}><span class="rs-offer-name">{name} {tag}'
        f'</span><span class="rs-offer-about">{escape(item.description(language))}</span></button>'
    )


def _asked(item: PublicSet, language: Language) -> dict[str, str]:
    """What ``studioOffers`` in ``assets/offers.js`` asks before anything is downloaded."""
    size = say("data.public.megabytes", language, size=round(item.download_bytes / 2**20))
    return {
        "ask": say("data.public.ask", language, name=item.name(language)),
        "about": item.description(language),
        "size": say("data.public.size", language, size=size),
        "terms": say("data.public.terms", language, terms=item.terms(language)),
        "kept": say("data.public.kept", language),
        "yes": say("data.public.yes", language, size=size),
        "no": say("data.public.no", language),
    }


def earlier_list(studio: Studio) -> tuple[str, dict[str, Any]]:
    """The data sets in the workspace, and whether there is anything to show. Out: earlier, its frame."""
    from resnet_studio.data import library

    language = reader()
    rows = [_earlier_row(item, language) for item in library.datasets(studio.workspace)]
    return _offers(rows), gr.update(visible=bool(rows))


def _earlier_row(item: Summary, language: Language) -> str:
    """One data set: a click opens it; its cross deletes it at the second click."""
    counted = say("data.facts", language, pictures=item.pictures, classes=item.classes)
    name = dataset_name(item, language)
    delete, key = _quoted(say("data.earlier.delete", language, name=name)), _quoted(item.id)
    sure = _quoted(say("data.earlier.sure", language))
    return (
        f'<div class="rs-row"><button type="button" class="rs-offer" data-key={key} aria-pressed="false">'
        f'<span class="rs-offer-name">{escape(name)}</span>'
        f'<span class="rs-offer-about rs-number">{escape(counted)}</span></button>'
        f'<button type="button" class="rs-icon-button" data-delete={key} data-sure={sure} '
        f"aria-label={delete} title={delete}>×</button></div>"
    )


def _offers(offers: Iterable[str]) -> str:
    return f'<div class="rs-offers">{"".join(offers)}</div>'


def _quoted(text: str) -> str:
    return f'"{escape(text, quote=True)}"'
