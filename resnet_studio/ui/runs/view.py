"""The table of all runs, as HTML; ``assets/runs.js`` brings it to life."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from resnet_studio.errors import RunError
from resnet_studio.evaluation import tables
from resnet_studio.labels import LONGEST_NAME, LONGEST_NOTE
from resnet_studio.service.run_data import Damaged, Overview, format_duration, format_timestamp
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.charts import sparkline
from resnet_studio.ui.drawn.settings_view import changed, in_short
from resnet_studio.ui.page.frame import address
from resnet_studio.ui.page.ownership import owner_label, ownership_of
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.runs.studies import shown, studies

RESUMABLE = ("interrupted", "stopped", "failed")
CHIPS = 4
FILTER_FROM = 8
ROWS_CACHED = 1024


def table(
    runs: Sequence[Overview | Damaged], language: Language, cached: int = 0, browser: str = "", binned: str = ""
) -> str:
    """All ``runs`` as seen from ``browser``, or what the tab shows before there is one.

    ``cached`` bytes are kept so that the next training starts at once; a button removes them. ``binned`` is the bin.
    """
    if not runs:
        return render("runs/empty.html", language, binned=binned)
    return render(
        "runs/table.html",
        language,
        rows=[_any_row(run, language, browser) for run in shown(runs)],
        filter=len(shown(runs)) >= FILTER_FROM,
        cached=_size(cached) if cached else "",
        longest_name=LONGEST_NAME,
        longest_note=LONGEST_NOTE,
        studies=studies(runs, language),
        formats=tables.formats(),
        binned=binned,
    )


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.0f} MB"


def _any_row(run: Overview | Damaged, language: Language, browser: str) -> str:
    """The row of a run; where its files make no sense, one that says so, so that all other rows are shown."""
    if isinstance(run, Damaged):
        return _damaged_row(run, language)
    try:
        return _row(run, language, browser)
    except Exception as error:
        logging.getLogger(__name__).warning("run %s cannot be shown", run.run.id, exc_info=error)
        damage = RunError("error.run.damaged", file=run.run.log.path.name, run=run.run.id)
        return _damaged_row(Damaged(run.run, damage), language)


def _damaged_row(run: Damaged, language: Language) -> str:
    """The folder's name, what is wrong with it, and the button that removes it."""
    kind = "newer" if run.error.key == "error.run.newer" else "damaged"
    reason = run.error.sentence(language)
    return render("runs/damaged_row.html", language, id=run.run.id, kind=kind, reason=reason)


@dataclass(frozen=True)
class Row:
    """What the row of a run shows; ``curve`` is the validation accuracy of each epoch."""

    id: str
    name: str
    note: str
    status: str
    unreadable: int
    dataset: str
    pictures: int
    settings: str
    changed: tuple[str, ...]
    curve: tuple[float, ...]
    validation: float | None
    test: float | None
    time: str
    progress: str
    created: str
    owner: str
    resumable: bool
    download: str
    delete_warning: str


def _row(run: Overview, language: Language, browser: str) -> str:
    owner = ownership_of(run.about, browser)
    row = Row(
        id=run.run.id,
        name=run.name,
        note=run.note,
        status="preparing" if run.state.is_preparing else run.state.status_name,
        unreadable=run.state.unreadable,
        dataset=str(run.about.get("dataset_name", "")),
        pictures=sum(run.about.get("counts", {}).values()),
        settings=in_short(run.config, language),
        changed=tuple(changed(run.requested, language, run.about)),
        curve=tuple(epoch.validation_accuracy for epoch in run.state.epochs),
        validation=run.validation_accuracy,
        test=run.test_accuracy,
        time=_time(run, language),
        progress=_progress(run, language),
        created=format_timestamp(run.about.get("created"), language),
        owner=owner_label(run.about, browser, language),
        resumable=_resumable(run),
        download=address(run.run, "model.safetensors") if run.run.best.is_file() else "",
        delete_warning=say(f"runs.delete.{owner}", language) if owner in ("elsewhere", "program") else "",
    )
    return _rendered(row, language)


@lru_cache(maxsize=ROWS_CACHED)
def _rendered(row: Row, language: Language) -> str:
    """The HTML of a row: most runs look as they did the last time somebody looked."""
    curve = sparkline(row.curve, say("runs.column.curve", language))
    return render("runs/row.html", language, row=row, curve=curve, chips=CHIPS)


def _time(run: Overview, language: Language) -> str:
    return format_duration(run.seconds, language) if run.state.epochs or run.state.finished else "–"


def _progress(run: Overview, language: Language) -> str:
    """How many epochs are done of those planned; empty where none is, or all are."""
    if run.state.finished or run.state.started is None or not run.state.epochs:
        return ""
    return say("runs.progress", language, done=len(run.state.epochs), epochs=run.state.planned)


def _resumable(run: Overview) -> bool:
    """Whether training can go on; an interrupted run that had saved nothing yet begins again."""
    status = run.state.status
    return status == "interrupted" or (status in RESUMABLE and run.run.state_file.is_file())
