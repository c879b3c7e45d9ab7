"""What the studies among the runs came to, below the table that shows each run."""

from __future__ import annotations

from collections.abc import Sequence

from resnet_studio.service.run_data import Damaged, Overview
from resnet_studio.studies.repeats import FEWEST, Figure, Part, Repeats, summed_up
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.literal import name_of


def studies(runs: Sequence[Overview | Damaged], language: Language) -> str:
    """One line a study, the newest first; nothing where there is none."""
    lines = "".join(_line(parts, language) for parts in groups(runs))
    if not lines:
        return ""
    return (
        f'<section class="rs-card runs-studies"><header><div><h2>{say("runs.studies", language)}</h2>'
        f'<p class="res-help">{say("runs.studies.help", language)}</p></div></header><ul>{lines}</ul></section>'
    )


def groups(runs: Sequence[Overview | Damaged]) -> list[list[Overview]]:
    """The runs of each study in their order, as far as they can be read; a part that is left alone is none."""
    found: dict[str, list[Overview]] = {}
    for run in runs:
        if isinstance(run, Overview) and isinstance(group := run.about.get("group"), str) and group:
            found.setdefault(group, []).append(run)
    return [sorted(parts, key=lambda run: run.config.seed) for parts in found.values() if len(parts) >= FEWEST]


def _line(parts: Sequence[Overview], language: Language) -> str:
    found = summed_up(
        [Part(run.run, run.about, run.config.seed, run.state.status, run.state.finished) for run in parts]
    )
    done = say("runs.studies.done", language, done=found.done, of=len(found.parts))
    return f"<li>{name_of(_name(parts))} {_score(found, language)} <small>{done}</small></li>"


def _name(parts: Sequence[Overview]) -> str:
    """What the names of the parts have in common."""
    first = parts[0]
    return first.name.removesuffix(f"-seed-{first.config.seed}")


def _score(found: Repeats, language: Language) -> str:
    """The mean on the test pictures, or on the validation pictures where none are for the test."""
    for where, figure in (("test", found.test), ("validation", found.validation)):
        if figure is not None:
            return f"<b>{_spelled(figure, language)}</b> {say(f'runs.studies.{where}', language)}"
    return ""


def _spelled(figure: Figure, language: Language) -> str:
    if figure.interval is None:
        return say("runs.studies.one", language, mean=figure.mean)
    low, high = figure.interval
    return say("runs.studies.figure", language, mean=figure.mean, low=low, high=high)
