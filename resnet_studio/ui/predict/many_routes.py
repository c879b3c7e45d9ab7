"""Routes behind the answers for many pictures: state, pages of the table, pictures, downloads, what can be done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from resnet_studio import acting
from resnet_studio.errors import DataError, RunError, StudioError
from resnet_studio.evaluation import tables
from resnet_studio.folder_names import slug
from resnet_studio.predicting import copies, export
from resnet_studio.predicting.jobs import Job
from resnet_studio.service import prediction_table as table
from resnet_studio.service.answering import file_of
from resnet_studio.service.heat import HeatPictures
from resnet_studio.service.thumbnails import thumbnail
from resnet_studio.ui.page.bodies import BodyReader, Visitor
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.downloads import A_DAY, FRESH, disposition
from resnet_studio.ui.page.heat_routes import answer
from resnet_studio.ui.page.ownership import BROWSER, browser_of, started_by
from resnet_studio.ui.predict import many_view
from resnet_studio.upkeep import audit
from resnet_studio.upkeep.bin import BinError

ROWS = 50
AT_WORK = ("working", "waiting")
MOST_BYTES = 4096


def routes(studio: Studio) -> APIRouter:
    """The routes under ``/studio/predictions``; jobs are known by id, pictures by place."""
    router = APIRouter(prefix="/studio/predictions")
    _add_views(router, studio)
    _add_downloads(router, studio)
    _add_heat(router, studio)
    _add_acts(router, studio)
    return router


def is_local(studio: Studio, request: Request) -> bool:
    """Whether whoever sends ``request`` may name folders of this machine, see :func:`context.reader_is_local`."""
    there = studio.access.local_folders or bool(request.scope.get("studio_local"))
    return there and acting.allowed("manage", acting.STUDIO)


def may_see(studio: Studio, request: Request, job: Job) -> bool:
    """Whether ``job`` was begun by the browser of ``request``, or by a program of whoever uses this machine."""
    if acting.actor() is not None:
        return True  # what is not theirs was not found
    by = job.request.started_by
    if by.startswith(BROWSER):
        return by == started_by(browser_of(request)) != BROWSER
    return is_local(studio, request)


def _began(request: Request, job: Job) -> bool:
    return job.request.started_by == started_by(browser_of(request)) != BROWSER


def found(studio: Studio, request: Request, id: str) -> Job:
    """The job called ``id``, where ``request`` may see it; else as if there were none."""
    try:
        job = studio.predictions.jobs.find(id)
        if may_see(studio, request, job):
            return job
    except StudioError:
        pass
    raise HTTPException(404, headers=FRESH)


def _add_views(router: APIRouter, studio: Studio) -> None:
    @router.get("")
    def listed(request: Request) -> dict[str, Any]:
        """The jobs of this browser, the newest first, and which of its own is at work: a page that was loaded again
        shows that one.
        """
        jobs = []
        for job in studio.predictions.jobs.all():
            try:
                if may_see(studio, request, job):
                    jobs.append((job, studio.predictions.state(job)))
            except RunError:
                continue
        html = many_view.listed(jobs[: many_view.LISTED], language_of(request))
        own = [job.id for job, state in jobs if state.status in AT_WORK and _began(request, job)]
        return {"html": html, "at_work": next(iter(own), None)}

    @router.get("/{id}")
    def view(
        request: Request, id: str, order: table.Order = "given", reverse: bool = False, unsure: bool = False,
        failed: bool = False, label: Annotated[int | None, Query(ge=0)] = None, unknown: bool = False,
        first: Annotated[int, Query(ge=0)] = 0,
    ) -> dict[str, Any]:  # fmt: skip
        """What the job does, and the page of its table that is asked for."""
        job, language = found(studio, request, id), language_of(request)
        asked = table.Query(order, reverse, unsure, failed, label, unknown, first, ROWS)
        page, state = studio.prediction_table.page(job, asked), studio.predictions.state(job)
        index, _ = studio.predictions.index(job)
        copying = studio.copyings.get(job) if is_local(studio, request) else None
        return {
            "status": state.status,
            "active": state.status in AT_WORK or (copying is not None and copying.active),
            "head": many_view.head(job, state, index, asked, language),
            "table": many_view.rows(job, page, asked, language),
            "tools": many_view.tools(job, state, language, local=is_local(studio, request)),
            "copying": many_view.copying(copying, language),
        }


def _add_downloads(router: APIRouter, studio: Studio) -> None:
    @router.get("/{id}/picture/{place}")
    def picture(request: Request, id: str, place: int, side: Annotated[int, Query(ge=16, le=1024)] = 88) -> Response:
        one = studio.prediction_table.picture(found(studio, request, id), place)
        small = thumbnail(one.file, side) if one else None
        if small is None:
            raise HTTPException(404)
        return Response(small.content, media_type=small.media_type, headers=A_DAY)

    @router.get("/{id}/predictions.{format}")
    def answers(request: Request, id: str, format: tables.Format) -> StreamingResponse:
        job = found(studio, request, id)
        if format not in tables.formats():
            raise HTTPException(404, str(RunError("error.tables.parquet")))
        name = f"{slug(job.request.title)}-predictions.{format}"
        return StreamingResponse(export.pieces(job, format), media_type=tables.MEDIA[format], headers=disposition(name))

    @router.get("/{id}/sorted.zip")
    def sorted_zip(request: Request, id: str, unsure: bool = False) -> StreamingResponse:
        job = found(studio, request, id)
        name, apart = f"{slug(job.request.title)}-sorted.zip", copies.UNSURE if unsure else ""
        pieces = copies.zipped(job, unsure=apart)
        return StreamingResponse(pieces, media_type="application/zip", headers=disposition(name))


def _add_heat(router: APIRouter, studio: Studio) -> None:
    heat = HeatPictures(studio.predictors)

    @router.get("/{id}/heat/{place}")
    async def heat_map(
        request: Request, id: str, place: int, label: Annotated[int | None, Query(ge=0)] = None,
        side: Annotated[int, Query(ge=16, le=640)] = 224,
    ) -> Response:  # fmt: skip
        """Where the models looked in the picture at ``place`` for the class ``label``."""
        job = await run_in_threadpool(found, studio, request, id)
        one = await run_in_threadpool(studio.prediction_table.picture, job, place)
        if one is None:
            raise HTTPException(404)

        async def computed() -> bytes | None:
            models = [file_of(key, studio.workspace) for key in job.request.models]
            return await heat.get(models, one.file, one.file, label, side, drawing=job.request.drawings)

        return await answer(computed(), A_DAY)


def _add_undo(router: APIRouter, studio: Studio, bodies: BodyReader) -> None:
    @router.post("/bin/{id}/undo")
    async def undo(request: Request, id: str) -> JSONResponse:
        """Take deleted answers, by their place in the bin, back out of it."""

        def taken_back(_: bytes, visitor: Visitor) -> dict[str, Any]:
            binned = studio.bin.find(id)
            theirs = visitor.local or binned.concerns(visitor.by)
            if not (acting.allowed("delete", binned.thing) if acting.actor() else theirs):
                raise BinError("error.bin.not_yours")
            return {"job": studio.bin.take_back(id, visitor.by).id}

        return await bodies.answer(request, 0, taken_back)


def _add_acts(router: APIRouter, studio: Studio) -> None:
    bodies = BodyReader()

    def act(name: str, done: Callable[[Job, Visitor], dict[str, Any] | None]) -> None:
        async def acted(request: Request, id: str) -> JSONResponse:
            job = found(studio, request, id)

            def carried_out(_: bytes, visitor: Visitor) -> dict[str, Any]:
                found = done(job, visitor)
                audit.record(studio.workspace, visitor.by, f"predictions.{name}", job.id)
                return found or {}

            return await bodies.answer(request, 0, carried_out)

        router.add_api_route(f"/{{id}}/{name}", acted, methods=["POST"], name=name)

    def deleted(job: Job, visitor: Visitor) -> dict[str, Any]:
        binned = studio.predictions.delete(job, visitor.by)
        return {"entry": binned.entry, "name": binned.name}

    act("stop", lambda job, _: studio.predictions.stop(job))
    act("resume", lambda job, _: studio.predictions.resume(job))
    act("delete", deleted)
    _add_undo(router, studio, bodies)
    _add_copying(router, studio, bodies)


def _add_copying(router: APIRouter, studio: Studio, bodies: BodyReader) -> None:
    @router.post("/{id}/copy")
    async def copy(request: Request, id: str) -> JSONResponse:
        """Copies into class folders on this machine: ``folder`` and ``unsure`` in JSON."""
        job = found(studio, request, id)

        def begun(content: bytes, _: Visitor) -> dict[str, Any]:
            if not is_local(studio, request):
                raise DataError("error.page_data.not_local")
            try:
                asked = json.loads(content)
                folder, unsure = str(asked["folder"]).strip().strip("\"'"), bool(asked.get("unsure"))
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                folder, unsure = "", False
            path = FilePath(folder).expanduser()
            if not folder or "\0" in folder or not path.is_absolute():
                raise DataError("error.predictions.folder", example=str(FilePath.home() / "sorted"))
            studio.copyings.begin(job, path, unsure=copies.UNSURE if unsure else "")
            return {}

        return await bodies.answer(request, MOST_BYTES, begun)
