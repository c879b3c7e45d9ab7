"""The panel of accuracies by what came with the pictures: a sentence and a chart of intervals for each column."""

from __future__ import annotations

from markupsafe import Markup

from resnet_studio.evaluation.groups import Grouped
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.templates import render


def draw(studio: Studio, run: Overview, value: tuple[Grouped, ...], language: Language) -> Markup:  # noqa: ARG001
    """The columns, the most credible gap first."""
    columns = [
        {
            "title": each.title(language),
            "sentence": each.sentence(language),
            "verdict": each.verdict,
            "groups": each.groups,
            "others": each.others,
        }
        for each in value
    ]
    return render("results/groups.html", language, columns=columns)
