"""What the studies among the runs came to, below the table that shows each run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from resnet_studio import labels
from resnet_studio.service.run_data import Damaged, Overview
from resnet_studio.studies.folds import cross_validation, is_cross_validation
from resnet_studio.studies.repeats import FEWEST, Figure, Repeats, StudyPart, summed_up
from resnet_studio.text import Language, say
from resnet_studio.training.waiting import SEARCH, part_number
from resnet_studio.ui.page.templates import render

OVER = ("finished", "stopped", "failed")


def studies(runs: Sequence[Overview | Damaged], language: Language) -> str:
    """One line a study, the newest first; nothing where there is none."""
    lines = [_line(parts, language) for parts in groups(runs)]
    return render("runs/studies.html", language, lines=lines) if lines else ""


def groups(runs: Sequence[Overview | Damaged]) -> list[list[Overview]]:
    """The runs of each study in their order, as far as they can be read; a part that is left alone is none."""
    found: dict[str, list[Overview]] = {}
    for run in runs:
        if isinstance(run, Overview) and isinstance(group := run.about.get("group"), str) and group:
            found.setdefault(group, []).append(run)
    return [sorted(parts, key=_place) for parts in found.values() if len(parts) >= FEWEST]


def shown(runs: Sequence[Overview | Damaged]) -> list[Overview | Damaged]:
    """The runs that have a row: of a search for settings the best trial alone, and the one at work."""
    hidden: set[str] = set()
    for parts in groups(runs):
        if _is_search(parts):
            best = _best_trial(parts)
            hidden |= {run.run.id for run in parts if run is not best and run.state.status != "running"}
    return [run for run in runs if run.run.id not in hidden]


def _is_search(parts: Sequence[Overview]) -> bool:
    study = parts[0].about.get("study")
    return isinstance(study, dict) and study.get("kind") == SEARCH


def _best_trial(parts: Sequence[Overview]) -> Overview | None:
    ended = [run for run in parts if run.state.status == "finished" and run.validation_accuracy is not None]
    return max(ended, key=lambda run: (run.validation_accuracy or 0.0, _least_loss(run)), default=None)


def _least_loss(run: Overview) -> float:
    best = run.state.best or max(run.state.epochs, key=lambda epoch: epoch.score, default=None)
    return -best.validation_loss if best else -math.inf


def _place(run: Overview) -> tuple[int, int]:
    return run.config.seed, part_number(run.about.get("study"))


class Line(NamedTuple):
    """A study: its name, its ``figure`` and ``where`` that was measured (both empty without one), and how many runs are
    ``done``, in words.
    """

    name: str
    figure: str
    where: str
    done: str


def _line(parts: Sequence[Overview], language: Language) -> Line:
    if _is_search(parts):
        return _search_line(parts, language)
    found = summed_up(
        [StudyPart(run.run, run.about, run.config.seed, run.state.status, run.state.finished) for run in parts]
    )
    folded = is_cross_validation([run.run for run in parts])
    score = _pooled(found, language) if folded else _score(found, language)
    done = say("runs.studies.folds" if folded else "runs.studies.done", language, done=found.done, of=len(found.parts))
    return Line(_name(parts), *score, done=done)


def _search_line(parts: Sequence[Overview], language: Language) -> Line:
    best, over = _best_trial(parts), sum(run.state.status in OVER for run in parts)
    done = say("runs.studies.search", language, done=over, of=len(parts))
    name = say("runs.studies.search_name", language, name=str(parts[0].about.get("dataset_name", "")))
    if best is None or best.validation_accuracy is None:
        return Line(name, "", "", done=done)
    figure = say("runs.studies.one", language, mean=best.validation_accuracy)
    return Line(name, figure, say("runs.studies.best", language), done=done)


def _name(parts: Sequence[Overview]) -> str:
    """What the names of the parts have in common."""
    return labels.without_part(parts[0].name)


def _score(found: Repeats, language: Language) -> tuple[str, str]:
    """The mean and where it was measured: on test pictures, or on validation pictures without a test."""
    for where, figure in (("test", found.test), ("validation", found.validation)):
        if figure is not None:
            return _spelled(figure, language), say(f"runs.studies.{where}", language)
    return "", ""


def _pooled(found: Repeats, language: Language) -> tuple[str, str]:
    """The accuracy over all pictures that were tested; both empty where none were."""
    report = cross_validation([part.run for part in found.parts]).report
    if report is None:
        return "", ""
    low, high = report.interval
    where = "pooled" if found.done == len(found.parts) else "pooled_so_far"
    figure = say("runs.studies.figure", language, mean=report.accuracy, low=low, high=high)
    return figure, say(f"runs.studies.{where}", language)


def _spelled(figure: Figure, language: Language) -> str:
    if figure.interval is None:
        return say("runs.studies.one", language, mean=figure.mean)
    low, high = figure.interval
    return say("runs.studies.figure", language, mean=figure.mean, low=low, high=high)
