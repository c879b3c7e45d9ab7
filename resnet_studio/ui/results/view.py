"""What the Results tab shows of a run, as HTML: headline, state, figures, table of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from resnet_studio import belonging
from resnet_studio.evaluation import missed
from resnet_studio.evaluation.calibration import EVEN
from resnet_studio.evaluation.final_fit import FINAL_FIT
from resnet_studio.evaluation.outside import OutsideTest
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.model import architecture
from resnet_studio.service.machine import device_name
from resnet_studio.service.run_data import Overview, format_duration, format_preparation
from resnet_studio.text import Language, joined, say, say_recorded
from resnet_studio.ui.page import share_button
from resnet_studio.ui.page.ownership import owner_label
from resnet_studio.ui.page.templates import render

WIDE_INTERVAL = 0.15
FEW_PICTURES = 5


def empty(language: Language) -> str:
    """What the tab shows before anything was trained."""
    return render("results/empty.html", language)


def headline(run: Overview, choices: str, language: Language, browser: str = "") -> str:
    """The run's name, what and whose it is, seen from ``browser``; the chooser of runs, the way to new pictures."""
    counts = run.about.get("counts", {})
    about = say(
        "results.about",
        language,
        network=architecture.of(run.config).title,
        freeze=say(f"config.freeze.{run.config.freeze}", language),
        train=counts.get("train", 0),
    )
    by = owner_label(run.about, browser, language)
    about = f"{about} · {by}" if by else about
    dataset = str(run.about.get("dataset_name", ""))
    share = share_button.button(belonging.of_run(run.run.folder, run.about), language)
    return render(
        "results/headline.html", language, run=run, dataset=dataset, about=about, chooser=choices, share=share
    )


def waiting(run: Overview, language: Language) -> str:
    """Why there are no results yet, and what to do; empty for a run that ended well."""
    state = run.state
    epochs = state.planned or run.config.epochs or 0
    epoch = min(len(state.epochs) + (state.status == "running"), epochs)
    values = {"name": run.name, "epoch": epoch, "epochs": epochs}
    if state.status == "running" or state.is_preparing:
        key = "testing" if state.testing else "running"
        title = "preparing" if state.is_preparing else key
    elif state.status in ("queued", "interrupted", "failed"):
        key = state.status
        title = state.status_name + (".early" if key == "interrupted" and not state.epochs else "")
    elif run.test_accuracy is None:
        key = title = "no_report"
    else:
        return ""
    go = {"interrupted": "runs", "no_report": "data"}.get(key, "train")
    if key == "failed" and run.run.state_file.is_file():
        go = "runs"
    trouble = state.trouble
    return render(
        "results/waiting.html",
        language,
        state=key,
        title=say(f"results.state.{title}.title", language, **values),
        trouble=say_recorded(trouble.key, language, trouble.values) if trouble else "",
        text=say(f"results.state.{key}.text", language, **values),
        go=go,
    )


class FigureCard(NamedTuple):
    """A figure, what to know about it, and where it may lie: low, high and itself in percent."""

    key: str
    figure: str
    notes: Sequence[str]
    interval: tuple[float, float, float] | None = None


def cards(run: Overview, report: Mapping[str, Any] | None, language: Language, other: OutsideTest | None = None) -> str:
    """The four figures, that on ``other`` pictures, and the sentence that says what the first one is worth."""
    made = [_accuracy_card(run, report, language)]
    if report:
        note = say("results.card.f1.note", language, count=len(report["classes"]))
        made.append(FigureCard("f1", f"{report['macro_f1']:.3f}", [note]))
    if other is not None:
        made.append(_outside_card(other, language))
    if run.validation_accuracy is not None:
        made.append(_epoch_card(run, run.validation_accuracy, language))
    device = device_name(run.state.started.device, language) if run.state.started else run.config.device
    note = say("results.card.time.note", language, device=device)
    parts = format_preparation(run.state.durations, run.requested_at, language)
    made.append(FigureCard("time", format_duration(run.seconds, language), [note, *parts]))
    again = RunReport(run.run).get(FINAL_FIT)
    even = say("results.reading.even", language) if run.config.class_weighting in EVEN else ""
    known = [say_recorded(note.key, language, note.values) for note in run.state.seen_before]
    read = [_reading(report, language) if report else "", *known, again.sentence(language) if again else "", even]
    reading = joined(read, language)
    return render("results/cards.html", language, cards=made, reading=reading)


def _epoch_card(run: Overview, accuracy: float, language: Language) -> FigureCard:
    """Which epoch the model is of, and why that one; or that it is a mean."""
    state = run.state
    best, done = state.best, state.finished.epochs_run if state.finished else len(state.epochs)
    if state.mean_note:
        of_both = say("results.card.weights.note", language, epochs=done, accuracy=accuracy)
        figure = say("results.card.weights.mean", language)
        return FigureCard("weights", figure, [of_both, say("results.card.weights.why", language)])
    notes = [say("results.card.epoch.note", language, epochs=done, accuracy=accuracy)]
    if best and any(each.validation_accuracy > best.validation_accuracy for each in state.epochs):
        notes.append(say("results.card.epoch.loss", language))
    return FigureCard("epoch", str(best.epoch) if best else say("results.card.epoch.probe", language), notes)


def _outside_card(other: OutsideTest, language: Language) -> FigureCard:
    found = other.report
    low, high = found.interval
    correct = sum(row.correct for row in found.per_class)
    note = say("results.card.outside.note", language, correct=correct, total=found.count, name=other.name)
    note = f"{say('results.card.interval', language, low=low, high=high)} · {note}"
    figure = say("results.share", language, share=found.accuracy)
    return FigureCard("outside", figure, [note], (100 * low, 100 * high, 100 * found.accuracy))


def _accuracy_card(run: Overview, report: Mapping[str, Any] | None, language: Language) -> FigureCard:
    if report is None:
        best = run.validation_accuracy
        figure = "–" if best is None else say("results.share", language, share=best)
        return FigureCard("validation", figure, [say("results.card.validation.note", language)])
    low, high = report["interval"]
    correct = sum(row["correct"] for row in report["per_class"])
    total = sum(row["support"] for row in report["per_class"])
    note = say("results.card.accuracy.note", language, correct=correct, total=total)
    note = f"{say('results.card.interval', language, low=low, high=high)} · {note}"
    figure = say("results.share", language, share=report["accuracy"])
    return FigureCard("accuracy", figure, [note], (100 * low, 100 * high, 100 * report["accuracy"]))


def _reading(report: Mapping[str, Any], language: Language) -> str:
    """What the accuracy is worth: its interval in plain words, and what no learning at all would score."""
    low, high = report["interval"]
    total = sum(row["support"] for row in report["per_class"])
    if high - low > WIDE_INTERVAL:
        span = round(100 * (high - low))
        first = say("results.reading.wide", language, count=total, low=low, high=high, span=span)
    else:
        first = say("results.reading.narrow", language, low=round(100 * low), high=round(100 * high))
    largest = max(report["per_class"], key=lambda row: row["support"])
    share = largest["support"] / max(1, total)
    key = "results.reading.no_better" if report["accuracy"] <= share else "results.reading.baseline"
    second = say(key, language, name=largest["name"], share=share)
    third = missed.sentence(missed.never_predicted(report["classes"], report["confusion"]), language)
    return joined([first, second, third], language)


def class_table(report: Mapping[str, Any], language: Language) -> str:
    """Precision, recall and F1 of each class; headings sort, a class name shows its mistakes."""
    rows = report["per_class"]
    any_few = any(row["support"] < FEW_PICTURES for row in rows)
    return render("results/class_table.html", language, rows=rows, few=FEW_PICTURES, any_few=any_few)
