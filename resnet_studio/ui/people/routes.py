"""What the pages about people send to: JSON in, JSON out, so that no other site can have a browser send it unasked."""

from __future__ import annotations

from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from resnet_studio.errors import StudioError
from resnet_studio.service.certificate import own_addresses
from resnet_studio.service.people import sharing
from resnet_studio.service.people.accounts import Accounts, Given
from resnet_studio.service.people.rules import Person, Role
from resnet_studio.text import say
from resnet_studio.ui.page.access import host_of, is_loopback
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.people import pages
from resnet_studio.ui.people.asked import PeopleRequests, Values, address, device, listed, sender, text
from resnet_studio.ui.people.gate import Gate, is_secure


def routes(studio: Studio, gate: Gate) -> APIRouter:
    """The routes under ``/studio/people``; whom each is for stands in :mod:`resnet_studio.service.people.declared`."""
    router = APIRouter(prefix="/studio/people")
    asked = PeopleRequests(gate, studio.workspace)
    _add_signing_in(router, gate, asked)
    _add_joining(router, gate, asked)
    _add_account(router, gate, asked)
    _add_class(router, gate, asked)
    _add_people(router, gate, asked)
    _add_managing(router, gate, asked)
    _add_sharing(router, studio, asked)
    return router


def _add_signing_in(router: APIRouter, gate: Gate, asked: PeopleRequests) -> None:
    accounts = gate.accounts

    @router.get("/sign-in")
    def page(request: Request) -> HTMLResponse:
        return HTMLResponse(
            pages.sign_in(
                accounts, language_of(request), gate.access.root_path, hugging_face=gate.hugging_face is not None
            )
        )

    @router.post("/sign-in")
    async def sign_in(request: Request) -> JSONResponse:
        """A name with a password or a picture code."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            pictures = listed(values, "pictures")
            secret = "pictures " + " ".join(map(str, pictures)) if pictures else text(values, "password")
            here = device(request, gate)
            person, token = accounts.sign_in(text(values, "name"), secret, address(request), here)
            asked.note(request, "account.sign_in", person.id)
            return {"token": token, "device": here}

        return await asked.answer(request, done)


def _add_joining(router: APIRouter, gate: Gate, asked: PeopleRequests) -> None:
    accounts = gate.accounts

    @router.post("/join")
    async def join(request: Request) -> JSONResponse:
        """The code of the class, a name and a picture code."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            given = text(values, "code"), text(values, "name"), listed(values, "pictures")
            here = device(request, gate)
            person, token = accounts.join(*given, address(request), here)
            asked.note(request, "account.join", person.id)
            return {"token": token, "device": here}

        return await asked.answer(request, done)

    @router.post("/first")
    async def first(request: Request) -> JSONResponse:
        """The first administrator, by the link that the terminal shows."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            given = text(values, "token"), text(values, "name"), text(values, "password")
            person, token = accounts.make_first(*given, address(request))
            asked.note(request, "account.first", person.id)
            return {"token": token}

        return await asked.answer(request, done)


def _add_account(router: APIRouter, gate: Gate, asked: PeopleRequests) -> None:
    accounts = gate.accounts

    @router.get("/account")
    def page(request: Request) -> HTMLResponse:
        return HTMLResponse(pages.account(sender(request), language_of(request), gate.access.root_path))

    @router.post("/secret")
    async def secret(request: Request) -> JSONResponse:
        """The old password or picture code, and the new one."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            person = sender(request)
            by_pictures = person.secret == "pictures"
            old = "pictures " + " ".join(map(str, listed(values, "old"))) if by_pictures else text(values, "old")
            new = listed(values, "new") if by_pictures else text(values, "new")
            token = accounts.change(person, old, new, address(request), gate.device(request.scope))
            asked.note(request, "account.secret", person.id)
            return {"token": token}

        return await asked.answer(request, done)

    @router.post("/sign-out")
    async def sign_out(request: Request) -> JSONResponse:
        return await asked.answer(request, lambda *_: {"token": ""})

    @router.post("/sign-out-everywhere")
    async def everywhere(request: Request) -> JSONResponse:
        def done(_: Values, request: Request) -> dict[str, Any]:
            accounts.people.end_sessions(sender(request))
            return {"token": ""}

        return await asked.answer(request, done)


def _add_class(router: APIRouter, gate: Gate, asked: PeopleRequests) -> None:
    accounts = gate.accounts

    @router.get("/class")
    def page(request: Request) -> HTMLResponse:
        root = gate.access.root_path
        shown = pages.class_page(accounts, sender(request), for_pupils(request, gate), language_of(request), root)
        return HTMLResponse(shown)

    @router.post("/class")
    async def change(request: Request) -> JSONResponse:
        """``open`` lets pupils join or no more, ``renew`` makes another code, ``name`` is what the class is called."""

        def done(values: Values, _: Request) -> dict[str, Any]:
            if values.get("renew") is True:
                accounts.renew_code()
            if values.get("open") is False:
                accounts.close_class()
            elif values.get("open") is True or values.get("name"):
                accounts.open_class(text(values, "name"))
            return {"code": accounts.join_code, "open": accounts.joining, "name": accounts.class_name}

        return await asked.answer(request, done)


def for_pupils(request: Request, gate: Gate) -> str:
    """Where pupils open the studio: as the teacher does, unless that is an address of this very machine."""
    host = request.headers.get("host", "")
    port = host.rpartition("]")[2].partition(":")[2]
    if is_loopback(host_of(host)) and not gate.access.loopback and (others := own_addresses()):
        name = f"[{others[0]}]" if ":" in others[0] else others[0]
        host = f"{name}:{port}" if port else name
    return f"{'https' if is_secure(request.scope) else 'http'}://{host}{gate.access.root_path}/"


def _told(given: Given, request: Request) -> dict[str, Any]:
    language = language_of(request)
    kind = "pictures" if given.pictures else "password"
    said = say(f"people.given.{kind}", language, name=given.person.name)
    pictures = pages.words_of(given.pictures, language)
    return {"id": given.person.id, "said": said, "password": given.password, "pictures": pictures}


def _found(accounts: Accounts, id: str) -> Person:
    person = accounts.people.find(id)
    if person is None:
        raise StudioError("error.people.missing", name=id[:60])
    return person


def _add_people(router: APIRouter, gate: Gate, asked: PeopleRequests) -> None:
    accounts = gate.accounts

    @router.post("/add")
    async def add(request: Request) -> JSONResponse:
        def done(values: Values, request: Request) -> dict[str, Any]:
            role = cast(Role, text(values, "role") or "pupil")
            given = accounts.add(sender(request), text(values, "name"), role)
            asked.note(request, "account.add", given.person.id)
            return _told(given, request)

        return await asked.answer(request, done)

    @router.post("/{id}/reset")
    async def reset(request: Request, id: str) -> JSONResponse:
        def done(_: Values, request: Request) -> dict[str, Any]:
            given = accounts.reset(sender(request), _found(accounts, id))
            asked.note(request, "account.reset", id)
            return _told(given, request)

        return await asked.answer(request, done)


def _add_managing(router: APIRouter, gate: Gate, asked: PeopleRequests) -> None:
    accounts = gate.accounts

    @router.post("/{id}/role")
    async def role(request: Request, id: str) -> JSONResponse:
        def done(values: Values, request: Request) -> dict[str, Any]:
            accounts.set_role(sender(request), _found(accounts, id), cast(Role, text(values, "role")))
            asked.note(request, "account.role", id)
            return {"id": id}

        return await asked.answer(request, done)

    @router.post("/{id}/remove")
    async def remove(request: Request, id: str) -> JSONResponse:
        def done(_: Values, request: Request) -> dict[str, Any]:
            accounts.remove(sender(request), _found(accounts, id))
            asked.note(request, "account.remove", id)
            return {"id": id}

        return await asked.answer(request, done)


def _add_sharing(router: APIRouter, studio: Studio, asked: PeopleRequests) -> None:
    @router.post("/share")
    async def share(request: Request) -> JSONResponse:
        """``kind`` (run, dataset or model) and ``id``, and whether the class shares it."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            shared, kind, id = values.get("shared") is True, text(values, "kind"), text(values, "id")
            sharing.share(studio.workspace, kind, id, shared=shared)
            asked.note(request, f"{kind}.{'share' if shared else 'unshare'}", id)
            return {"shared": shared}

        return await asked.answer(request, done)
