"""The panel that shows how the model bears small changes of its pictures, and its pictures before and after."""

from __future__ import annotations

import io
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response
from markupsafe import Markup

from resnet_studio.data.views import Framed
from resnet_studio.errors import StudioError
from resnet_studio.evaluation.robustness import KINDS, STRENGTHS, Kind, Robustness, Score, Strength
from resnet_studio.folder_names import safe_name
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, joined, say
from resnet_studio.ui.drawn import intervals
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.templates import render

A_WHILE = {"cache-control": "private, max-age=600"}


def draw(studio: Studio, run: Overview, value: Robustness, language: Language) -> Markup:
    """The worst change in a sentence, the chart of all, and examples of the worst one."""
    del studio
    worst = value.worst
    lines = [
        intervals.Line(
            say(f"robustness.{kind}", language),
            tuple(_mark(score) for score in value.scores if score.kind == kind),
            called=worst is not None and worst.kind == kind,
        )
        for kind in KINDS
    ]
    key = [(each, say(f"robustness.{each}", language)) for each in STRENGTHS]
    chart = intervals.chart(
        lines, reference=value.accuracy, caption=say("robustness.caption", language), language=language,
        columns=[say("robustness.change", language), *(name for _, name in key)],
        key=[*key, ("reference", say("robustness.clean", language))],
    )  # fmt: skip
    start = f"studio/runs/{quote(run.run.id)}/changed/"
    return render(
        "results/robust.html", language, value=value, worst=worst, sentence=sentence(value, language), chart=chart,
        start=start, classes=run.classes, names=_names(value, language), attacked=attacked(value, language),
    )  # fmt: skip


def _mark(score: Score) -> intervals.Mark:
    text = f"{100 * score.accuracy:.1f}%"
    return intervals.Mark(score.accuracy, *score.interval, score.strength, text)


def _names(value: Robustness, language: Language) -> dict[str, str]:
    return {score.kind: say(f"robustness.{score.kind}", language) for score in value.scores}


def sentence(value: Robustness, language: Language) -> str:
    """What costs most, in words."""
    worst, fragile = value.worst, value.fragile
    if worst is None:
        return say("robustness.none", language, count=value.count, accuracy=value.accuracy)
    said = say(
        "robustness.worst", language, change=say(f"robustness.{worst.kind}.how", language),
        before=value.accuracy, after=worst.accuracy, count=value.count,
        strength=say(f"robustness.{worst.strength}.how", language),
    )  # fmt: skip
    if fragile is None or fragile.drop < 0.03:
        return said
    more = say(
        "robustness.fragile", language, change=say(f"robustness.{fragile.kind}.how", language), after=fragile.accuracy
    )
    return joined([said, more], language)


def attacked(value: Robustness, language: Language) -> str:
    """What attacks on the network do to it, in words; empty where none were made."""
    by_name = {each.name: each for each in value.attacks}
    if not {"fgsm", "pgd"} <= by_name.keys():
        return ""
    one, several = by_name["fgsm"], by_name["pgd"]
    key = "trained" if one.trained else "untrained"
    said = say(
        f"robustness.attacked.{key}", language, levels=one.epsilon * 255, clean=one.clean, count=one.count,
        one=one.accuracy, several=several.accuracy, low=several.interval[0], high=several.interval[1],
    )  # fmt: skip
    if one.trained or not several.costs:  # what may be chance needs no remedy
        return said
    return joined([said, say("robustness.attacked.help", language)], language)


def routes(studio: Studio) -> APIRouter:
    """A test picture as the network sees it, before or after a change."""
    router = APIRouter()

    @router.get("/studio/runs/{name}/changed/{index}")
    def changed(
        name: str, index: Annotated[int, "place among the test pictures"], kind: Kind | None = None,
        strength: Strength = "strong", place: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> Response:  # fmt: skip
        content = _picture(studio, name, index, kind, strength, place)
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type="image/png", headers=A_WHILE)

    return router


def _picture(studio: Studio, name: str, index: int, kind: Kind | None, strength: Strength, place: int) -> bytes | None:
    from PIL import Image

    from resnet_studio.data.pictures import read_picture
    from resnet_studio.evaluation import robustness
    from resnet_studio.model.card import read_card

    run = studio.runs.find(name) if safe_name(name) else None
    file = studio.runs.picture(run.run, "test", index) if run else None
    if run is None or file is None:
        return None
    try:
        how = read_card(run.run.best).preprocessing
        upright = read_picture(file, draft_side=how.resize, reading=how.reading)
    except (StudioError, OSError):
        return None
    view = Framed.of(how).pixels(upright)[None]
    shown = view if kind is None else robustness.changed(view, kind, strength, place)
    written = io.BytesIO()
    Image.fromarray(shown[0]).save(written, "PNG")
    return written.getvalue()
