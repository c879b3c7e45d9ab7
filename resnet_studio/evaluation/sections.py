"""Sections of the report to hand in that come from parts of the report: one template a part.

A part gets a section by a template ``templates/sections/NAME.html``, which is filled in with its ``value`` and
``json`` and the names of the ``classes``, and the text ``handin.section.NAME`` as heading. Parts that are not stored
and take long are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from resnet_studio.evaluation import inside_sheets
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.evaluation.shortcut import sentences

ORDER = (
    "next_steps", "outside_test", "calibration", "unknown", "shortcut", "robustness", "groups", "operating_points",
    "forecast", "suspects", "inside",
)  # fmt: skip
"""Of those that are there; others follow."""


@dataclass(frozen=True)
class Section:
    """A section: the ``name`` of its part, and its ``body``, whose values are escaped."""

    name: str
    body: Markup


def has_template(name: str) -> bool:
    """Whether the part called ``name`` has a section."""
    return files("resnet_studio.evaluation").joinpath("templates", "sections", f"{name}.html").is_file()


def sections(
    report: RunReport, parts: tuple[Part[Any], ...], render: Callable[[str, Mapping[str, Any]], str]
) -> list[Section]:
    """The sections of those ``parts`` of ``report`` that are stored or take no time.

    ``render`` fills the template of a name in with values.
    """
    values: dict[str, Any] = {
        "classes": report.report.classes if report.report else (), "shortcut_sentences": sentences,
        "inside_sheets": partial(inside_sheets.addresses, report),
    }  # fmt: skip
    found = []
    for part in sorted(parts, key=lambda part: ORDER.index(part.name) if part.name in ORDER else len(ORDER)):
        if not has_template(part.name):
            continue
        value = report.get(part) if part.quick else part.load(report)
        if value:
            body = render(f"sections/{part.name}.html", values | {"value": value, "json": part.to_json(value)})
            if body.strip():
                found.append(Section(part.name, Markup(body)))
    return found
