"""Requests that bring bytes of their own: of bounded size, from a browser that is known, answered as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from resnet_studio.errors import StudioError
from resnet_studio.service.editor import NotYoursError
from resnet_studio.text import say
from resnet_studio.ui.page.context import language_of
from resnet_studio.ui.page.ownership import browser_of, started_by

AT_ONCE = 32
"""Bodies that are being received: each is in memory until it is whole."""
IGNORED = 4096
"""What may be sent along, and is not looked at, where nothing is needed: some programs always send ``{}``."""
MB = 2**20
T = TypeVar("T")


class Refused(Exception):  # noqa: N818 - an answer
    """A request that gets a sentence instead of what it asked for."""

    def __init__(self, status: int, key: str, **values: Any) -> None:
        super().__init__(key)
        self.status, self.key, self.values = status, key, values


class Visitor(NamedTuple):
    """Who sends a request: ``by`` as logs name them; ``local`` where they are at this very machine."""

    by: str
    local: bool


class BodyReader:
    """What all routes need: who asks, a body of bounded size, answers to errors."""

    def __init__(self) -> None:
        self.receiving = 0

    async def answer(self, request: Request, most: int, done: Callable[[bytes, Visitor], T]) -> JSONResponse:
        """What ``done`` gives of the body of ``request`` and of whoever sends it, or why not, as JSON.

        It has ``most`` bytes; where that is 0, what is sent is not looked at.
        """
        try:
            browser = browser_of(request)
            if not browser:
                raise Refused(403, "error.make.no_cookie")
            content = await self._body(request, most or IGNORED)
            visitor = Visitor(started_by(browser), bool(request.scope.get("studio_at_machine")))
            return JSONResponse(await run_in_threadpool(done, content, visitor))
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
                    raise _too_large(most)
                parts.append(part)
            return b"".join(parts)
        finally:
            self.receiving -= 1


def edit_in(content: bytes) -> dict[str, Any]:
    """The one edit that a body says, as JSON. Raises :class:`Refused` for anything else."""
    try:
        asked = json.loads(content)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise Refused(400, "error.edit.no_pictures")
    return asked


def _too_large(most: int) -> Refused:
    if most < MB:
        return Refused(413, "error.shell.too_long", most=most // 1024)
    return Refused(413, "error.make.too_large", most=most // MB)
