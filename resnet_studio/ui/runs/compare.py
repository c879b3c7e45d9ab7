"""Several runs beside each other: their curves, what was set differently, and whether the difference means anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any
from urllib.parse import quote

from resnet_studio.config import TrainConfig
from resnet_studio.errors import StudioError
from resnet_studio.evaluation import compare as comparing
from resnet_studio.evaluation import plots
from resnet_studio.evaluation.compare import SIGNIFICANT, mcnemar
from resnet_studio.service.run_data import Overview, RunData, spell_time
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.charts import overlay, overlay_key
from resnet_studio.ui.drawn.literal import literal, name_of
from resnet_studio.ui.drawn.settings_view import value_of

MOST = 8


def compared(data: RunData, runs: Sequence[Overview], language: Language) -> str:
    """The panel for ``runs``; a hint where there is only one, nothing where there is none."""
    if not runs:
        return ""
    if len(runs) == 1:
        return f'<p class="rs-note">{literal(say("runs.compare.one", language, name=runs[0].name))}</p>'
    names = distinct_names(runs)
    drawn = overlay([(name, run.state.epochs) for name, run in zip(names, runs, strict=True)], language)
    verdict = _verdict(data, runs, names, language)
    note = f'<p class="res-reading">{literal(verdict)}</p>' if verdict else ""
    clear = f'<button type="button" class="res-button" data-clear="1">{say("runs.compare.clear", language)}</button>'
    return (
        f'<section class="rs-card runs-compared"><header><h3 class="rs-h2">{say("runs.compare.title", language)}</h3>'
        f"{clear}</header>{note}{drawn}{_plots(runs, language)}{_table(runs, names, language)}"
        f"{_pairs(runs, language)}</section>"
    )


def _plots(runs: Sequence[Overview], language: Language) -> str:
    """Links to the curves as files."""
    if not any(run.state.epochs for run in runs):
        return ""
    chosen = "&amp;".join(f"run={quote(run.run.id)}" for run in runs)
    said = [say("take.plots", language)]
    for purpose in ("slide", "paper"):
        links = " ".join(
            f'<a href="studio/all/comparison.{format}?{chosen}&amp;purpose={purpose}" download>{format.upper()}</a>'
            for format in plots.FORMATS
        )
        said.append(f"<small>{say(f'take.plots.{purpose}', language)}</small> {links}")
    return f'<p class="runs-take">{" · ".join(said)}</p>'


def _pairs(runs: Sequence[Overview], language: Language) -> str:
    """Every pair in words, with intervals, and the pictures that two runs disagree on."""
    try:
        found = comparing.compare([run.run for run in runs])
    except StudioError:
        return ""
    tested = {side.run for side in found.sides if side.accuracy is not None}
    pairs = [pair for pair in found.pairs if {pair.first, pair.second} <= tested]
    if not pairs:
        return ""
    lines = "".join(f"<li>{literal(pair.sentence(found.names, language))}</li>" for pair in pairs)
    title = say("compare.pairs", language)
    apart = _apart(pairs[0], found.names, language) if len(pairs) == 1 and pairs[0].disagreements else ""
    return f'<details class="runs-pairs"><summary>{title}</summary><ul>{lines}</ul>{apart}</details>'


def _apart(pair: comparing.Pair, names: Mapping[str, str], language: Language) -> str:
    heads = (say("compare.picture", language), say("results.matrix.true", language), names[pair.first],
             names[pair.second])  # fmt: skip
    cells = "".join(f'<th scope="col">{literal(head)}</th>' for head in heads)
    answers = [(each.picture, each.true, each.first, each.second) for each in pair.disagreements]
    rows = "".join(f"<tr>{''.join(f'<td>{literal(cell)}</td>' for cell in row)}</tr>" for row in answers)
    return f'<div class="res-scroll"><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>'


def distinct_names(runs: Sequence[Overview]) -> list[str]:
    """The runs' names, with the time behind those that come twice."""
    names = [run.name for run in runs]
    stamps = ["-".join(run.run.id.split("-")[:2]) for run in runs]
    return [f"{name} {stamp}" if names.count(name) > 1 else name for name, stamp in zip(names, stamps, strict=True)]


def differing(runs: Sequence[Overview]) -> list[str]:
    """The settings, as trained, in which ``runs`` are not all alike."""
    return [spec.name for spec in fields(TrainConfig) if len({getattr(r.config, spec.name) for r in runs}) > 1]


def _table(runs: Sequence[Overview], names: Sequence[str], language: Language) -> str:
    heads = "".join(f'<th scope="col">{overlay_key(index)}{name_of(name)}</th>' for index, name in enumerate(names))

    def share(value: float | None) -> str:
        return "–" if value is None else say("results.share", language, share=value)

    figures: tuple[tuple[str, Callable[[Overview], str]], ...] = (
        ("test", lambda run: share(run.test_accuracy)),
        ("validation", lambda run: share(run.validation_accuracy)),
        ("time", lambda run: spell_time(run.seconds, language)),
        ("dataset", lambda run: str(run.about.get("dataset_name", ""))),
    )
    rows = [_cells(say(f"runs.compare.{key}", language), [cell(run) for run in runs]) for key, cell in figures]
    settings = differing(runs)
    for name in settings:
        values = [value_of(name, getattr(run.config, name), language) for run in runs]
        rows.append(_cells(say(f"config.{name}", language), values))
    same = "" if settings else f'<p class="res-help">{say("runs.compare.same", language)}</p>'
    corner = f'<span class="rs-visually-hidden">{say("runs.compare.setting", language)}</span>'
    return (
        f'<div class="res-scroll"><table><thead><tr><th scope="col">{corner}</th>{heads}'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>{same}"
    )


def _cells(title: str, values: Sequence[str]) -> str:
    cells = "".join(f"<td>{literal(value)}</td>" for value in values)
    return f'<tr><th scope="row">{literal(title)}</th>{cells}</tr>'


def _verdict(data: RunData, runs: Sequence[Overview], names: Sequence[str], language: Language) -> str:
    """What the test says of the two best: on the same pictures by pairs, on others by their intervals."""
    tested = [(report, name) for run, name in zip(runs, names, strict=True) if (report := data.report(run.run))]
    if len(tested) < 2:
        return ""
    (first, a), (second, b) = sorted(tested, key=lambda pair: -pair[0]["accuracy"])[:2]
    ours, theirs = right_by_picture(first), right_by_picture(second)
    if len({run.about.get("dataset") for run in runs}) > 1 or ours.keys() != theirs.keys():
        overlaps = first["interval"][0] <= second["interval"][1]
        overlap = say("runs.compare.overlap", language, first=a, second=b) if overlaps else ""
        return f"{say('runs.compare.other_data', language)} {overlap}".strip()
    only_first = sum(ours[name] and not theirs[name] for name in ours)
    only_second = sum(theirs[name] and not ours[name] for name in ours)
    chance = mcnemar(only_first, only_second)
    key = "clear_winner" if chance < SIGNIFICANT else "chance"
    return say(
        f"runs.compare.{key}", language, count=len(ours), first=a, second=b, a=only_first, b=only_second,
        p=f"{chance:.2g}",
    )  # fmt: skip


def right_by_picture(report: Mapping[str, Any]) -> dict[str, bool]:
    """For each test picture, whether it was named correctly."""
    return {picture["name"]: picture["true"] == picture["predicted"] for picture in report["pictures"]}
