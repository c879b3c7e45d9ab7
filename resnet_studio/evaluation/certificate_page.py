"""A certificate as a page that people read, in both languages."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING

from resnet_studio.assets import asset
from resnet_studio.text import LANGUAGES, Language, say

if TYPE_CHECKING:
    from jinja2 import Environment

    from resnet_studio.evaluation.certificate import Certificate

Row = tuple[str, str]
"""What is measured, and the figure."""


def page(found: Certificate) -> str:
    """One HTML file that needs nothing else; a switch without a script chooses the language."""
    parts = {
        language: {
            "verdict": verdict(found, language),
            "rows": rows(found, language),
            "verify": say("certified.verify", language, file=shlex.quote(found.file)),
        }
        for language in LANGUAGES
    }
    logo = asset("logo.svg").read_text(encoding="utf-8")
    return _environment().get_template("certificate.html").render(
        found=found, parts=parts, logo=logo, say=say, state=state(found)
    )  # fmt: skip


def state(found: Certificate) -> str:
    """ "agrees", "rounded", "rounded_lost", "rounded_unscored", "unchecked" or "failed"."""
    if not found.checked:
        return "unchecked"
    if not found.passed:
        return "failed"
    if not found.lossy:
        return "agrees"
    if found.accuracy is None:
        return "rounded_unscored"
    return "rounded_lost" if found.lost > 0 else "rounded"


def verdict(found: Certificate, language: Language) -> str:
    """What the figures mean, in a sentence."""
    return say(f"certified.verdict.{state(found)}", language, scored=found.scored, lost=found.lost)


def rows(found: Certificate, language: Language) -> list[Row]:
    """What is known of the file, line by line."""

    def row(name: str, value: str, **values: object) -> Row:
        return say(f"certified.row.{name}", language, **values), value

    return [
        row("file", say("certified.format", language, file=found.file, format=found.format)),
        row("size", say("certified.size", language, megabytes=f"{found.megabytes:.1f}")),
        row("model", say("certified.model", language, network=found.network, run=found.run)),
        *(_measured(found, language) if found.checked else ()),
        row("made", say("certified.made", language, when=found.created[:10], version=found.studio_version)),
        row("sha256", found.sha256),
    ]


def _measured(found: Certificate, language: Language) -> list[Row]:
    def row(name: str, value: str, **values: object) -> Row:
        return say(f"certified.row.{name}", language, **values), value

    checked = [say("certified.checked" if found.scored_on else "certified.checked.made", language,
                   count=found.pictures)]  # fmt: skip
    if found.unreadable:
        checked.append(say("certified.unreadable", language, count=found.unreadable))
    said = [row("checked", "; ".join(checked) if language == "en" else "；".join(checked))]
    if found.agreement is not None:
        said.append(row("agreement", say("certified.share", language, share=found.agreement)))
    if found.largest_difference is not None:
        said.append(row("difference", f"{found.largest_difference:.1g}"))
    if found.unknown_agreement is not None:
        said.append(row("unknown", say("certified.share", language, share=found.unknown_agreement)))
    if found.scored_on:
        part = say(f"certified.part.{found.scored_on}", language)
        for name, share, interval in (
            ("accuracy", found.accuracy, found.interval), ("app_accuracy", found.app_accuracy, found.app_interval),
        ):  # fmt: skip
            if share is not None and interval is not None:
                values = {"share": share, "low": interval[0], "high": interval[1]}
                said.append(row(name, say("certified.interval", language, **values), part=part))
    if found.milliseconds is not None and found.app_milliseconds is not None:
        times = {"time": f"{found.milliseconds:.0f}", "app": f"{found.app_milliseconds:.0f}"}
        said.append(row("time", say("certified.time", language, **times)))
    return said


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("resnet_studio.evaluation", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
