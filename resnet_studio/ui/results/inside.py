"""The panel that shows what goes on inside the network: maps of a test picture, filters, and what excites a channel."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse
from markupsafe import Markup
from PIL import Image
from starlette.concurrency import run_in_threadpool

from resnet_studio.data.names import shown
from resnet_studio.errors import StudioError
from resnet_studio.evaluation import probing
from resnet_studio.evaluation.exciting import INSIDE, Excitement
from resnet_studio.folder_names import safe_name
from resnet_studio.service.heat import BusyError
from resnet_studio.service.inside import Insides
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, say, template
from resnet_studio.ui.page.bodies import BodyReader, Visitor
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.downloads import FRESH
from resnet_studio.ui.page.sent_pictures import MOST_BYTES, opened
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.evaluation.inside import Inside, StageMaps

OFFERED = 24
"""Test pictures to choose from, evenly over the classes."""


def draw(studio: Studio, run: Overview, value: Excitement, language: Language) -> Markup:
    """The pictures to choose from; the script beside it fetches what is inside for the chosen one."""
    split = studio.runs.split(run.run)
    test = split.test if split else ()
    offered = [
        (place, say("inside.picture", language, number=place + 1, name=shown(run.classes[test[place].label])))
        for place in probing.stratified([sample.label for sample in test], OFFERED)
    ]
    start = f"studio/runs/{quote(run.run.id)}/"
    words = {
        name: template(f"inside.{name}", language)
        for name in ("top", "top.none", "top.note", "busy", "gone", "unreadable")
    }
    return render(
        "results/inside.html", language, offered=offered, start=start, count=value.count, words=words,
    )  # fmt: skip


def routes(studio: Studio) -> APIRouter:
    """What is inside for one test picture, or for one that is sent, as a part of the page."""
    router, insides, bodies = APIRouter(), Insides(studio.predictors), BodyReader()

    @router.get("/studio/runs/{name}/inside/{index}")
    async def inside(request: Request, name: str, index: int) -> HTMLResponse:
        run = await run_in_threadpool(_with_model, studio, name)
        file = await run_in_threadpool(studio.runs.picture, run.run, "test", index)
        value = await run_in_threadpool(studio.runs.part, run.run, INSIDE)
        if file is None or value is None:
            raise HTTPException(404, headers=FRESH)
        try:
            found = await insides.get(run.run.best, file)
        except BusyError as error:
            raise HTTPException(503, headers={"retry-after": "5"}) from error
        except (StudioError, OSError) as error:
            raise HTTPException(404, headers=FRESH) from error
        split = studio.runs.split(run.run)
        true = split.test[index].label if split else None
        html = await run_in_threadpool(_maps, run, found, value, true, language_of(request))
        return HTMLResponse(html, headers=FRESH)

    @router.post("/studio/runs/{name}/inside")
    async def own(request: Request, name: str) -> JSONResponse:
        run = await run_in_threadpool(_with_model, studio, name)
        value = await run_in_threadpool(studio.runs.part, run.run, INSIDE)
        if value is None:
            raise HTTPException(404, headers=FRESH)

        def made(content: bytes, _: Visitor) -> dict[str, str]:
            found = insides.own(run.run.best, opened(content, "picture"))
            return {"html": _maps(run, found, value, None, language_of(request))}

        return await bodies.answer(request, MOST_BYTES, made)

    return router


def _with_model(studio: Studio, name: str) -> Overview:
    run = studio.runs.find(name) if safe_name(name) else None
    if run is None or not run.run.best.is_file():
        raise HTTPException(404, headers=FRESH)
    return run


def _maps(run: Overview, found: Inside, value: Excitement, true: int | None, language: Language) -> Markup:
    from resnet_studio.evaluation import inside

    said, label = found.prediction, None if true is None else run.classes[true]
    answer = "unknown" if said.unknown else "said" if label is None else "right" if said.label == label else "wrong"
    sentence = say(
        f"inside.{answer}", language, said=shown(said.label), true=shown(label or ""), share=said.probability
    )
    sheet = inside.filter_sheet(found.filters, 4)
    return render(
        "results/inside_maps.html", language, sentence=sentence, count=value.count,
        view=_address(inside.encoded(Image.fromarray(found.view))), filters=_address(inside.encoded(sheet)),
        stages=[_tiles(stage, value, language) for stage in found.stages], filter_width=sheet.width,
        filter_size=found.filters.shape[1:3],
    )  # fmt: skip


def _tiles(stage: StageMaps, value: Excitement, language: Language) -> dict[str, Any]:
    """What the template shows of a stage; each tile has the places and spots of its most exciting pictures."""
    from resnet_studio.evaluation import inside

    exciting = value.of(stage.stage)
    tiles = []
    for channel, mean, maps in zip(stage.channels, stage.means, stage.values, strict=True):
        top = exciting.spots(channel) if exciting and channel < len(exciting.pictures) else []
        label = say("inside.channel", language, channel=channel, mean=f"{mean:#.3g}")
        tiles.append(
            {"channel": channel, "mean": f"{mean:#.3g}", "label": label, "top": json.dumps(top),
             "address": _address(inside.encoded(inside.painted(maps)))}
        )  # fmt: skip
    return {"name": stage.stage, "total": stage.total, "size": stage.shape, "tiles": tiles}


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
