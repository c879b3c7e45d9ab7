"""Pictures of the test, by cell of the confusion matrix, by class, or the most confident mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resnet_studio.text import Language, say
from resnet_studio.ui.page.templates import render

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
    shown = min(most, len(found))
    count = ""
    if found and (true is not None or confident_mistakes(report)):
        key = "results.pictures.count" if shown == len(found) else "results.pictures.shown"
        count = say(key, language, count=len(found), shown=shown)
    return render(
        "results/pictures.html",
        language,
        title=title,
        help=help_text,
        count=count,
        pictures=found[:most],
        classes=report["classes"],
        addresses=places,
        back=true is not None,
        wrong=any(picture["true"] != picture["predicted"] for picture in found[:most]),
        more=len(found) > most and most < PICTURES_MOST,
        most=most,
        cell=(true, predicted),
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
        return say("results.pictures.of_class", language, name=names[true]), ""
    if true == predicted:
        return say("results.pictures.right", language, name=names[true]), ""
    return say("results.pictures.wrong", language, true=names[true], predicted=names[predicted]), ""
