"""Several runs beside each other: their curves, what was set differently, and whether the difference means anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from resnet_studio.config import TrainConfig
from resnet_studio.errors import StudioError
from resnet_studio.evaluation import compare as comparing
from resnet_studio.evaluation import plots
from resnet_studio.evaluation.compare import SIGNIFICANT, mcnemar
from resnet_studio.service.run_data import Overview, RunData, format_duration
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.charts import overlay, overlay_key
from resnet_studio.ui.drawn.settings_view import value_of
from resnet_studio.ui.page.templates import render

MOST = 8


def compared(data: RunData, runs: Sequence[Overview], language: Language) -> str:
    """The panel for ``runs``; a hint where there is only one, nothing where there is none."""
    if not runs:
        return ""
    if len(runs) == 1:
        return render("runs/compare_hint.html", language, name=runs[0].name)
    names = distinct_names(runs)
    settings = differing(runs)
    return render(
        "runs/compared.html",
        language,
        verdict=_verdict(data, runs, names, language),
        curves=overlay([(name, run.state.epochs) for name, run in zip(names, runs, strict=True)], language),
        heads=[(overlay_key(index), name) for index, name in enumerate(names)],
        rows=[*_figures(runs, language), *_settings(runs, settings, language)],
        same=not settings,
        plots=_plots(runs, language),
        pairs=_pairs(runs, language),
    )


def _plots(runs: Sequence[Overview], language: Language) -> str:
    """Links to the curves as files."""
    if not any(run.state.epochs for run in runs):
        return ""
    chosen = Markup("&amp;").join(f"run={quote(run.run.id)}" for run in runs)
    return render("runs/plots.html", language, runs=chosen, formats=plots.FORMATS)


def _pairs(runs: Sequence[Overview], language: Language) -> str:
    """Every pair in words, with intervals, and the pictures that two runs disagree on."""
    try:
        found = comparing.compare([run.run for run in runs], [run.state for run in runs])
    except StudioError:
        return ""
    tested = {side.run for side in found.sides if side.accuracy is not None}
    pairs = [pair for pair in found.pairs if {pair.first, pair.second} <= tested]
    if not pairs:
        return ""
    only = pairs[0]
    return render(
        "runs/pairs.html",
        language,
        sentences=[pair.sentence(found.names, language) for pair in pairs],
        answers=only.disagreements if len(pairs) == 1 else (),
        first=found.names[only.first],
        second=found.names[only.second],
    )


def distinct_names(runs: Sequence[Overview]) -> list[str]:
    """The runs' names, with the time behind those that come twice."""
    names = [run.name for run in runs]
    stamps = ["-".join(run.run.id.split("-")[:2]) for run in runs]
    return [f"{name} {stamp}" if names.count(name) > 1 else name for name, stamp in zip(names, stamps, strict=True)]


def differing(runs: Sequence[Overview]) -> list[str]:
    """The settings, as trained, in which ``runs`` are not all alike."""
    return [spec.name for spec in fields(TrainConfig) if len({getattr(r.config, spec.name) for r in runs}) > 1]


def _figures(runs: Sequence[Overview], language: Language) -> list[tuple[str, list[str]]]:
    """What came out: a title and one value for each run."""

    def share(value: float | None) -> str:
        return "–" if value is None else say("results.share", language, share=value)

    figures: tuple[tuple[str, Callable[[Overview], str]], ...] = (
        ("test", lambda run: share(run.test_accuracy)),
        ("validation", lambda run: share(run.validation_accuracy)),
        ("time", lambda run: format_duration(run.seconds, language)),
        ("dataset", lambda run: str(run.about.get("dataset_name", ""))),
    )
    return [(say(f"runs.compare.{key}", language), [figure(run) for run in runs]) for key, figure in figures]


def _settings(runs: Sequence[Overview], names: Sequence[str], language: Language) -> list[tuple[str, list[str]]]:
    """The settings ``names``: a title and one value for each run."""
    return [
        (say(f"config.{name}", language), [value_of(name, getattr(run.config, name), language) for run in runs])
        for name in names
    ]


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
