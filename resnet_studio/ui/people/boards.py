"""Leaderboards as a page: pupils submit runs and see scores, teachers make, close and reveal boards."""

from __future__ import annotations

import threading
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from resnet_studio import belonging
from resnet_studio.data import editing, library
from resnet_studio.errors import StudioError
from resnet_studio.service.people.boards import LONGEST, MOST_TRIES, TRIES, Boards
from resnet_studio.service.people.scoring import BoardScoring
from resnet_studio.text import say
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.people import boards_view, pages
from resnet_studio.ui.people.asked import PeopleRequests, Values, sender, text
from resnet_studio.ui.people.gate import Gate
from resnet_studio.upkeep import audit


def routes(studio: Studio, gate: Gate) -> APIRouter:
    """The routes under ``/studio/people/boards``."""
    router = APIRouter(prefix="/studio/people/boards")
    boards = Boards(studio.workspace)
    scoring = BoardScoring(boards)
    threading.Thread(target=scoring.adopt, name="adopt submissions", daemon=True).start()
    asked = PeopleRequests(gate, studio.workspace)
    _add_views(router, studio, gate, boards)
    _add_submitting(router, studio, gate, asked, boards, scoring)
    _add_making(router, studio, asked, boards)
    _add_managing(router, studio, gate, asked, boards)
    return router


def _add_views(router: APIRouter, studio: Studio, gate: Gate, boards: Boards) -> None:
    def listed(request: Request) -> Any:
        person = sender(request)
        runs = [run for run in studio.runs.overviews() if run.run.best.is_file()]
        own = [run for run in runs if person.id in belonging.of_run(run.run.folder, run.about).owners]
        device = gate.accounts.people.mark_of_device(gate.device(request.scope))
        return boards_view.boards(boards.all(), own, person, gate.accounts, language_of(request), device)

    @router.get("")
    def page(request: Request) -> HTMLResponse:
        """The page, with the boards in it."""
        language, person = language_of(request), sender(request)
        sets = []
        for item in library.list_datasets(studio.workspace) if person.staff else ():
            if not belonging.is_shared(studio.workspace.datasets / editing.base_of(item.id)):
                sets.append(item)
        shown = pages.page(
            "people/boards.html", language, gate.access.root_path, wide=True, at="boards", person=person,
            title=say("boards.title", language), sets=sets, tries=TRIES, most=MOST_TRIES, longest=LONGEST,
            names=gate.accounts.names_shown, first=not boards.all(), boards=listed(request),
        )  # fmt: skip
        return HTMLResponse(shown)

    @router.get("/list")
    def pieces(request: Request) -> HTMLResponse:
        """The boards as a piece of HTML."""
        return HTMLResponse(str(listed(request)))


def _add_submitting(
    router: APIRouter, studio: Studio, gate: Gate, asked: PeopleRequests, boards: Boards, scoring: BoardScoring
) -> None:
    @router.post("/{id}/submit")
    async def submit(request: Request, id: str) -> Any:
        """Submit the ``run``; its score is computed in the background."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            board, run = boards.find(id), studio.workspace.run(text(values, "run"))
            who = f"{belonging.PERSON}{sender(request).id}"
            device = gate.accounts.people.mark_of_device(gate.device(request.scope))
            made = boards.submit(board, run, who, device)
            scoring.begin(board, made)
            audit.record(studio.workspace, who, "board.submit", f"{board.id} {run.id}")
            return {"number": made.number, "left": board.left(who, device)}

        return await asked.answer(request, done)


def _add_making(router: APIRouter, studio: Studio, asked: PeopleRequests, boards: Boards) -> None:
    @router.post("/new")
    async def new(request: Request) -> Any:
        """Seal the data ``set`` and make a board called ``name`` of it; each has so many ``tries``."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            tries = text(values, "tries")
            if not tries.isdecimal() or len(tries) > 4:
                raise StudioError("error.boards.tries", most=MOST_TRIES)
            by_device = values.get("by_device") is True
            board = boards.create(text(values, "set"), text(values, "name"), int(tries), by_device=by_device)
            audit.record(studio.workspace, f"{belonging.PERSON}{sender(request).id}", "board.create", board.id)
            return {"id": board.id}

        return await asked.answer(request, done)


def _add_managing(router: APIRouter, studio: Studio, gate: Gate, asked: PeopleRequests, boards: Boards) -> None:
    def noted(request: Request, what: str, target: str) -> None:
        audit.record(studio.workspace, f"{belonging.PERSON}{sender(request).id}", what, target)

    @router.post("/names")
    async def names(request: Request) -> Any:
        """Let pupils see each other's names, where ``shown``, or no more."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            gate.accounts.show_names(shown=values.get("shown") is True)
            noted(request, "class.names", str(gate.accounts.names_shown))
            return {"shown": gate.accounts.names_shown}

        return await asked.answer(request, done)

    @router.post("/{id}/{act}")
    async def manage(request: Request, id: str, act: str) -> Any:
        """``open``, ``close``, ``reveal`` or ``delete`` a board."""

        def done(_: Values, request: Request) -> dict[str, Any]:
            board = boards.find(id)
            if act in ("open", "close"):
                boards.set_open(board, open=act == "open")
            elif act == "reveal":
                boards.reveal(board)
            elif act == "delete":
                boards.delete(board)
            else:
                raise StudioError("error.people.not_json")
            noted(request, f"board.{act}", board.id)
            return {"id": board.id}

        return await asked.answer(request, done)
