"""The panel with the map of the pictures; the script beside it draws the points and selects among them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from resnet_studio.data.names import shown
from resnet_studio.errors import StudioError
from resnet_studio.evaluation.next_steps import stored
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.picture_map import PARTS, PictureMap
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, template
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.templates import render


def draw(studio: Studio, run: Overview, value: PictureMap, language: Language) -> Markup:
    """The points, with the addresses of their thumbnails and their places in the grid of the Data tab."""
    data = {
        "classes": [shown(name) for name in value.classes],
        "start": f"studio/runs/{quote(run.run.id)}/picture/",
        "parts": PARTS,
        "points": list(zip(value.part, value.index, value.label, value.predicted, strict=True)),
        "pca": value.pca,
        "tsne": value.tsne,
        "places": _places(studio, run, value),
        "suspects": _suspects(run, value),
        "chosen": template("map.chosen", language),
    }
    return render("results/map.html", language, data=data, value=value, classes=data["classes"])


def _suspects(run: Overview, value: PictureMap) -> list[int]:
    """The numbers of the points whose labels may be wrong, where a review of the labels is stored."""
    found = stored(RunReport(run.run), "suspects")
    if not isinstance(found, dict) or not isinstance(found.get("first"), list):
        return []
    names = {row.get("picture") for row in found["first"][: found.get("estimate", 0)] if isinstance(row, dict)}
    return [at for at, name in enumerate(value.names) if name in names]


def _places(studio: Studio, run: Overview, value: PictureMap) -> list[Any]:
    """Where each picture stands in the data set as it is now; -1 for those that are gone."""
    try:
        known = studio.editor.opened(str(run.about.get("dataset", ""))).state.places
    except (StudioError, OSError):
        known = {}
    return [known.get(name, -1) for name in value.names]
