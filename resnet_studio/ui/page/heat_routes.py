"""Where a network looked, as PNGs that the page lays over pictures: of runs, and of those just classified."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response
from pydantic import StringConstraints
from starlette.concurrency import run_in_threadpool

from resnet_studio.errors import StudioError
from resnet_studio.folder_names import safe_name
from resnet_studio.service.heat import BusyError, HeatPictures
from resnet_studio.ui.page.context import Studio
from resnet_studio.workspace import Run

SIDE = 224
MOST = 20
A_WHILE = {"cache-control": "private, max-age=600"}

Side = Annotated[int, Query(ge=16, le=640)]
Keys = Annotated[list[Annotated[str, StringConstraints(max_length=300)]], Query(min_length=1, max_length=MOST)]
"""Of the models that answer together."""
Label = Annotated[int | None, Query(ge=0, le=100_000)]


def routes(studio: Studio) -> APIRouter:
    """The routes; whatever is not there, or is no picture, is 404."""
    router, heat = APIRouter(), HeatPictures(studio.predictors)

    @router.get("/studio/runs/{name}/heat/{part}/{index}")
    async def of_run(name: str, part: str, index: int, label: Label = None, side: Side = SIDE) -> Response:
        run = await run_in_threadpool(_with_model, studio, name)
        file = await run_in_threadpool(studio.runs.picture, run, part, index)
        if file is None or not file.is_file():
            raise HTTPException(404)
        return await answer(heat.get([run.best], file, file, label, side))

    @router.get("/studio/asked/{name}/heat")
    async def of_asked(
        name: str, model: Keys, label: Label = None, side: Side = SIDE, drawing: bool = False
    ) -> Response:  # fmt: skip
        found = studio.album.find(name)
        if found is None:
            raise HTTPException(404)
        try:
            files = [(await run_in_threadpool(studio.models.find, key)).file for key in model]
        except StudioError as error:
            raise HTTPException(404) from error
        return await answer(heat.get(files, found.picture(), name, label, side, drawing=drawing))

    return router


def _with_model(studio: Studio, name: str) -> Run:
    run = studio.runs.find(name) if safe_name(name) else None
    if run is None or not run.run.best.is_file():
        raise HTTPException(404)
    return run.run


async def answer(computing: Awaitable[bytes | None], headers: Mapping[str, str] = A_WHILE) -> Response:
    """The PNG that ``computing`` gives; what cannot be shown is not there, and a busy server asks for patience."""
    try:
        content = await computing
    except BusyError as error:
        raise HTTPException(503, headers={"retry-after": "5"}) from error
    except (StudioError, OSError) as error:
        raise HTTPException(404) from error
    if content is None:
        raise HTTPException(404)
    return Response(content, media_type="image/png", headers={**headers, "x-content-type-options": "nosniff"})
