"""The table of all runs, as HTML; ``assets/runs.js`` brings it to life."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from resnet_studio.errors import RunError
from resnet_studio.evaluation import tables
from resnet_studio.labels import LONGEST_NAME, LONGEST_NOTE
from resnet_studio.service.run_data import Damaged, Overview, spell_time, spell_when
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.charts import sparkline
from resnet_studio.ui.drawn.literal import literal, name_of
from resnet_studio.ui.drawn.settings_view import changed, in_short
from resnet_studio.ui.page.frame import address
from resnet_studio.ui.page.whose import spelled, whose
from resnet_studio.ui.runs.studies import studies

COLUMNS = ("run", "settings", "curve", "test", "time", "created", "actions")
RESUMABLE = ("interrupted", "stopped", "failed")
CHIPS = 4
FILTER_FROM = 8


def table(runs: Sequence[Overview | Damaged], language: Language, cached: int = 0, browser: str = "") -> str:
    """All ``runs`` as seen from ``browser``, or what the tab shows before there is one.

    ``cached`` bytes can be computed again.
    """
    if not runs:
        return _empty(language)
    heads = "".join(f'<th scope="col">{say(f"runs.column.{column}", language)}</th>' for column in COLUMNS)
    rows = "".join(_any_row(run, language, browser) for run in runs)
    search = ""
    if len(runs) >= FILTER_FROM:
        words = say("runs.filter", language)
        search = f'<input type="search" class="runs-filter" placeholder="{words}" aria-label="{words}">'
    return (
        f'<div class="res-page runs-page"{_rename_words(language)} data-no="{say("runs.delete.no", language)}"'
        f' data-yes="{say("runs.delete.yes", language)}" data-warning="{say("runs.delete.warning", language)}">'
        f'<section class="rs-card res-runs"><header><div><h2>{say("runs.title", language)}'
        f" <small>{say('runs.count', language, count=len(runs))}</small></h2>"
        f'<p class="res-help">{say("runs.help", language)} {_tables(language)}</p></div>{search}</header>'
        f'<div class="res-scroll"><table><caption class="rs-visually-hidden">{say("runs.caption", language)}</caption>'
        f'<thead><tr><th scope="col"><span class="rs-visually-hidden">{say("runs.column.select", language)}</span></th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="runs-no-match" hidden>{say("runs.filter.none", language)}</p></div>'
        f"{_cache(cached, language)}</section>{studies(runs, language)}"
        f'<div class="runs-compare" aria-live="polite"></div></div>'
    )


def _tables(language: Language) -> str:
    """Links to this table as a file."""
    links = " ".join(f'<a href="studio/all/runs.{format}" download>{format.upper()}</a>' for format in tables.formats())
    return f'<span class="runs-take">{say("take.tables", language)}: {links}</span>'


def _cache(size: int, language: Language) -> str:
    """What is kept so that the next training starts at once, and the button that removes it."""
    if not size:
        return ""
    shown = f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"
    return (
        f'<div class="runs-cache"><p class="res-help">{say("runs.cache", language, size=shown)}</p>'
        f'<button type="button" class="res-button small" data-go="clear-cache">{say("runs.cache.clear", language)}'
        "</button></div>"
    )


def _empty(language: Language) -> str:
    lines = "".join(f"<i style='--share:{share}'></i>" for share in (0.35, 0.6, 0.72, 0.8, 0.84, 0.86))
    return (
        f'<div class="res-empty"><div class="runs-empty-bars" aria-hidden="true">{lines}</div>'
        f"<h2>{say('runs.none.title', language)}</h2><p>{say('runs.none.text', language)}</p>"
        f'<button type="button" class="res-button primary" data-go="data">'
        f"{say('results.go_data', language)}</button></div>"
    )


def _rename_words(language: Language) -> str:
    """What the question for a new name says."""
    words = ("title", "name", "note", "yes", "no")
    said = "".join(f' data-rename-{word}="{literal(say(f"runs.rename.{word}", language))}"' for word in words)
    return f'{said} data-longest-name="{LONGEST_NAME}" data-longest-note="{LONGEST_NOTE}"'


def _any_row(run: Overview | Damaged, language: Language, browser: str) -> str:
    """The row of a run; where its files make no sense, one that says so, so that all other rows are shown."""
    if isinstance(run, Damaged):
        return _damaged_row(run, language)
    try:
        return _row(run, language, browser)
    except Exception as error:
        logging.getLogger(__name__).warning("run %s cannot be shown", run.run.id, exc_info=error)
        damage = RunError("error.run.damaged", file=run.run.log.path.name, run=run.run.id)
        return _damaged_row(Damaged(run.run, damage), language)


def _damaged_row(run: Damaged, language: Language) -> str:
    """The folder's name, what is wrong with it, and the button that removes it."""
    key = literal(run.run.id)
    kind = "newer" if run.error.key == "error.run.newer" else "damaged"
    return (
        f'<tr data-run="{key}"><td class="pick"></td>'
        f'<th scope="row">{name_of(run.run.id)}'
        f'<span class="runs-status failed">{say(f"runs.status.{kind}", language)}</span></th>'
        f'<td class="settings" colspan="5">{literal(run.error.sentence(language))}</td>'
        f'<td class="actions"><div>{_bin(key, key, language)}</div></td></tr>'
    )


def _row(run: Overview, language: Language, browser: str) -> str:
    name, key = literal(run.name), literal(run.run.id)
    counts = run.about.get("counts", {})
    pictures = say("results.pictures.count", language, count=sum(counts.values()))
    box = f'<input type="checkbox" value="{key}" aria-label="{literal(say("runs.select", language, name=run.name))}">'
    data = name_of(str(run.about.get("dataset_name", "")))
    opened = literal(say("runs.open.label", language, name=run.name))
    return (
        f'<tr data-run="{key}"><td class="pick">{box}</td>'
        f'<th scope="row"><button type="button" class="res-link" data-open="{key}" title="{opened}">{name_of(run.name)}'
        f"</button>{_status(run, language)}<small>{data} · {pictures}</small>{_note(run)}</th>"
        f'<td class="settings">{_settings(run, language)}</td>'
        f'<td class="curve">{_curve(run, language)}</td><td class="test">{_test(run, language)}</td>'
        f'<td class="time">{_time(run, language)}</td>'
        f'<td class="created">{spell_when(run.about.get("created"), language)}'
        f"<small>{spelled(run.about, browser, language)}</small></td>"
        f'<td class="actions">{_actions(run, name, key, language, browser)}</td></tr>'
    )


def _note(run: Overview) -> str:
    note = literal(run.note)
    return f'<small class="runs-note" title="{note}"><bdi>{note}</bdi></small>' if note else ""


def _status(run: Overview, language: Language) -> str:
    status = run.state.status
    shown = "" if status == "finished" else say(f"runs.status.{status}", language)
    chip = f'<span class="runs-status {status}">{shown}</span>' if shown else ""
    if run.state.unreadable:
        why = literal(say("runs.unreadable", language, count=run.state.unreadable))
        chip += f'<span class="runs-status failed" title="{why}">{say("runs.status.damaged", language)}</span>'
    return chip


def _settings(run: Overview, language: Language) -> str:
    chips = changed(run.requested, language)
    shown = "".join(f"<span>{literal(chip)}</span>" for chip in chips[:CHIPS])
    if len(chips) > CHIPS:
        shown += f'<span title="{literal(", ".join(chips[CHIPS:]))}">+{len(chips) - CHIPS}</span>'
    return f'{literal(in_short(run.config, language))}<div class="runs-chips">{shown}</div>'


def _curve(run: Overview, language: Language) -> str:
    best = run.validation_accuracy
    if best is None:
        return "–"
    words = say("runs.column.curve", language)
    line = sparkline([epoch.validation_accuracy for epoch in run.state.epochs], words)
    return f"{line}<b>{say('results.share', language, share=best)}</b>"


def _test(run: Overview, language: Language) -> str:
    return "–" if run.test_accuracy is None else f"<b>{say('results.share', language, share=run.test_accuracy)}</b>"


def _time(run: Overview, language: Language) -> str:
    if not run.state.epochs and not run.state.finished:
        return "–"
    time = spell_time(run.seconds, language)
    if run.state.finished or run.state.started is None:
        return time
    done = say("runs.progress", language, done=len(run.state.epochs), epochs=run.state.started.epochs)
    return f"{time}<small>{done}</small>"


def _actions(run: Overview, name: str, key: str, language: Language, browser: str) -> str:
    label = say("runs.rename.label", language, name=name)
    made = [
        f'<button type="button" class="res-button small" data-rename="{key}" data-name="{name}"'
        f' data-note="{literal(run.note)}" title="{label}" aria-label="{label}">'
        '<span aria-hidden="true">✎</span></button>'
    ]
    status = run.state.status  # an interrupted run that had saved nothing yet begins again
    if status == "interrupted" or (status in RESUMABLE and run.run.state_file.is_file()):
        label = say("runs.resume.label", language, name=name)
        made.append(_button("resume", key, say("runs.resume", language), label))
    if run.run.best.is_file():
        label = say("runs.download.label", language, name=name)
        made.append(
            f'<a class="res-button small" href="{address(run.run, "model.safetensors")}" download'
            f' title="{label}" aria-label="{label}">↓</a>'
        )
    by = whose(run.about, browser)
    theirs = say(f"runs.delete.{by}", language) if by in ("elsewhere", "program") else ""
    made.append(_bin(name, key, language, busy=run.state.status == "running", theirs=theirs))
    return f"<div>{''.join(made)}</div>"


def _bin(name: str, key: str, language: Language, *, busy: bool = False, theirs: str = "") -> str:
    label = say("runs.delete.busy" if busy else "runs.delete.label", language, name=name)
    ask = say("runs.delete.ask", language, name=name)
    return (
        f'<button type="button" class="res-button small bin" data-remove="{key}" data-ask="{ask}" data-whose="{theirs}"'
        f' title="{label}"'
        f' aria-label="{label}"{" aria-disabled=true" if busy else ""}><span aria-hidden="true">✕</span></button>'
    )


def _button(kind: str, key: str, text: str, label: str) -> str:
    return f'<button type="button" class="res-button small" data-{kind}="{key}" aria-label="{label}">{text}</button>'
