"""What pages about people send, read and answered: JSON in, JSON out, errors with their sentence."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, cast

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from resnet_studio.acting import NotAllowedError
from resnet_studio.belonging import PERSON
from resnet_studio.errors import StudioError
from resnet_studio.service.people.accounts import BrakedError
from resnet_studio.service.people.rules import Person
from resnet_studio.ui.page.context import language_of
from resnet_studio.ui.people.gate import Gate, is_secure
from resnet_studio.upkeep import audit
from resnet_studio.workspace import Workspace

MOST_BYTES = 16_384
Values = Mapping[str, Any]


class PeopleRequests:
    """Reads what a page sends, and answers errors with their sentence."""

    def __init__(self, gate: Gate, workspace: Workspace) -> None:
        self.gate, self.workspace = gate, workspace

    def note(self, request: Request, what: str, target: str = "") -> None:
        """Write down that whoever sent ``request`` did ``what``."""
        who = request.scope.get("studio_person")
        by = f"{PERSON}{who.id}" if isinstance(who, Person) else f"address:{address(request)}"
        audit.record(self.workspace, by, what, target)

    async def answer(self, request: Request, done: Callable[[Values, Request], dict[str, Any]]) -> JSONResponse:
        """What ``done`` makes of the values in the body; a ``token`` in it becomes the cookie of a session."""
        language = language_of(request)
        try:
            values = await values_of(request)
            found = await run_in_threadpool(done, values, request)
        except StudioError as error:
            status = 429 if isinstance(error, BrakedError) else 403 if isinstance(error, NotAllowedError) else 400
            return JSONResponse({"problem": error.sentence(language)}, status)
        token, device = found.pop("token", None), found.pop("device", "")
        response = JSONResponse(found)
        if token is not None:
            before = self.gate.token(request.scope)
            if before:  # a session never goes on as that of somebody else
                await run_in_threadpool(self.gate.accounts.people.end_session, before)
            secure = is_secure(request.scope)
            response.headers["set-cookie"] = self.gate.cookie.set(token, secure=secure)
            if device:
                response.headers.append("set-cookie", self.gate.cookie.of_device().set(device, secure=secure))
            if not token:
                response.headers["clear-site-data"] = '"cache"'
        return response


async def values_of(request: Request) -> Values:
    """The JSON object that was sent. Raises :class:`StudioError`."""
    if not is_json(request):
        raise StudioError("error.people.not_json")
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise StudioError("error.people.not_json")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise StudioError("error.people.not_json") from error
    if not isinstance(found, dict):
        raise StudioError("error.people.not_json")
    return found


def is_json(request: Request) -> bool:
    """Whether ``request`` says that it sends JSON, for which browsers ask first where another site has them send it."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def text(values: Values, name: str) -> str:
    """The text called ``name``; empty where it is none."""
    value = values.get(name)
    return value[:1000] if isinstance(value, str) else ""


def listed(values: Values, name: str) -> list[object]:
    """The list called ``name``; empty where it is none."""
    value = values.get(name)
    return value[:20] if isinstance(value, list) else []


def address(request: Request) -> str:
    """Where ``request`` comes from."""
    return str((request.scope.get("client") or ("",))[0])


def device(request: Request, gate: Gate) -> str:
    """The token of the device that ``request`` comes from; a new one where it has none."""
    return gate.device(request.scope) or secrets.token_urlsafe(24)


def sender(request: Request) -> Person:
    """Who sends ``request``, having signed in."""
    return cast(Person, request.scope["studio_person"])
