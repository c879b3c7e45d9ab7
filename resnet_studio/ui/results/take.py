"""What a run gives to take home for others to read: its tables, its plots, the report to hand in."""

from __future__ import annotations

from collections.abc import Sequence

from resnet_studio.evaluation import plots, tables
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, say
from resnet_studio.ui.page.frame import address

TABLES = ("classes", "confusion", "predictions", "epochs")
PLOTS = ("curves", "confusion", "reliability")
OF_THE_TEST = ("classes", "predictions", "confusion", "reliability")


def take_panel(run: Overview, language: Language) -> str:
    """The panel; nothing where there is neither an epoch nor a test."""
    tested = run.run.report_file.is_file()
    found = [name for name in TABLES if _there(name, run, tested)]
    drawn = [name for name in PLOTS if _there(name, run, tested)]
    if not found:
        return ""
    rows = "".join(
        _row(say(f"tables.{name}", language), [("", _links(run, f"table/{name}", tables.formats()))]) for name in found
    )
    pictures = "".join(_plot(run, name, language) for name in drawn)
    report = (
        f'<p><a class="res-button primary" href="{address(run.run, "report.html")}" download>'
        f"{say('take.report', language)}</a> <small>{say('take.report.help', language)}</small></p>"
    )
    return (
        f'<section class="rs-card res-take"><div><h3 class="rs-h2">{say("take.tables", language)}</h3>'
        f'<table><tbody>{rows}</tbody></table></div><div><h3 class="rs-h2">{say("take.plots", language)}</h3>'
        f"<table><tbody>{pictures}</tbody></table></div>{report}</section>"
    )


def _there(name: str, run: Overview, tested: bool) -> bool:
    return tested if name in OF_THE_TEST else bool(run.state.epochs)


def _plot(run: Overview, name: str, language: Language) -> str:
    cells = [
        (say(f"take.plots.{purpose}", language), _links(run, f"plot/{name}", plots.FORMATS, f"?purpose={purpose}"))
        for purpose in ("slide", "paper")
    ]
    return _row(say(f"plots.{name}", language), cells)


def _row(title: str, cells: Sequence[tuple[str, str]]) -> str:
    filled = "".join(f"<td>{f'<small>{words}</small> ' if words else ''}{links}</td>" for words, links in cells)
    return f'<tr><th scope="row">{title}</th>{filled}</tr>'


def _links(run: Overview, path: str, formats: Sequence[str], query: str = "") -> str:
    return " ".join(
        f'<a href="{address(run.run, f"{path}.{format}{query}")}" download>{format.upper()}</a>' for format in formats
    )
