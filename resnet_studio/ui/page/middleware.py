"""What happens to every request: may it come in at all, safety headers, the language of the page."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resnet_studio.text import Language, say, template
from resnet_studio.ui.page.access import Access, host_of, is_at_machine, is_local, is_operator, resolved, under
from resnet_studio.ui.page.bundle import Bundle
from resnet_studio.ui.page.context import LOCALES, language_of
from resnet_studio.ui.page.event_bodies import EVENTS, EventBodies
from resnet_studio.ui.page.open_routes import UPLOADED, is_open
from resnet_studio.ui.page.ownership import COOKIE, new_cookie
from resnet_studio.ui.page.visible_to import notice

MARK = re.compile(r'__i18n__\{\\?"__type__\\?": ?\\?"translation_metadata\\?", ?\\?"key\\?": ?\\?"([\w.:+-]+)\\?"\}')
PAGES = {"/", "/config", "/config/"}
HANDLERS = frozenset(EVENTS)
MAKING = "/studio/make/"
EDITING = re.compile(r"/studio/mend/[^/]+/edit")
API = "/v1/"
FIGURES = {"/healthz", "/metrics"}
FOLDERS = re.compile(r"/studio/predictions(/[\w.-]+(/copy)?)?")
"""Answers for many pictures may be begun on folders of this machine, and copied into them."""
UNCHANGING = frozenset({"GET", "HEAD", "OPTIONS"})
SANDBOXED = {"content-security-policy": "default-src 'none'; sandbox", "x-content-type-options": "nosniff"}
"""An uploaded file is shown, and never run."""


class Gate(Protocol):
    """What stands in front of the page where there are accounts; see :mod:`resnet_studio.ui.people.gate`."""

    async def __call__(
        self, app: ASGIApp, outer: Scope, inner: Scope, receive: Receive, send: Send, *, safe: Send,
        locate: Callable[[Scope], None],
    ) -> None:  # fmt: skip
        """Answer one request, by ``app`` where whoever sends it may."""


class Page:
    """Pure ASGI middleware, so that streams pass through untouched.

    ``access`` says who may reach the server, ``uploads`` is the folder that files are given out from, ``served`` is
    called after each page that went out, ``api`` says whether programs are answered under ``/v1``. Where there are
    accounts, ``gate`` is asked about every request.
    """

    def __init__(
        self, app: ASGIApp, bundle: Bundle, served: Callable[[], None], access: Access, uploads: Path,
        api: Callable[[], bool] = lambda: False, gate: Gate | None = None,
    ) -> None:  # fmt: skip
        self.api = api
        self.app = app
        self.bundle = bundle
        self.served = served
        self.access = access
        self.uploads = uploads
        self.gate = gate
        self.events = EventBodies()
        self.headers = safety_headers(embedded=bool(os.environ.get("SPACE_ID")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":  # the page has none, and no origin check would look at them
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        inner = resolved(scope, self.access)
        refused = self._refused(scope, inner)
        if refused is not None:
            await refused(scope, receive, self._with(self.headers, send))
            return
        inner["studio_local"] = inner["studio_at_machine"] = False
        if inner["path"] in FIGURES:
            inner["studio_operator"] = is_operator(inner, self.access, (scope.get("client") or ("",))[0])
        if self.gate is None:
            self.locate(inner)
            body = await self.events.read(inner, receive)
            if isinstance(body, JSONResponse):
                await body(inner, receive, self._with(self.headers, send))
            else:
                await self._answer(inner, body, send)
        else:
            safe = self._with(self.headers, send)
            await self.gate(self._answer, scope, inner, receive, send, safe=safe, locate=self.locate)

    def locate(self, inner: Scope) -> None:
        """Write into ``inner`` whether it comes from this machine, where what it asks for depends on that. To find the
        program at the other end, all processes are looked through: this is for those alone who may be let in by it.
        """
        names_folders = inner["path"] in HANDLERS or FOLDERS.fullmatch(inner["path"]) is not None
        inner["studio_local"] = names_folders and is_local(inner, self.access)
        edits = inner["path"] in HANDLERS or inner["path"].startswith((MAKING, API)) or EDITING.fullmatch(inner["path"])
        inner["studio_at_machine"] = bool(edits) and is_at_machine(inner, self.access)

    async def _answer(self, inner: Scope, receive: Receive, send: Send) -> None:
        """The answer to a request that is let in."""
        if inner["method"] == "GET" and inner["path"] in PAGES:
            await self._page(inner, receive, send)
            return
        uploaded = inner["path"].startswith(UPLOADED)
        headers = self.headers | SANDBOXED if uploaded else self.headers
        await self.app(under(self.access.root_path, inner), receive, self._with(headers, send))

    def _refused(self, scope: Scope, inner: Scope) -> PlainTextResponse | None:
        """The answer to a request that is not let in; ``inner`` is ``scope`` as the application would see it."""
        language = language_of(Request(inner))
        if not self.access.admits(scope):
            shown = self.access.forwarded_host(scope) or Headers(scope=scope).get("host", "")
            named = say("shell.wrong_host", language, host=host_of(shown) or "?")
            return PlainTextResponse(named, 403)
        if not same_origin(inner) or is_preflight(inner):
            return PlainTextResponse(say("shell.wrong_origin", language), 403)
        closed = inner["path"].startswith(API) and not self.api()
        if closed or not is_open(inner["method"], inner["path"], self.uploads):
            return PlainTextResponse(say("shell.closed", language), 404)
        return None

    @staticmethod
    def _with(headers: dict[str, str], send: Send) -> Send:
        """``send`` with ``headers`` in every answer, and without any that let other sites read it."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name in [name for name in given if name.startswith("access-control-")]:
                    del given[name]
                given.update(headers)
            await send(message)

        return sending

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The page, or its configuration, in the reader's language."""
        language = language_of(Request(scope))
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            if message["type"] != "http.response.body":
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            said = notice(scope.get("studio_person"), self.access, language)
            body = localized(b"".join(parts).decode(), language, self.bundle, self.access.root_path, said).encode()
            answered = self.headers | {"content-length": str(len(body)), "cache-control": "no-store"}
            if COOKIE not in Request(scope).cookies:
                answered |= {"set-cookie": new_cookie(secure=scope.get("scheme") == "https")}
            await self._with(answered, send)(start)
            await send({"type": "http.response.body", "body": body})
            self.served()

        await self.app(under(self.access.root_path, {**scope, "headers": plain}), receive, collect)


def safety_headers(*, embedded: bool) -> dict[str, str]:
    """Headers of every answer; ``embedded`` lets Hugging Face show the page in its frame."""
    frames = "frame-ancestors 'self'" + (" https://huggingface.co https://*.hf.space" if embedded else "")
    own = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
    headers = {
        "cross-origin-resource-policy": "same-origin",
        "content-security-policy": f"{own}; object-src 'none'; base-uri 'self'; {frames}",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    return headers if embedded else headers | {"x-frame-options": "SAMEORIGIN"}


def same_origin(scope: Scope) -> bool:
    """Whether a request comes from our own page, from no page at all, or is a link to the page that somebody follows.

    Where it may change something, the ``Origin`` has to be ours. Where it only reads, browsers say by
    ``Sec-Fetch-Site`` whether another site asks for it (https://web.dev/articles/fetch-metadata).
    """
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    ours = headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    if scope["method"] in UNCHANGING:
        visited = headers.get("sec-fetch-mode") == "navigate" and scope["path"] in PAGES
        return ours or (visited and headers.get("sec-fetch-dest") in {"document", "iframe"})
    if not (ours and origin):
        return ours
    return _without_usual_port(urlsplit(origin).netloc) == _without_usual_port(headers.get("host", "")) != ""


def _without_usual_port(netloc: str) -> str:
    """Host and port; without the port where browsers leave it out."""
    return netloc.lower().removesuffix(":443").removesuffix(":80")


def is_preflight(scope: Scope) -> bool:
    """Whether a browser asks if another site may send something: no page of ours ever makes it ask."""
    return scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope)


def localized(page: str, language: Language, bundle: Bundle, root_path: str = "", said: str = "") -> str:
    """``page`` with the marks of :func:`context.T` replaced, and our own head put first, after what is ``said``."""

    def text(match: re.Match[str]) -> str:
        return json.dumps(template(match[1], language), ensure_ascii=False)[1:-1]

    page = MARK.sub(text, page)
    page = page.replace('<html\n\tlang="en"', f'<html\n\tlang="{LOCALES[language]}"', 1)
    page = page.replace("<head>", f"<head>{said}{bundle.head(language, root_path)}", 1)
    return re.sub("(<body[^>]*>)", lambda match: match[1] + bundle.body, page, count=1)
