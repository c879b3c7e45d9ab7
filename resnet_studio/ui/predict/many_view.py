"""What the answers for many pictures look like: progress and counts, one page of the table, downloads, earlier jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from resnet_studio.evaluation import tables
from resnet_studio.predicting.jobs import Job
from resnet_studio.predicting.rows import Index
from resnet_studio.service.copying import Copying
from resnet_studio.service.predicting import JobState
from resnet_studio.service.prediction_table import ORDERS, Page, Query
from resnet_studio.service.run_data import format_duration, format_timestamp
from resnet_studio.text import Language, say
from resnet_studio.ui.page.templates import render

COUNTS_SHOWN = 24
LISTED = 30


@dataclass(frozen=True)
class Count:
    """How often a class was named."""

    label: int
    name: str
    count: int


def frame(job: str, language: Language) -> Markup:
    """The place for the answers of ``job``; a script fills it in."""
    return render("predict/many_frame.html", language, job=job)


def head(job: Job, state: JobState, index: Index, query: Query, language: Language) -> Markup:
    """How far the job is, in words and as a bar; how often each class was named; order and filters."""
    named = enumerate(index.counts(len(job.request.classes)))
    counts = [Count(label, job.request.classes[label], count) for label, count in named if count]
    counts.sort(key=lambda each: -each.count)
    shown = counts[:COUNTS_SHOWN]
    shown += [each for each in counts[COUNTS_SHOWN:] if each.label == query.label]
    left = ""
    if state.rate and state.total and state.status == "working":
        left = format_duration((state.total - state.done) / state.rate, language)
    return render(
        "predict/many_head.html", language, request=job.request, state=state, counts=shown, query=query, left=left,
        more=len(counts) - len(shown), orders=ORDERS, failed=index.failed,
        unsure=int(index.unsure.sum()), unknown=int(index.unknown.sum()),
        problem=state.error.sentence(language) if state.error else "",
    )  # fmt: skip


def rows(job: Job, page: Page, query: Query, language: Language) -> Markup:
    """One page of the table, and the way to the others."""
    last = page.first + len(page.entries)
    return render(
        "predict/many_rows.html", language, job=job.id, page=page, query=query, classes=job.request.classes, last=last,
        entries=[(each, _second(each.row.scores, each.row.best)) for each in page.entries],
    )  # fmt: skip


def _second(scores: Sequence[float], best: int) -> int | None:
    others = [place for place in range(len(scores)) if place != best]
    return max(others, key=scores.__getitem__) if others else None


def tools(job: Job, state: JobState, language: Language, *, local: bool) -> Markup:
    """Stop, go on, delete; downloads; sorted copies."""
    return render("predict/many_tools.html", language, job=job.id, state=state, local=local, formats=tables.formats())


def copying(found: Copying | None, language: Language) -> Markup | str:
    """How far the copies into a folder are; empty where there are none."""
    if found is None:
        return ""
    problem = found.error.sentence(language) if found.error else ""
    return render("predict/many_copying.html", language, copying=found, problem=problem)


def listed(jobs: Sequence[tuple[Job, JobState]], language: Language) -> Markup:
    """Earlier jobs, each a button that shows its answers."""
    lines = [(job, state, format_timestamp(job.request.created, language)) for job, state in jobs]
    return render("predict/many_list.html", language, lines=lines)


def count_words(state: JobState, language: Language) -> str:
    """How far a job is, in a few words."""
    if state.total is None:
        return say("predict.many.looking", language)
    return say("predict.many.working", language, done=state.done, total=state.total)
