"""A race in HTML: how far it is, the table, the charts, and what to take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from resnet_studio.service.race_search import RaceStatus
from resnet_studio.studies.race import FOLDS, SHORT_EPOCHS, said
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.axes import Scale, percent, place, share_range, short, ticks
from resnet_studio.ui.drawn.plot import BOTTOM, FRAME, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from resnet_studio.ui.page.notes import alert
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.studies.race import Cell, Race

AXES = ("milliseconds", "memory_megabytes", "megabytes")
MARGIN = 0.08


class Point(NamedTuple):
    """A cell in a chart: its place, the ends of its interval, its class of look, its name."""

    x: float
    y: float
    low: float
    high: float
    look: str
    name: str


def view(status: RaceStatus, language: Language) -> str:
    """What to show of a race; nothing before there was one."""
    if status.problem is not None:
        return alert(status.problem.sentence(language))
    race, progress = status.race, ""
    if status.working:
        name = "" if status.candidate is None else said(status.candidate, language)
        key = "race.working" if name else "race.preparing"
        sentence = say(key, language, done=status.done + 1, total=status.total, name=name)
        share = 100 * status.done / max(1, status.total)
        progress = render("train/race_progress.html", language, sentence=sentence, percent=share)
    return progress + ("" if race is None or not race.cells else result(race, language, status.working))


def result(race: Race, language: Language, working: bool = False) -> str:
    """The sentence, a row a cell, the charts, and what was left out."""
    alike, pick = {cell.candidate.key for cell in race.alike()}, race.pick
    rows = [
        {
            "name": said(cell.candidate, language), "pick": cell is pick,
            "alike": len(alike) > 1 and cell.candidate.key in alike,
            "score": percent(race.score(cell), 1), "low": percent(low), "high": percent(high), "cell": cell,
        }
        for cell in race.cells
        for low, high in [race.interval(cell)]
    ]  # fmt: skip
    left = [{"name": " · ".join(filter(None, [each.name, say(f"config.weights.{each.weights}", language),
                                             say(f"race.freeze.{each.freeze}", language) if each.freeze else "",
                                             f"{each.size} px" if each.size else ""])),
             "reason": say(each.reason, language)} for each in race.skipped]  # fmt: skip
    sentence = "" if working else race.sentence(language)
    unfinished = "" if working or race.complete else say("race.unfinished", language)
    notes = [say("race.note", language, epochs=SHORT_EPOCHS, folds=FOLDS)]
    notes += [say("race.balanced", language)] if race.scoring.even else []
    charts = [chart(race, axis, language) for axis in AXES]
    return render("train/race.html", language, sentence=sentence, unfinished=unfinished, rows=rows, left=left,
                  notes=notes, charts=charts, measure=race.scoring.measure)  # fmt: skip


def chart(race: Race, axis: str, language: Language) -> str:
    """The scores with their intervals over ``axis``, a number of each cell."""
    intervals = [race.interval(cell) for cell in race.cells]
    low, high = share_range(end for each in intervals for end in each)
    y = Scale(low, high, HEIGHT - BOTTOM, TOP)
    most = max(_at(cell, axis) for cell in race.cells) or 1.0
    x = Scale(0.0, most * (1 + MARGIN), LEFT, WIDTH - RIGHT)
    alike, pick = {cell.candidate.key for cell in race.alike()}, race.pick
    looks = dict.fromkeys(alike, "alike") | ({pick.candidate.key: "pick"} if pick else {})
    points = [
        Point(x(_at(cell, axis)), y(race.score(cell)), y(bottom), y(top), looks.get(cell.candidate.key, ""),
              said(cell.candidate, language))
        for cell, (bottom, top) in zip(race.cells, intervals, strict=True)
    ]  # fmt: skip
    measure = say(f"race.column.{race.scoring.measure}", language)
    title = say(f"race.chart.{axis}", language, measure=measure)
    frame: dict[str, Any] = dict(FRAME)
    return render(
        "train/race_chart.html", language, title=title, points=points,
        y_marks=[(place(y(value)), percent(value)) for value in ticks(low, high, 4)],
        x_marks=[(place(x(value)), short(value)) for value in ticks(0.0, x.high, 5)], **frame,
    )  # fmt: skip


def _at(cell: Cell, axis: str) -> float:
    return float(getattr(cell, axis))
