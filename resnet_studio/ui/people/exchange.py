"""The exchange as a page: pupils try each other's models, attack them, judge; the teacher opens, stops and removes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from resnet_studio import belonging
from resnet_studio.acting import STUDIO, check
from resnet_studio.errors import StudioError
from resnet_studio.limits import LimitError
from resnet_studio.service.people.exchange import attacks, trying
from resnet_studio.service.people.exchange.entries import Exchange
from resnet_studio.text import say
from resnet_studio.ui.page.bodies import BodyReader, Refused
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.sent_pictures import MOST_BYTES, opened
from resnet_studio.ui.people import exchange_view, pages
from resnet_studio.ui.people.asked import PeopleRequests, Values, sender, text
from resnet_studio.ui.people.gate import Gate
from resnet_studio.upkeep import audit

SHOWN = 5
PICTURE = "application/octet-stream"
"""What a page sends a picture as: no form of another site can, without asking first."""


def routes(studio: Studio, gate: Gate) -> APIRouter:
    """The routes under ``/studio/people/exchange``."""
    router = APIRouter(prefix="/studio/people/exchange")
    exchange, asked = Exchange(studio.workspace, studio.limits), PeopleRequests(gate, studio.workspace)
    _add_views(router, studio, gate, exchange)
    _add_trying(router, studio, exchange)
    _add_stickers(router, asked, exchange)
    _add_models(router, studio, asked, exchange)
    _add_judging(router, asked, exchange)
    _add_switch(router, asked, exchange)
    return router


def _add_views(router: APIRouter, studio: Studio, gate: Gate, exchange: Exchange) -> None:
    def pieces(request: Request) -> Any:
        person = sender(request)
        runs = [run for run in studio.runs.overviews() if run.run.best.is_file()]
        own = [run for run in runs if person.id in belonging.of_run(run.run.folder, run.about).owners]
        return exchange_view.pieces(exchange, own, person, gate.accounts, language_of(request), gate.access.root_path)

    @router.get("")
    def page(request: Request) -> HTMLResponse:
        """The page, with the models in it."""
        language = language_of(request)
        words = {key: say(f"exchange.{key}", language) for key in exchange_view.SAID}
        shown = pages.page(
            "people/exchange.html", language, gate.access.root_path, wide=True, at="exchange", person=sender(request),
            title=say("exchange.title", language), pieces=pieces(request), words=words, own=exchange_view.own_assets(),
        )  # fmt: skip
        return HTMLResponse(shown)

    @router.get("/list")
    def listed(request: Request) -> HTMLResponse:
        """The models, the attacks and the board as a piece of HTML."""
        return HTMLResponse(str(pieces(request)))

    @router.get("/{id}/attacks/{number}")
    def picture(id: str, number: int) -> Response:
        """The picture of an attack."""
        try:
            entry = next(each for each in exchange.every() if each.id == id)
            found = attacks.find(entry, number)
            return Response(attacks.picture_of(entry, found), media_type="image/jpeg")
        except (StopIteration, StudioError) as error:
            raise HTTPException(404) from error


def _add_trying(router: APIRouter, studio: Studio, exchange: Exchange) -> None:
    bodies = BodyReader()

    @router.post("/{id}/try")
    async def tried(request: Request, id: str, true: Annotated[str, Query(max_length=300)] = "") -> JSONResponse:
        """What a model says of the picture in the body; with ``true`` it is an attack as a picture of that class."""
        person = sender(request)

        def done(content: bytes, _: object) -> dict[str, Any]:
            if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PICTURE:
                raise Refused(415, "error.people.not_json")
            entry, sent = exchange.find(id), opened(content, "picture")
            with studio.metrics.predicting("exchange"):
                said = trying.answered(exchange, entry, sent, studio.predictors.of)
            scores = [[name, round(share, 4)] for name, share in said.scores[:SHOWN]]
            answer = {"label": said.label, "scores": scores, "unknown": said.unknown, "classes": list(entry.classes)}
            if not true:
                return answer
            who = f"{belonging.PERSON}{person.id}"
            made = attacks.attack(exchange, entry, sent, said, true, who)
            audit.record(studio.workspace, who, "exchange.attack", f"{entry.id} {made.number}")
            return {**answer, "number": made.number}

        def counted(content: bytes, visitor: Any) -> dict[str, Any]:
            try:
                return done(content, visitor)
            except LimitError as error:
                studio.metrics.limited(error.limit)
                raise

        return await bodies.answer(request, MOST_BYTES, counted)


def _add_stickers(router: APIRouter, asked: PeopleRequests, exchange: Exchange) -> None:
    @router.post("/{id}/sticker")
    async def sticker(request: Request, id: str) -> Any:
        """Put a ``sticker`` on a model where ``on``, or take it off."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            who, on = f"{belonging.PERSON}{sender(request).id}", values.get("on") is True
            attacks.stick(exchange, exchange.find(id), text(values, "sticker"), who, on=on)
            return {"on": on}

        return await asked.answer(request, done)


def _add_models(router: APIRouter, studio: Studio, asked: PeopleRequests, exchange: Exchange) -> None:
    @router.post("/bring")
    async def bring(request: Request) -> Any:
        """Put the model of one's own ``run`` into the exchange."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            entry = exchange.bring(studio.workspace.run(text(values, "run")))
            asked.note(request, "exchange.bring", entry.run)
            return {"id": entry.id, "number": entry.number}

        return await asked.answer(request, done)

    @router.post("/{id}/take-out")
    async def take_out(request: Request, id: str) -> Any:
        """Take one's model out, or a teacher any."""

        def done(_: Values, request: Request) -> dict[str, Any]:
            entry = exchange.take_out(exchange.find(id))
            asked.note(request, "exchange.take_out", entry.run)
            return {"id": entry.id}

        return await asked.answer(request, done)


def _add_judging(router: APIRouter, asked: PeopleRequests, exchange: Exchange) -> None:
    @router.post("/{id}/attacks/{number}/{act}")
    async def judge(request: Request, id: str, number: int, act: str) -> Any:
        """``count`` or ``reject`` an attack, ``report`` it to the teacher, ``remove`` its picture."""

        def done(_: Values, request: Request) -> dict[str, Any]:
            entry = next((each for each in exchange.every() if each.id == id), None)
            if entry is None:
                raise StudioError("error.exchange.missing")
            if act in ("count", "reject"):
                after = attacks.judge(exchange, entry, number, counts=act == "count")
            elif act == "report":
                after = attacks.report(exchange, entry, number)
            elif act == "remove":
                after = attacks.remove_picture(exchange, entry, number)
            else:
                raise StudioError("error.people.not_json")
            asked.note(request, f"exchange.{act}", f"{entry.id} {number}")
            return {"status": after.status}

        return await asked.answer(request, done)


def _add_switch(router: APIRouter, asked: PeopleRequests, exchange: Exchange) -> None:
    @router.post("/switch")
    async def switch(request: Request) -> Any:
        """Open the exchange where ``on``, or stop it."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            exchange.set_open(open=values.get("on") is True)
            asked.note(request, "exchange.open" if exchange.open else "exchange.close")
            return {"open": exchange.open}

        return await asked.answer(request, done)

    @router.post("/bar")
    async def bar(request: Request) -> Any:
        """Let a ``person`` take part no more where ``on``, or again."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            check("manage", STUDIO)
            person, on = text(values, "person"), values.get("on") is True
            exchange.bar(person, barred=on)
            asked.note(request, "exchange.bar" if on else "exchange.admit", person)
            return {"barred": on}

        return await asked.answer(request, done)
