"""What the studies among the runs came to, below the table that shows each run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from resnet_studio.service.run_data import Damaged, Overview
from resnet_studio.studies.repeats import FEWEST, Figure, Part, Repeats, summed_up
from resnet_studio.text import Language, say
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
    return [sorted(parts, key=lambda run: run.config.seed) for parts in found.values() if len(parts) >= FEWEST]


class Line(NamedTuple):
    """A study: its name, its ``figure`` and ``where`` that was measured (both empty without one), how many are done."""

    name: str
    figure: str
    where: str
    done: int
    of: int


def _line(parts: Sequence[Overview], language: Language) -> Line:
    found = summed_up(
        [Part(run.run, run.about, run.config.seed, run.state.status, run.state.finished) for run in parts]
    )
    return Line(_name(parts), *_score(found, language), done=found.done, of=len(found.parts))


def _name(parts: Sequence[Overview]) -> str:
    """What the names of the parts have in common."""
    first = parts[0]
    return first.name.removesuffix(f"-seed-{first.config.seed}")


def _score(found: Repeats, language: Language) -> tuple[str, str]:
    """The mean and where it was measured: on test pictures, or on validation pictures without a test."""
    for where, figure in (("test", found.test), ("validation", found.validation)):
        if figure is not None:
            return _spelled(figure, language), say(f"runs.studies.{where}", language)
    return "", ""


def _spelled(figure: Figure, language: Language) -> str:
    if figure.interval is None:
        return say("runs.studies.one", language, mean=figure.mean)
    low, high = figure.interval
    return say("runs.studies.figure", language, mean=figure.mean, low=low, high=high)
