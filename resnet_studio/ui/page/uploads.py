"""Uploads are bounded: a number at once, and only what the disk has room for; each refusal is a sentence."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resnet_studio.durable import is_disk_full
from resnet_studio.space import SPARE_BYTES
from resnet_studio.text import say
from resnet_studio.ui.page.context import language_of

ADDRESS = "/gradio_api/upload"
MOST_AT_ONCE = 64
SILENT_SECONDS = 60.0
"""An upload of which nothing more came for so long is ended, so that those that hang do not keep others out."""


class Uploads:
    """Pure ASGI middleware; ``folder`` is where uploads go, ``uploaded`` is called with the size of each.

    No upload may have more than ``most_mb`` megabytes; 0 is no limit.
    """

    def __init__(
        self, app: ASGIApp, folder: Path, uploaded: Callable[[int], None] = lambda _: None, most_mb: int = 0
    ) -> None:
        self.most_mb = most_mb
        self.app = app
        self.folder = folder
        self.uploaded = uploaded
        self.running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith(ADDRESS):
            await self.app(scope, receive, send)
            return
        if (refused := self._refused(scope)) is not None:
            await refused(scope, receive, send)
            return
        self.running += 1
        try:
            await self._upload(scope, receive, send)
            self.uploaded(_size(scope))
        finally:
            self.running -= 1

    def _refused(self, scope: Scope) -> PlainTextResponse | None:
        if self.running >= MOST_AT_ONCE:
            return PlainTextResponse(say("shell.uploads_busy", language_of(Request(scope))), 503)
        if self.most_mb and _size(scope) > self.most_mb * 2**20:
            said = say("error.limits.upload", language_of(Request(scope)), most=self.most_mb)
            return PlainTextResponse(said, 413)
        return _full(scope) if _size(scope) + SPARE_BYTES > shutil.disk_usage(self.folder).free else None

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; if the disk gets full during it, the answer says that instead of "500"."""
        held: list[Message] = []

        async def sending(message: Message) -> None:
            if held or (message["type"] == "http.response.start" and message["status"] == 500):
                held.append(message)
            else:
                await send(message)

        silent = False

        async def receiving() -> Message:
            nonlocal silent
            try:
                return await asyncio.wait_for(receive(), SILENT_SECONDS)
            except TimeoutError:
                silent = True
                return {"type": "http.disconnect"}

        try:
            await self.app(scope, receiving, sending)
        except ClientDisconnect:
            if silent:
                said = say("shell.upload_silent", language_of(Request(scope)))
                await PlainTextResponse(said, 408, {"connection": "close"})(scope, receive, send)
            return
        except Exception as error:
            if not is_disk_full(error):
                for message in held:
                    await send(message)
                raise
            await _full(scope)(scope, receive, send)
            return
        for message in held:
            await send(message)


def _size(scope: Scope) -> int:
    """How many bytes the request says that it brings; 0 where it does not say."""
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() else 0


def _full(scope: Scope) -> PlainTextResponse:
    return PlainTextResponse(say("error.data.disk_full", language_of(Request(scope))), 507)
