"""Routes behind the grid and the review queue: pages of pictures by their places, thumbnails, the saved set."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.background import BackgroundTask

from resnet_studio import owners
from resnet_studio.errors import StudioError
from resnet_studio.folder_names import slug
from resnet_studio.service.alike import Ordering
from resnet_studio.service.editor import Editor
from resnet_studio.service.grouping_asked import MOST_TABLE_BYTES
from resnet_studio.service.similar_names import SimilarNameError
from resnet_studio.ui.data.mend import question_of, state_of
from resnet_studio.ui.page.bodies import BodyReader, Visitor, edit_in
from resnet_studio.ui.page.context import Studio, language_of

A_DAY = {"cache-control": "private, max-age=86400"}
FRESH = {"cache-control": "no-store"}
QUEUE = 200
MOST_EDIT_BYTES = MOST_TABLE_BYTES * 2
"""A table comes in base64; of many pictures the names are places, in digits."""
SHARE = Query(ge=0, le=80)
Sort = Literal["class", "name", "size", "doubt", "like", "next"]
StatusFilter = Literal["used", "unlabelled", "left_out"]


def routes(studio: Studio) -> APIRouter:
    """The routes under ``/studio/mend/{dataset}``; data sets are known by id, pictures by place."""
    router = APIRouter(prefix="/studio/mend/{dataset}")
    _add_edits(router, studio)
    _add_places(router, studio)
    _add_pictures(router, studio)
    _add_saved(router, studio)
    _add_review(router, studio)
    _add_near(router, studio)
    _add_grouping(router, studio)
    return router


def _add_edits(router: APIRouter, studio: Studio) -> None:
    bodies, editor = BodyReader(), studio.editor

    @router.post("/edit")
    async def edit(dataset: str, request: Request) -> JSONResponse:
        """One edit, as JSON, and what the set is then: it is on the disk before that is said; a question where it
        has to be sure first. Without the queue of events, which takes three times as long as the edit.
        """

        def edited(content: bytes, who: Visitor) -> dict[str, Any]:
            try:
                editor.edit(dataset, edit_in(content), who.by, local=who.local)
            except SimilarNameError as similar:
                return {"similar": similar.known, "question": question_of(similar, language_of(request))}
            return state_of(editor.opened(dataset), language_of(request))

        return await bodies.answer(request, MOST_EDIT_BYTES, edited)


def _add_places(router: APIRouter, studio: Studio) -> None:
    editor = studio.editor

    @router.get("/places")
    def places(
        dataset: str,
        request: Request,
        kind: Annotated[str, Query(max_length=300)] = "",
        standing: StatusFilter = "used",
        part: Annotated[str, Query(max_length=20)] = "",
        finding: Annotated[str, Query(max_length=40)] = "",
        sort: Sort = "class",
    ) -> dict[str, Any]:
        """All pictures that a filter leaves, by place, in their order; how far that is where it is not known yet."""
        with _missing():
            if said := _not_ordered_yet(editor, dataset, sort, request):
                return said
            found = editor.places(dataset, kind=kind, standing=standing, part=part, finding=finding, sort=sort)
        return {"total": len(found), "places": found}


def _add_pictures(router: APIRouter, studio: Studio) -> None:
    editor = studio.editor

    @router.get("/rows")
    def rows(
        dataset: str, places: Annotated[str, Query(max_length=4000, pattern=r"^\d+(,\d+)*$")], pictures: bool = False
    ) -> JSONResponse:
        """What is known of some pictures; with ``pictures`` small ones too, which spares as many requests."""
        with _missing():
            count = len(editor.opened(dataset).state.pictures)
            wanted = [place for each in places.split(",") if len(each) < 10 and (place := int(each)) < count]
            return JSONResponse({"rows": editor.rows(dataset, wanted, pictures=pictures)}, headers=FRESH)

    @router.get("/thumb/{place}")
    def thumb(
        dataset: str, place: Annotated[int, Path(ge=0)], side: Annotated[int, Query(ge=16, le=640)] = 160
    ) -> Response:
        """One picture, small; it is made once."""
        with _missing():
            small = editor.small(dataset, place, side)
        if small is None:
            raise HTTPException(404)
        return Response(small.content, media_type=small.media_type, headers=A_DAY)


def _not_ordered_yet(editor: Editor, dataset: str, sort: Sort, request: Request) -> dict[str, Any] | None:
    """How far an order is that takes a while to compute, or why there is none; None where it is there."""
    if sort not in ("like", "next"):
        return None
    order = editor.by_likeness(dataset) if sort == "like" else editor.label_next(dataset)
    if order is None or order.error is not None:
        error = order.error if order else StudioError("error.review.no_model_yet")
        known = error if isinstance(error, StudioError) else StudioError("mend.order_failed")
        return {"problem": known.sentence(language_of(request))}
    if order.ranks is not None:
        return None
    return {"done": order.done, "of": order.total} if isinstance(order, Ordering) else {"done": 0, "of": 0}


def _add_saved(router: APIRouter, studio: Studio) -> None:
    editor = studio.editor

    @router.get("/set.zip")
    def saved(dataset: str) -> FileResponse:
        """The data set as it is now: a zip of class folders, with what was changed."""
        from resnet_studio.data.saved_set import changes_of, save_set

        with _missing():
            opened = editor.opened(dataset)
            now = opened.dataset()
            name = f"export-{owners.this_process()}-{secrets.token_hex(4)}.zip"
            path = studio.workspace.temporary / name
            save_set(now, path, changes_of(opened.state.base, opened.history()))
        gone = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(path, filename=f"{slug(now.name)}.zip", headers=FRESH, background=gone)


def _add_review(router: APIRouter, studio: Studio) -> None:
    editor = studio.editor

    @router.get("/review")
    def review(dataset: str, request: Request) -> dict[str, Any]:
        """How far the review of the labels is, then the first suspects."""
        begun = editor.begun(dataset)
        if begun is None:
            return {"state": "none"}
        if isinstance(begun.error, StudioError):
            return {"state": "failed", "problem": begun.error.sentence(language_of(request))}
        if begun.error is not None:
            return {"state": "failed", "problem": ""}
        if begun.found is None:
            return {"state": "working", "done": begun.done, "total": begun.total}
        with _missing():
            suspects = editor.suspects(dataset, max(QUEUE, begun.found.estimate))
        return {
            "state": "ready", "estimate": sum(each["likely"] for each in suspects), "total": len(begun.found.samples),
            "rare": list(begun.found.rare), "suspects": suspects,
        }  # fmt: skip


def _add_grouping(router: APIRouter, studio: Studio) -> None:
    bodies = BodyReader()

    @router.post("/near/by")
    async def by(
        dataset: str,
        request: Request,
        kind: Literal["time", "csv"],
        column: Annotated[str, Query(max_length=300)] = "",
        seconds: Annotated[float, Query(gt=0, le=1e6)] = 60,
        validation: Annotated[float, SHARE] = 15,
        test: Annotated[float, SHARE] = 15,
    ) -> JSONResponse:
        """What keeping together does that needs more to be known: within how many seconds, or by which column of which
        table, which is sent along. Of a table whose column has yet to be chosen the columns alone.
        """
        from resnet_studio.service.grouping_asked import asked_for, columns_in
        from resnet_studio.service.near_search import split_row

        def row(content: bytes, _: Visitor) -> dict[str, Any]:
            opened = studio.editor.opened(dataset)
            search = studio.near.get(opened.dataset().id)
            found = search.found if search is not None and search.found is not None else ()
            shares = {"validation": validation / 100, "test": test / 100}
            with asked_for(studio.workspace, kind, seconds, column, content) as grouping:
                known = columns_in(grouping) if kind == "csv" else {}
                if known and not known["column"]:
                    return {"by": "csv", **known}
                return {**split_row(opened.dataset(), found, grouping, **shares), **known}

        return await bodies.answer(request, MOST_TABLE_BYTES, row)


def _add_near(router: APIRouter, studio: Studio) -> None:
    @router.get("/near")
    def near(
        dataset: str, request: Request, validation: Annotated[float, SHARE] = 15, test: Annotated[float, SHARE] = 15
    ) -> dict[str, Any]:
        """How far the search for near-duplicates is, then the groups and what keeping them together does to the split
        with these shares, in percent.
        """
        from resnet_studio.service.near_search import group_rows, leaks, split_rows

        with _missing():
            opened = studio.editor.opened(dataset)
            search = studio.near.get(opened.dataset().id)
        if search is None:
            return {"state": "none"}
        if isinstance(search.error, StudioError):
            return {"state": "failed", "problem": search.error.sentence(language_of(request))}
        if search.error is not None:
            return {"state": "failed", "problem": ""}
        if search.found is None:
            return {"state": "working", "done": search.done, "total": search.total}
        with _missing():
            rows = split_rows(search.dataset, search.found, validation=validation / 100, test=test / 100)
            leaking, outside = leaks(opened, search.dataset, search.found)
            shown = (*search.found, *(group for group in leaking if group not in search.found))  # copies too
        return {
            "state": "ready", "dataset": search.dataset.id, "total": len(search.found),
            "pictures": sum(map(len, search.found)), "groups": group_rows(opened, search.dataset, shown),
            "leaks": len(leaking), "outside": outside, "split": rows,
        }  # fmt: skip


@contextmanager
def _missing() -> Iterator[None]:
    """A data set that is not there is a page that is not there."""
    try:
        yield
    except StudioError as error:
        raise HTTPException(404, str(error)) from error
