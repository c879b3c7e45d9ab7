"""Pictures of the test, by cell of the confusion matrix, by class, or the most confident mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.literal import literal, name_of

PICTURES_SHOWN = 12
PICTURES_MOST = 240
LEAST_SURE = 8


def confident_mistakes(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The wrongly named pictures, the most confident first."""
    wrong = [picture for picture in report["pictures"] if picture["true"] != picture["predicted"]]
    return sorted(wrong, key=lambda picture: -picture["probability"])


def of_cell(report: Mapping[str, Any], true: int | None, predicted: int | None) -> list[Mapping[str, Any]]:
    """The pictures of a cell, the most confident first; without ``predicted``, all mistakes on the class ``true``."""
    if predicted is None:
        return [picture for picture in confident_mistakes(report) if picture["true"] == true]
    found = [p for p in report["pictures"] if p["true"] == true and p["predicted"] == predicted]
    return sorted(found, key=lambda picture: -picture["probability"])


def pictures_panel(
    report: Mapping[str, Any],
    places: Mapping[str, str],
    language: Language,
    *,
    true: int | None = None,
    predicted: int | None = None,
    most: int = PICTURES_SHOWN,
) -> str:
    """The pictures of a cell or of a class, or the most confident mistakes. ``places`` gives the address of a file."""
    found = confident_mistakes(report) if true is None else of_cell(report, true, predicted)
    title, help_text = _pictures_title(report, found, true, predicted, language)
    if true is None and not found:
        found, most = sorted(report["pictures"], key=lambda picture: picture["probability"])[:LEAST_SURE], LEAST_SURE
    figures = "".join(_figure(picture, report["classes"], places, language) for picture in found[:most])
    back = more = ""
    if true is not None:
        label_back = say("results.pictures.back", language)
        back = f'<button type="button" class="res-link" data-back="1">← {label_back}</button>'
    if len(found) > most and most < PICTURES_MOST:
        more = (
            f'<button type="button" class="res-button" data-more="{most}" data-true="{"" if true is None else true}"'
            f' data-said="{"" if predicted is None else predicted}">{say("results.pictures.more", language)}</button>'
        )
    shown = min(most, len(found))
    key = "results.pictures.count" if shown == len(found) else "results.pictures.shown"
    count = (
        f"<small>{say(key, language, count=len(found), shown=shown)}</small>"
        if found and (true is not None or confident_mistakes(report))
        else ""
    )
    return (
        f'<section class="rs-card res-pictures" aria-live="polite"><h3 class="rs-h2">{title} {count}</h3>'
        f'<p class="res-help">{help_text} {back}</p>'
        f'<div class="res-figures" data-zoom-group>{figures}</div>{more}</section>'
    )


def _pictures_title(
    report: Mapping[str, Any], found: Sequence[Any], true: int | None, predicted: int | None, language: Language
) -> tuple[str, str]:
    names = report["classes"]
    if true is None:
        total = sum(row["support"] for row in report["per_class"])
        key = "mistakes" if found else "none"
        title = say(f"results.pictures.{key}", language, count=total)
        return title, say(f"results.pictures.{key}.help", language)
    if predicted is None:
        return literal(say("results.pictures.of_class", language, name=names[true])), ""
    if true == predicted:
        return literal(say("results.pictures.right", language, name=names[true])), ""
    return literal(say("results.pictures.wrong", language, true=names[true], predicted=names[predicted])), ""


def _figure(picture: Mapping[str, Any], classes: Sequence[str], places: Mapping[str, str], language: Language) -> str:
    true, said, share = classes[picture["true"]], classes[picture["predicted"]], picture["probability"]
    alt = say("results.pictures.alt", language, file=picture["name"], true=true, predicted=said, share=share)
    source = literal(places.get(picture["file"], ""))
    labels = f'<span class="said">{name_of(said)}</span>'
    if true != said:
        labels += f'<span class="true">{say("results.pictures.true", language)} {name_of(true)}</span>'
    return (
        f'<figure class="{"right" if true == said else "wrong"}" title="{literal(alt)}"><div>'
        f'<button type="button" class="rs-zoom" data-zoom="{source}?side=640" data-caption="{literal(alt)}">'
        f'<img src="{source}" alt="{literal(alt)}" loading="lazy" width="112" height="112"></button>'
        f"<b>{say('results.share', language, share=share)}</b></div><figcaption>{labels}</figcaption></figure>"
    )
