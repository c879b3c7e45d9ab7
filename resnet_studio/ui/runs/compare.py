"""Several runs beside each other: their curves, what was set differently, and whether the difference means anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from urllib.parse import quote

from markupsafe import Markup

from resnet_studio.config import TrainConfig
from resnet_studio.errors import StudioError
from resnet_studio.evaluation import compare as comparing
from resnet_studio.evaluation import plots
from resnet_studio.evaluation.compare import Comparison
from resnet_studio.service.run_data import Overview, RunData, format_duration
from resnet_studio.text import Language, joined, say
from resnet_studio.ui.drawn.charts import overlay, overlay_key
from resnet_studio.ui.drawn.settings_view import value_of
from resnet_studio.ui.page.templates import render

MOST = 8
MOST_PICTURES = 24


def compared(data: RunData, runs: Sequence[Overview], language: Language) -> str:
    """The panel for ``runs``; a hint where there is only one, nothing where there is none."""
    if not runs:
        return ""
    if len(runs) == 1:
        return render("runs/compare_hint.html", language, name=runs[0].name)
    names, settings, found = distinct_names(runs), differing(runs), _found(runs)
    by_id = {run.run.id: name for run, name in zip(runs, names, strict=True)}
    return render(
        "runs/compared.html",
        language,
        verdict=_verdict(found, by_id, language),
        curves=overlay([(name, run.state.epochs) for name, run in zip(names, runs, strict=True)], language),
        heads=[(overlay_key(index), name) for index, name in enumerate(names)],
        rows=[*_figures(runs, language), *_settings(runs, settings, language)],
        same=not settings,
        plots=_plots(runs, language),
        pairs=_pairs(data, runs, found, language),
    )


def _plots(runs: Sequence[Overview], language: Language) -> str:
    """Links to the curves as files."""
    if not any(run.state.epochs for run in runs):
        return ""
    chosen = Markup("&amp;").join(f"run={quote(run.run.id)}" for run in runs)
    return render("runs/plots.html", language, runs=chosen, formats=plots.FORMATS)


def _found(runs: Sequence[Overview]) -> Comparison | None:
    """The comparison of ``runs``; None where one of them cannot be read."""
    try:
        return comparing.compare([run.run for run in runs], [run.state for run in runs])
    except StudioError:
        return None


def _pairs(data: RunData, runs: Sequence[Overview], found: Comparison | None, language: Language) -> str:
    """Every pair in words, with intervals, and the pictures that two runs disagree on."""
    if found is None:
        return ""
    tested = {side.run for side in found.sides if side.accuracy is not None}
    pairs = [pair for pair in found.pairs if {pair.first, pair.second} <= tested]
    if not pairs:
        return ""
    by_id = {run.run.id: run.run for run in runs}
    shown = [
        {
            "sentence": pair.sentence(found.names, language),
            "count": pair.only_first + pair.only_second,
            "answers": pair.disagreements[:MOST_PICTURES],
            "addresses": data.places(by_id[pair.first]) if pair.disagreements else {},
            "first": found.names[pair.first],
            "second": found.names[pair.second],
        }
        for pair in pairs
    ]
    return render("runs/pairs.html", language, pairs=shown)


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
        (
            say(f"config.{name}", language),
            [value_of(name, getattr(run.config, name), language, run.about) for run in runs],
        )
        for name in names
    ]


def _verdict(found: Comparison | None, names: Mapping[str, str], language: Language) -> str:
    """What the test says of the two best, on the pictures that both were tested on; on different ones, nothing."""
    tested = [] if found is None else [side for side in found.sides if side.accuracy is not None]
    if found is None or len(tested) < 2:
        return ""
    first, second = sorted(tested, key=lambda side: -(side.accuracy or 0))[:2]
    a, b = names[first.run], names[second.run]
    pair = next(each for each in found.pairs if {each.first, each.second} == {first.run, second.run})
    if pair.p_adjusted is None:
        return say("runs.compare.other_data", language)
    other = "" if pair.same_test_set else say("compare.other_sets", language, count=pair.pictures)
    only = {pair.first: pair.only_first, pair.second: pair.only_second}
    kind = "clear_winner" if pair.tells_apart else "chance" if any(only.values()) else "alike"
    said = say(
        f"runs.compare.{kind}", language, count=pair.pictures, first=a, second=b, a=only[first.run],
        b=only[second.run], p=f"{pair.p_adjusted:.2g}", right=pair.both_right,
    )  # fmt: skip
    return joined([other, said], language)
