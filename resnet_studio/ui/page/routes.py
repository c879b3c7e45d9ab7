"""Own routes of the page under ``/studio``: style, script, mark, thumbnails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import FileResponse, Response

from resnet_studio.assets import asset
from resnet_studio.errors import StudioError
from resnet_studio.service.machine import Machine
from resnet_studio.service.thumbnails import thumbnail
from resnet_studio.ui.page.bundle import Bundle
from resnet_studio.ui.page.context import Studio, language_of

FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
AN_HOUR = {"cache-control": "private, max-age=3600"}


def routes(studio: Studio, bundle: Bundle, machine: Machine) -> APIRouter:
    """The routes of the frame and of the data tab."""
    router = APIRouter(prefix="/studio")
    _add_frame(router, bundle, machine)
    _add_pictures(router, studio)
    return router


def _add_frame(router: APIRouter, bundle: Bundle, machine: Machine) -> None:
    @router.get("/studio.css")
    def style() -> Response:
        return Response(bundle.css, media_type="text/css", headers=FOREVER)

    @router.get("/studio.js")
    def script() -> Response:
        return Response(bundle.js, media_type="text/javascript", headers=FOREVER)

    @router.get("/logo.svg")
    def logo() -> FileResponse:
        return FileResponse(asset("logo.svg"), media_type="image/svg+xml", headers=AN_HOUR)

    @router.get("/machine")
    def computes(request: Request) -> dict[str, Any]:
        """What this server computes with; ``name`` is empty, and ``known`` false, until torch is loaded."""
        return {"known": machine.known, "name": machine.name(language_of(request))}


def _add_pictures(router: APIRouter, studio: Studio) -> None:
    @router.get("/pictures/{dataset}")
    def pictures(
        dataset: str,
        first: Annotated[int, Query(ge=0)] = 0,
        count: Annotated[int, Query(ge=1, le=200)] = 24,
        label: int | None = None,
        part: str | None = None,
    ) -> dict[str, Any]:
        """A page of the gallery: how many pictures there are, and the wanted ones."""
        with _missing():
            found = studio.dataset_cache.pictures(dataset, label=label, part=part)
            data = studio.dataset_cache.dataset(dataset)
        shown = [(index, data.samples[index]) for index in found[first : first + count]]
        return {
            "total": len(found),
            "pictures": [
                {"index": index, "name": sample.name, "label": data.classes[sample.label]} for index, sample in shown
            ],
        }

    @router.get("/thumb/{dataset}/{index}")
    def thumb(
        dataset: str, index: Annotated[int, Path(ge=0)], side: Annotated[int, Query(ge=16, le=640)] = 160
    ) -> Response:
        """One picture of a data set, small."""
        with _missing():
            data = studio.dataset_cache.dataset(dataset)
        small = thumbnail(data.path(data.samples[index]), side) if index < len(data.samples) else None
        if small is None:
            raise HTTPException(404)
        return Response(small.content, media_type=small.media_type, headers=AN_HOUR)


@contextmanager
def _missing() -> Iterator[None]:
    """A data set that is not there is a page that is not there."""
    try:
        yield
    except StudioError as error:
        raise HTTPException(404) from error
