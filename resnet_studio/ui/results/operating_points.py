"""The panel that chooses from which probability on a class is answered; the script beside it moves the slider."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from resnet_studio.data.names import shown
from resnet_studio.evaluation.operating_points import FEWEST, FIND_ALL, ClassPoints, Counts
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, template
from resnet_studio.ui.drawn.axes import Scale, place, ticks
from resnet_studio.ui.drawn.plot import BOTTOM, FRAME, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.templates import render


def draw(studio: Studio, run: Overview, value: tuple[ClassPoints, ...], language: Language) -> Markup:  # noqa: ARG001
    """A choice of classes, a slider, the costs of mistakes, and the curves of precision and recall."""
    x, y = Scale(0, 1, LEFT, WIDTH - RIGHT), Scale(0, 1, HEIGHT - BOTTOM, TOP)
    return render(
        "results/operating_points.html",
        language,
        run=run.run.id,
        classes=[shown(each.name) for each in value],
        data={
            "classes": [_plain(each) for each in value],
            "find": FIND_ALL,
            "x": [x.start, x.end],
            "y": [y.start, y.end],
            "reading": template("points.reading", language),
        },
        x_ticks=[(place(x(each)), f"{each:g}") for each in ticks(0, 1)],
        y_ticks=[(place(y(each)), f"{100 * each:.0f}%") for each in ticks(0, 1)],
        middle=place((LEFT + WIDTH - RIGHT) / 2),
        **FRAME,
    )


def _plain(points: ClassPoints) -> dict[str, Any]:
    few = min(points.validation.pictures, points.test.pictures) < FEWEST
    return {
        "name": shown(points.name), "key": points.name, "few": few, "validation": _counts(points.validation),
        "test": _counts(points.test),
    }  # fmt: skip


def _counts(counts: Counts) -> dict[str, Any]:
    return {"pictures": counts.pictures, "others": counts.others, "found": counts.found, "false": counts.false}
