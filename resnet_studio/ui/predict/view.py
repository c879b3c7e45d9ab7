"""What the Predict tab answers, as HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from resnet_studio.errors import StudioError
from resnet_studio.evaluation.calibration import Calibration, Record
from resnet_studio.evaluation.tables import csv_text
from resnet_studio.service.predictors import Level, level
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.literal import literal, name_of

if TYPE_CHECKING:
    from resnet_studio.prediction import Prediction

BARS = 5
ROWS_SHOWN = 200
MISLEADING = 0.1
COUNTS_SHOWN = 12
CLASSES_SHOWN = 24


def waiting(kind: str, word: Callable[[str], str], classes: Sequence[str] = ()) -> str:
    """Before the first answer: what to do, and what the model knows. ``word`` gives the text of a key."""
    key = {"draw": "predict.waiting.draw", "many": "predict.waiting.many"}.get(kind, "predict.waiting.text")
    bars = "".join(f'<i style="--share:{share}"></i>' for share in (0.8, 0.3, 0.15))
    names = "".join(f"<li>{name_of(name)}</li>" for name in classes[:CLASSES_SHOWN])
    if len(classes) > CLASSES_SHOWN:
        names += f"<li>+{len(classes) - CLASSES_SHOWN}</li>"
    known = f'<p>{word("predict.waiting.knows")}</p><ul class="predict-counts">{names}</ul>' if names else ""
    return (
        f'<section class="rs-card predict-answer idle"><div class="predict-idle" aria-hidden="true">{bars}</div>'
        f'<h2 class="rs-h2">{word("predict.waiting.title")}</h2><p>{word(key)}</p>{known}</section>'
    )


def loading(language: Language) -> str:
    """While the model is being read."""
    return (
        '<section class="rs-card predict-answer idle" aria-busy="true"><div class="rs-progress predict-busy">'
        f"<span></span></div><p>{say('predict.loading', language)}</p></section>"
    )


def no_model(language: Language) -> str:
    """What the tab shows while there is no model at all."""
    return (
        '<div class="res-empty"><div class="predict-idle" aria-hidden="true"><i style="--share:0.8"></i>'
        '<i style="--share:0.3"></i><i style="--share:0.15"></i></div>'
        f"<h2>{say('predict.none.title', language)}</h2><p>{say('predict.none.text', language)}</p>"
        f'<button type="button" class="res-button primary" data-go="data">{say("results.go_data", language)}</button>'
        "</div>"
    )


def about(depth: int, classes: Sequence[str], language: Language) -> str:
    """What the chosen model is, in one line."""
    return f'<p class="rs-small">{say("predict.model.about", language, depth=depth, classes=len(classes))}</p>'


def problem(sentence: str) -> str:
    """Why there is no answer."""
    return f'<section class="rs-card predict-answer">{note(sentence)}</section>'


def note(sentence: str) -> str:
    """What went wrong, where it happened."""
    return f'<p class="rs-note rs-bad" role="alert">{literal(sentence)}</p>'


def answer(prediction: Prediction, calibration: Calibration, language: Language) -> str:
    """The verdict in words, the bars of the best classes, and what the percentages are worth."""
    known = calibration.near(prediction.probability)
    sure = level(prediction, known)
    return (
        f'<section class="rs-card predict-answer {sure}" aria-live="polite">{_verdict(prediction, sure, language)}'
        f"{_bars(prediction, language)}{_worth(prediction, known, language)}</section>"
    )


def _verdict(prediction: Prediction, sure: str, language: Language) -> str:
    name = name_of(prediction.label)
    if sure != "sure":
        name = say(f"predict.verdict.{sure}", language, name=name)
    second = ""
    if sure == "unsure" and len(prediction.scores) > 1:
        second = f"<p>{say('predict.verdict.unsure.second', language, name=name_of(prediction.scores[1][0]))}</p>"
    chip = f'<span class="predict-level {sure}">{say(f"predict.verdict.{sure}.note", language)}</span>'
    return f"<header><h2>{name}</h2>{chip}</header>{second}"


def _bars(prediction: Prediction, language: Language) -> str:
    shown = prediction.scores if len(prediction.scores) <= BARS + 1 else prediction.scores[:BARS]
    rows = [_bar(name_of(name), share, language) for name, share in shown]
    rest = prediction.scores[len(shown) :]
    if rest:
        words = literal(say("predict.others", language, count=len(rest)))
        rows.append(_bar(words, sum(share for _, share in rest), language, "rest"))
    return f'<ol class="predict-bars" aria-label="{say("predict.bars", language)}">{"".join(rows)}</ol>'


def _bar(name: str, share: float, language: Language, kind: str = "") -> str:
    return (
        f'<li class="{kind}"><span>{name}</span><i style="--share:{100 * share:.1f}%" aria-hidden="true"></i>'
        f"<b>{say('results.share', language, share=share)}</b></li>"
    )


def _worth(prediction: Prediction, known: Record | None, language: Language) -> str:
    """How often such answers were right, or that the percentage alone says little."""
    lines = []
    if known is not None:
        lines.append(say("predict.record", language, count=known.count, right=known.right))
    if known is None or abs(known.share - prediction.probability) > MISLEADING:
        lines.append(say("predict.uncalibrated", language))
    lines.append(say("predict.knows", language, count=len(prediction.scores)))
    return '<div class="predict-worth">' + "".join(f"<p>{line}</p>" for line in lines) + "</div>"


@dataclass(frozen=True)
class Named:
    """One of many pictures: its name, the addresses of a small and a large version, what the model said or why not."""

    name: str
    picture: str
    large: str
    said: Prediction | StudioError


def many(
    named: Sequence[Named],
    total: int,
    seconds: str,
    calibration: Calibration,
    language: Language,
    *,
    classes: Sequence[str],
    stopped: bool = False,
) -> str:
    """The table of the answers so far, of ``total``; with the CSV once all are there, or it was stopped."""
    done = len(named) == total or stopped
    good = [one for one in named if not isinstance(one.said, StudioError)]
    levels = {id(one): _level(one, calibration) for one in good}
    lines = [say("predict.table.done", language, count=len(good), time=seconds)]
    if unsure := sum(value == "unsure" for value in levels.values()):
        lines.append(say("predict.table.unsure", language, count=unsure))
    if failed := len(named) - len(good):
        lines.append(say("predict.table.failed", language, count=failed))
    if not done:
        head = (
            f"<p>{say('predict.many.working', language, done=len(named), total=total)}</p>"
            f'<div class="rs-progress"><span style="width:{100 * len(named) / max(1, total):.0f}%"></span></div>'
        )
    else:
        head = f"<p>{' · '.join(lines)}</p>{_csv_link(named, classes, language)}"
    if stopped:
        head += f'<p class="rs-note">{say("predict.many.stopped", language)}</p>'
    return (
        f'<section class="rs-card predict-answer res-answers" aria-busy="{str(not done).lower()}">'
        f"<header>{head}</header>{_counts(good, language)}{_table(named, levels, language)}</section>"
    )


def _level(one: Named, calibration: Calibration) -> Level:
    assert not isinstance(one.said, StudioError)
    return level(one.said, calibration.near(one.said.probability))


def _counts(good: Sequence[Named], language: Language) -> str:
    counts = Counter(one.said.label for one in good if not isinstance(one.said, StudioError)).most_common(COUNTS_SHOWN)
    chips = "".join(f"<li>{name_of(name)} <b>{count:,}</b></li>" for name, count in counts)
    return f'<ul class="predict-counts" aria-label="{say("predict.table.counts", language)}">{chips}</ul>'


def _table(named: Sequence[Named], levels: Mapping[int, str], language: Language) -> str:
    columns = ("picture", "answer", "share", "second")
    heads = "".join(f'<th scope="col">{say(f"predict.table.{column}", language)}</th>' for column in columns)
    rows = "".join(_row(one, levels.get(id(one), ""), language) for one in named[:ROWS_SHOWN])
    more = ""
    if len(named) > ROWS_SHOWN:
        more = f'<p class="res-help">{say("predict.table.shown", language, shown=ROWS_SHOWN)}</p>'
    caption = say("predict.table.caption", language)
    return (
        f'<div class="res-scroll"><table><caption class="rs-visually-hidden">{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody data-zoom-group>{rows}</tbody></table></div>{more}"
    )


def _row(one: Named, sure: str, language: Language) -> str:
    picture = ""
    if one.picture:
        name, enlarge = literal(one.name), literal(say("predict.table.enlarge", language, name=one.name))
        picture = (
            f'<button type="button" class="rs-zoom" data-zoom="{one.large}" data-caption="{name}" title="{enlarge}" '
            f'aria-label="{enlarge}"><img src="{one.picture}" alt="" width="44" height="44"></button>'
        )
    cell = f'<th scope="row"><div>{picture}{name_of(one.name)}</div></th>'
    if isinstance(one.said, StudioError):
        return f'<tr class="failed">{cell}<td colspan="3">{literal(one.said.sentence(language))}</td></tr>'
    flag = ""
    if sure == "unsure":
        flag = f' <span class="predict-level unsure">{say("predict.table.unsure.flag", language)}</span>'
    second = ""
    if len(one.said.scores) > 1:
        name, share = one.said.scores[1]
        second = f"{name_of(name)} {say('results.share', language, share=share)}"
    return (
        f"<tr>{cell}<td><b>{name_of(one.said.label)}</b>{flag}</td>"
        f"<td>{say('results.share', language, share=one.said.probability)}</td><td>{second}</td></tr>"
    )


def answers_csv(named: Sequence[Named], classes: Sequence[str]) -> str:
    """All answers: picture, answer, its probability, the probability of every class; a problem in the last column."""
    rows: list[list[object]] = []
    for one in named:
        if isinstance(one.said, StudioError):
            rows.append([one.name, "", "", *("" for _ in classes), one.said.sentence()])
            continue
        scores = dict(one.said.scores)
        values = [round(scores[name], 6) for name in classes]
        rows.append([one.name, one.said.label, round(one.said.probability, 6), *values, ""])
    return csv_text(["picture", "answer", "probability", *classes, "problem"], rows)


def _csv_link(named: Sequence[Named], classes: Sequence[str], language: Language) -> str:
    """The CSV inside the page itself: it exists nowhere else, and nobody else can fetch it."""
    content = quote("\ufeff" + answers_csv(named, classes))
    words = say("predict.csv", language)
    return f'<a class="res-button" download="predictions.csv" href="data:text/csv;charset=utf-8,{content}">{words}</a>'
