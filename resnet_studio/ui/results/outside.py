"""The scores on other pictures than those of the run's own set, and what went wrong there."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from resnet_studio.evaluation.outside import OutsideTest
from resnet_studio.text import Language
from resnet_studio.ui.page.templates import render

MOST = 60
"""Mistakes shown, the most confident first."""


def section(other: OutsideTest, places: Mapping[str, str], language: Language) -> Markup:
    """The section of Results; ``places`` gives the address of a picture by its file."""
    wrong = [each for each in other.report.pictures if each.true != each.predicted]
    wrong.sort(key=lambda each: -each.probability)
    return render(
        "results/outside.html", language, other=other, sentence=other.sentence(language), places=places,
        mistakes=wrong[:MOST], count=len(wrong), classes=other.report.classes,
    )  # fmt: skip
