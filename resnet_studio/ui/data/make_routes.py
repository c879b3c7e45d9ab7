"""Routes behind the classes that are made on the page: pictures one by one, edits, what there is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from resnet_studio.data import made_here
from resnet_studio.service.making import MOST_BYTES, Making
from resnet_studio.ui.page.bodies import BodyReader, Visitor, edit_in
from resnet_studio.ui.page.context import Studio

MOST_EDIT_BYTES = 2**20
Name = Annotated[str, Query(max_length=300)]


def routes(studio: Studio) -> APIRouter:
    """The routes under ``/studio/make``; data sets are known by id, pictures by place."""
    router, bodies = APIRouter(prefix="/studio/make"), BodyReader()
    _add_state(router, bodies, studio.making)
    _add_takes(router, bodies, studio.making)
    return router


def _add_state(router: APIRouter, bodies: BodyReader, making: Making) -> None:
    @router.post("/new")
    async def new(request: Request) -> JSONResponse:
        """The id of a data set that begins with its first picture."""
        return await bodies.answer(request, 0, lambda _, who: making.state(made_here.new_id(), **who._asdict()))

    @router.get("/{dataset}")
    async def state(dataset: str, request: Request) -> JSONResponse:
        """The classes of a data set."""
        return await bodies.answer(request, 0, lambda _, who: making.state(dataset, **who._asdict()))

    @router.post("/{dataset}/edit")
    async def edit(dataset: str, request: Request) -> JSONResponse:
        """One edit, as JSON."""

        def edited(content: bytes, who: Visitor) -> dict[str, Any]:
            after = making.edit(dataset, edit_in(content), **who._asdict())
            return making.state(after.id, **who._asdict())

        return await bodies.answer(request, MOST_EDIT_BYTES, edited)


def _add_takes(router: APIRouter, bodies: BodyReader, making: Making) -> None:
    @router.post("/{dataset}/takes/{take}")
    async def stage(dataset: str, take: str, label: Name, request: Request, name: Name = "picture") -> JSONResponse:
        """One picture, which waits until its take is kept."""

        def staged(content: bytes, who: Visitor) -> dict[str, int]:
            return {"count": making.stage(take, dataset, label, name, content, **who._asdict())}

        return await bodies.answer(request, MOST_BYTES, staged)

    @router.post("/{dataset}/takes/{take}/keep")
    async def keep(dataset: str, take: str, request: Request, name: Name = "") -> JSONResponse:
        """The end of a take: its pictures become one edit."""

        def kept(_: bytes, who: Visitor) -> dict[str, Any]:
            after = making.keep(take, name, by=who.by)
            return making.state(after.id if after else dataset, **who._asdict())

        return await bodies.answer(request, 0, kept)
