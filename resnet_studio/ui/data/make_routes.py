"""Routes behind the classes that are made on the page: pictures one by one, edits, what there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from resnet_studio.data import made_here
from resnet_studio.errors import StudioError
from resnet_studio.service.making import MOST_BYTES, NotYoursError
from resnet_studio.text import say
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.ownership import browser_of, started_by

MOST_EDIT_BYTES = 2**20
AT_ONCE = 32
"""Pictures that are being received: each is in memory until it is whole."""
Name = Annotated[str, Query(max_length=300)]
T = TypeVar("T")


class Refused(Exception):  # noqa: N818 - an answer
    """A request that gets a sentence instead of what it asked for."""

    def __init__(self, status: int, key: str, **values: Any) -> None:
        super().__init__(key)
        self.status, self.key, self.values = status, key, values


class Door:
    """What all routes need: who asks, a body of bounded size, answers to errors."""

    def __init__(self, studio: Studio) -> None:
        self.making = studio.making
        self.receiving = 0

    async def answer(self, request: Request, most: int, done: Callable[[bytes, str], T]) -> JSONResponse:
        """What ``done`` gives of the body of ``request`` and of whoever sends it, or why not, as JSON."""
        try:
            browser = browser_of(request)
            if not browser:
                raise Refused(403, "error.make.no_cookie")
            content = await self._body(request, most)
            return JSONResponse(await run_in_threadpool(done, content, started_by(browser)))
        except Refused as refused:
            return JSONResponse({"problem": say(refused.key, language_of(request), **refused.values)}, refused.status)
        except StudioError as error:
            status = 403 if isinstance(error, NotYoursError) else 400
            return JSONResponse({"problem": error.sentence(language_of(request))}, status)

    async def _body(self, request: Request, most: int) -> bytes:
        if self.receiving >= AT_ONCE:
            raise Refused(503, "error.make.busy")
        self.receiving += 1
        try:
            parts, size = [], 0
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise Refused(413, "error.make.too_large", most=most // 2**20)
                parts.append(part)
            return b"".join(parts)
        finally:
            self.receiving -= 1


def routes(studio: Studio) -> APIRouter:
    """The routes under ``/studio/make``; data sets are known by id, pictures by place."""
    router, door = APIRouter(prefix="/studio/make"), Door(studio)
    _add_state(router, door)
    _add_takes(router, door)
    return router


def _add_state(router: APIRouter, door: Door) -> None:
    making = door.making

    @router.post("/new")
    async def new(request: Request) -> JSONResponse:
        """The id of a data set that begins with its first picture."""
        return await door.answer(request, 0, lambda _, by: making.state(made_here.new_id(), by=by))

    @router.get("/{dataset}")
    async def state(dataset: str, request: Request) -> JSONResponse:
        """The classes of a data set."""
        return await door.answer(request, 0, lambda _, by: making.state(dataset, by=by))

    @router.post("/{dataset}/edit")
    async def edit(dataset: str, request: Request) -> JSONResponse:
        """One edit, as JSON."""

        def edited(content: bytes, by: str) -> dict[str, Any]:
            try:
                asked = json.loads(content)
            except (ValueError, RecursionError):
                asked = None
            if not isinstance(asked, dict):
                raise Refused(400, "error.edit.no_pictures")
            return making.state(making.edit(dataset, asked, by=by).id, by=by)

        return await door.answer(request, MOST_EDIT_BYTES, edited)


def _add_takes(router: APIRouter, door: Door) -> None:
    making = door.making

    @router.post("/{dataset}/takes/{take}")
    async def stage(dataset: str, take: str, label: Name, request: Request, name: Name = "picture") -> JSONResponse:
        """One picture, which waits until its take is kept."""

        def staged(content: bytes, by: str) -> dict[str, int]:
            return {"count": making.stage(take, dataset, label, name, content, by=by)}

        return await door.answer(request, MOST_BYTES, staged)

    @router.post("/{dataset}/takes/{take}/keep")
    async def keep(dataset: str, take: str, request: Request, name: Name = "") -> JSONResponse:
        """The end of a take: its pictures become one edit."""

        def kept(_: bytes, by: str) -> dict[str, Any]:
            after = making.keep(take, name, by=by)
            return making.state(after.id if after else dataset, by=by)

        return await door.answer(request, 0, kept)
