"""What the studies among the runs came to, below the table that shows each run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from resnet_studio.service.run_data import Damaged, Overview
from resnet_studio.studies.folds import cross_validation, is_cross_validation
from resnet_studio.studies.repeats import FEWEST, Figure, Part, Repeats, summed_up
from resnet_studio.text import Language, say
from resnet_studio.training.waiting import part_number
from resnet_studio.ui.page.templates import render


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
    found = summed_up(
        [Part(run.run, run.about, run.config.seed, run.state.status, run.state.finished) for run in parts]
    )
    folded = is_cross_validation([run.run for run in parts])
    score = _pooled(found, language) if folded else _score(found, language)
    done = say("runs.studies.folds" if folded else "runs.studies.done", language, done=found.done, of=len(found.parts))
    return Line(_name(parts), *score, done=done)


def _name(parts: Sequence[Overview]) -> str:
    """What the names of the parts have in common."""
    first = parts[0]
    number = part_number(first.about.get("study"))
    return first.name.removesuffix(f"-seed-{first.config.seed}").removesuffix(f"-fold-{number}")


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
