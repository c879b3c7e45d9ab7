"""Exports of a run for others to read: its tables, its plots, the HTML report."""

from __future__ import annotations

from resnet_studio.evaluation import plots, tables
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language
from resnet_studio.ui.page.frame import address
from resnet_studio.ui.page.templates import render

TABLES = ("classes", "confusion", "predictions", "epochs")
PLOTS = ("curves", "confusion", "reliability")
NEED_TEST = ("classes", "predictions", "confusion", "reliability")


def export_panel(run: Overview, language: Language) -> str:
    """The panel; nothing where there is neither an epoch nor a test."""
    tested = run.run.report_file.is_file()
    found = [name for name in TABLES if _is_available(name, run, tested)]
    drawn = [name for name in PLOTS if _is_available(name, run, tested)]
    if not found:
        return ""
    return render(
        "results/take.html",
        language,
        base=address(run.run, ""),
        tables=found,
        table_formats=tables.formats(),
        plots=drawn,
        plot_formats=plots.FORMATS,
    )


def _is_available(name: str, run: Overview, tested: bool) -> bool:
    return tested if name in NEED_TEST else bool(run.state.epochs)
