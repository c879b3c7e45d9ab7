"""What the Results tab shows, as HTML; every name that a user chose is escaped and set apart from its surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resnet_studio.evaluation import missed
from resnet_studio.service.machine import device_name
from resnet_studio.service.run_data import Overview, spell_parts, spell_time
from resnet_studio.text import Language, say, say_recorded
from resnet_studio.ui.drawn.literal import literal, name_of
from resnet_studio.ui.page.whose import spelled

WIDE_INTERVAL = 0.15
FEW_PICTURES = 5


def empty(language: Language) -> str:
    """What the tab shows before anything was trained."""
    cells = "".join(f'<i style="--share:{share}"></i>' for share in (0.9, 0.2, 0, 0.1, 0.8, 0.15, 0, 0.1, 0.95))
    return (
        f'<div class="res-empty"><div class="res-empty-grid" aria-hidden="true">{cells}</div>'
        f"<h2>{say('results.none.title', language)}</h2><p>{say('results.none.text', language)}</p>"
        f'<button type="button" class="res-button primary" data-go="data">'
        f"{say('results.go_data', language)}</button></div>"
    )


def headline(run: Overview, choices: str, language: Language, browser: str = "") -> str:
    """The run's name, what and whose it is, seen from ``browser``; the chooser of runs, the way to new pictures."""
    counts = run.about.get("counts", {})
    about = say(
        "results.about",
        language,
        depth=run.config.depth,
        freeze=say(f"config.freeze.{run.config.freeze}", language),
        train=counts.get("train", 0),
    )
    action = ""
    if run.run.best.exists():
        words = say("results.try", language)
        action = f'<button type="button" class="res-button primary" data-go="predict">{words}</button>'
    by = spelled(run.about, browser, language)
    about = f"{about} · {by}" if by else about
    note = f'<p class="res-note"><bdi>{literal(run.note)}</bdi></p>' if run.note else ""
    return (
        f'<header class="res-head"><div><h2>{name_of(run.name)}</h2>'
        f"<p>{name_of(str(run.about.get('dataset_name', '')))} · {literal(about)}</p>{note}</div>"
        f"{choices}{action}</header>"
    )


def waiting(run: Overview, language: Language) -> str:
    """Why there are no results yet, and what to do; empty for a run that ended well."""
    state = run.state
    started = state.started
    epochs = started.epochs if started else run.config.epochs or 0
    epoch = min(len(state.epochs) + (state.status == "running"), epochs)
    values = {"name": run.name, "epoch": epoch, "epochs": epochs}
    if state.status == "running":
        key = "testing" if state.testing else "running"
        title = "preparing" if state.preparing and not state.epochs else key
    elif state.status in ("queued", "interrupted", "failed"):
        key = title = state.status
    elif run.test_accuracy is None:
        key = title = "no_report"
    else:
        return ""
    said = literal(say(f"results.state.{key}.text", language, **values))
    if trouble := state.trouble:
        said = f"<strong>{literal(say_recorded(trouble.key, language, trouble.values))}</strong> {said}"
    go = {"interrupted": "runs", "no_report": "data"}.get(key, "train")
    if key == "failed" and run.run.state_file.is_file():
        go = "runs"
    button = f'<button type="button" class="res-button" data-go="{go}">{say(f"results.go_{go}", language)}</button>'
    return (
        f'<div class="rs-card res-state {key}" role="status"><h3 class="rs-h2">'
        f"{say(f'results.state.{title}.title', language, **values)}</h3><p>{said}</p>{button}</div>"
    )


def cards(run: Overview, report: Mapping[str, Any] | None, language: Language) -> str:
    """The four figures, and the sentence that says what the first one is worth."""
    made = [_accuracy_card(run, report, language)]
    if report:
        note = say("results.card.f1.note", language, count=len(report["classes"]))
        made.append(_card("f1", f"{report['macro_f1']:.3f}", note, language))
    best, finished = run.state.best, run.state.finished
    if run.validation_accuracy is not None:
        done = finished.epochs_run if finished else len(run.state.epochs)
        note = say("results.card.epoch.note", language, epochs=done, accuracy=run.validation_accuracy)
        figure = str(best.epoch) if best else say("results.card.epoch.probe", language)
        made.append(_card("epoch", figure, note, language))
    device = device_name(run.state.started.device, language) if run.state.started else run.config.device
    note = say("results.card.time.note", language, device=device)
    parts = spell_parts(run.state.durations, run.asked, language)
    more = "".join(f'<p class="note">{literal(part)}</p>' for part in parts)
    made.append(_card("time", spell_time(run.seconds, language), note, language, more=more))
    reading = f'<p class="res-reading">{_reading(report, language)}</p>' if report else ""
    return f'<div class="res-cards">{"".join(made)}</div>{reading}'


def _card(key: str, figure: str, note: str, language: Language, bar: str = "", more: str = "") -> str:
    return (
        f'<div class="rs-card res-card {key}"><h3 class="rs-h2">{say(f"results.card.{key}", language)}</h3>'
        f'<p class="figure">{literal(figure)}</p>{bar}<p class="note">{literal(note)}</p>{more}</div>'
    )


def _accuracy_card(run: Overview, report: Mapping[str, Any] | None, language: Language) -> str:
    if report is None:
        best = run.validation_accuracy
        figure = "–" if best is None else say("results.share", language, share=best)
        return _card("validation", figure, say("results.card.validation.note", language), language)
    low, high = report["interval"]
    correct = sum(row["correct"] for row in report["per_class"])
    total = sum(row["support"] for row in report["per_class"])
    bar = (
        f'<p class="res-interval" style="--low:{100 * low:.1f}%;--high:{100 * high:.1f}%;'
        f'--at:{100 * report["accuracy"]:.1f}%" aria-hidden="true"><i></i></p>'
    )
    note = say("results.card.accuracy.note", language, correct=correct, total=total)
    note = f"{say('results.card.interval', language, low=low, high=high)} · {note}"
    return _card("accuracy", say("results.share", language, share=report["accuracy"]), note, language, bar)


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
    return literal((" " if language == "en" else "").join(filter(None, [first, second, third])))


def class_table(report: Mapping[str, Any], language: Language) -> str:
    """Precision, recall and F1 of each class; headings sort, a class name shows its mistakes."""
    columns = ("class", "pictures", "precision", "recall", "f1")
    heads = "".join(
        f'<th scope="col"{_described(column, language)}><button type="button" data-sort="{index}">'
        f"{say(f'results.table.{column}', language)}</button></th>"
        for index, column in enumerate(columns)
    )
    rows = "".join(_class_row(index, row, language) for index, row in enumerate(report["per_class"]))
    few = any(row["support"] < FEW_PICTURES for row in report["per_class"])
    note = f'<p class="res-help">{say("results.table.few", language, count=FEW_PICTURES)}</p>' if few else ""
    caption = say("results.table.caption", language)
    return (
        f'<section class="rs-card res-classes"><h3 class="rs-h2">{say("results.table.title", language)}</h3>'
        f'<div class="res-scroll"><table><caption class="rs-visually-hidden">{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{note}</section>"
    )


def _described(column: str, language: Language) -> str:
    return "" if column in ("class",) else f' title="{literal(say(f"results.table.{column}.help", language))}"'


def _class_row(index: int, row: Mapping[str, Any], language: Language) -> str:
    few = ' class="few"' if row["support"] < FEW_PICTURES else ""
    wrong = row["support"] - row["correct"]
    name = name_of(row["name"])
    if wrong:
        words = literal(say("results.table.mistakes", language, name=row["name"]))
        name = f'<button type="button" class="res-link" data-class="{index}" title="{words}">{name}</button>'
    scores = "".join(
        f'<td data-value="{row[key]:.6f}"><span class="res-bar" style="--share:{100 * row[key]:.1f}%">'
        f"{100 * row[key]:.1f}</span></td>"
        for key in ("precision", "recall")
    )
    return (
        f'<tr{few}><th scope="row" data-value="{literal(row["name"])}">{name}</th>'
        f'<td data-value="{row["support"]}">{row["support"]:,}</td>{scores}'
        f'<td data-value="{row["f1"]:.6f}">{row["f1"]:.3f}</td></tr>'
    )
