"""The class as HTML: a row for each person with a small chart of their progress."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from resnet_studio import belonging
from resnet_studio.service.people.clearing import ClearingPreview
from resnet_studio.service.people.lesson import Holding, Lesson, Pupil
from resnet_studio.service.run_data import Overview, format_timestamp
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.charts import sparkline
from resnet_studio.ui.page.templates import render

HERE_SECONDS = 300.0
MOST_RUNS = 12


@dataclass(frozen=True)
class Row:
    """One person as the table shows them."""

    pupil: Pupil
    here: bool
    seen: str
    doing: str
    accuracy: float | None
    chart: Markup
    disk: str
    runs: tuple[Overview, ...]
    holdings: tuple[Holding, ...]


def table(lesson: Lesson, language: Language) -> Markup:
    """Everybody with progress and disk, and what is trained and waits."""
    now = time.time()
    people = sorted(lesson.pupils, key=lambda each: (each.person.staff, each.person.name.casefold()))
    rows = [_row(each, now, language) for each in people]
    names = {run.run.id: each.person.name for each in people for run in each.runs}
    return render(
        "people/lesson_table.html",
        language,
        rows=rows,
        here=sum(row.here for row in rows),
        running=lesson.running,
        queued=lesson.queued,
        names=names,
        disk=size(lesson.bytes),
        size=size,
        shared=belonging.is_shared,
    )


def preview(found: ClearingPreview, language: Language) -> str:
    """What clearing the class would take."""
    return say(
        "lesson.clear.preview", language, pupils=len(found.pupils), runs=found.runs, datasets=found.datasets,
        models=found.models, predictions=found.predictions,
    )  # fmt: skip


def cleared(found: ClearingPreview, language: Language) -> str:
    """What was taken."""
    return say("lesson.clear.done", language, name=found.name, pupils=len(found.pupils))


def size(count: int) -> str:
    """So many bytes."""
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.1f} MB"


def when(seconds: float | None, language: Language) -> str:
    """A moment in words."""
    if seconds is None:
        return say("lesson.never", language)
    return format_timestamp(datetime.fromtimestamp(seconds, UTC).isoformat(), language)


def _row(pupil: Pupil, now: float, language: Language) -> Row:
    run, here = pupil.shown, pupil.seen is not None and now - pupil.seen < HERE_SECONDS
    label = say("lesson.chart", language, count=len(pupil.curve))
    return Row(
        pupil,
        here,
        say("lesson.here", language) if here else when(pupil.seen, language),
        _doing(run, language) if run else "",
        run.validation_accuracy if run else None,
        Markup(sparkline(pupil.curve, label, width=120, height=32, shares=True)) if pupil.curve else Markup(""),
        size(pupil.bytes),
        pupil.runs[:MOST_RUNS],
        pupil.holdings,
    )


def _doing(run: Overview, language: Language) -> str:
    epochs, planned = len(run.state.epochs), run.state.planned or run.config.epochs or 0
    return say(f"lesson.doing.{run.state.status}", language, epoch=epochs, epochs=max(planned, epochs))
