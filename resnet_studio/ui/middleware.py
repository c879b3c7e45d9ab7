"""What happens to every request: safety headers, a check of where a change comes from, the language of the page."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resnet_studio.text import Language, say, template
from resnet_studio.ui.bundle import LOCALES, Bundle
from resnet_studio.ui.context import language_of

MARK = re.compile(r'__i18n__\{\\?"__type__\\?": ?\\?"translation_metadata\\?", ?\\?"key\\?": ?\\?"([\w.-]+)\\?"\}')
PAGES = {"/", "/config", "/config/"}


class Page:
    """Pure ASGI middleware, so that streams pass through untouched; ``served`` is told of each page that went out."""

    def __init__(
        self, app: ASGIApp, bundle: Bundle, served: Callable[[], None], hosts: frozenset[str] | None = None
    ) -> None:
        self.app = app
        self.bundle = bundle
        self.served = served
        self.hosts = hosts
        self.headers = safety_headers(embedded=bool(os.environ.get("SPACE_ID")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused:
            answer = PlainTextResponse(say(refused, language_of(Request(scope))), 403)
            await answer(scope, receive, send)
            return
        if scope["method"] == "GET" and scope["path"] in PAGES:
            await self._page(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, with_headers)

    def _refused(self, scope: Scope) -> str:
        """The text that says why the request is not answered; empty where it is."""
        host = urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or ""
        if self.hosts is not None and host not in self.hosts:
            return "shell.wrong_host"
        return "" if same_origin(scope) else "shell.wrong_origin"

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
            body = localized(b"".join(parts).decode(), language, self.bundle).encode()
            headers = MutableHeaders(scope=start)
            headers.update(self.headers | {"content-length": str(len(body)), "cache-control": "no-store"})
            await send(start)
            await send({"type": "http.response.body", "body": body})
            self.served()

        await self.app({**scope, "headers": plain}, receive, collect)


def safety_headers(*, embedded: bool) -> dict[str, str]:
    """Headers of every answer; ``embedded`` lets Hugging Face show the page in its frame."""
    frames = "frame-ancestors 'self'" + (" https://huggingface.co https://*.hf.space" if embedded else "")
    own = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
    headers = {
        "content-security-policy": f"{own}; object-src 'none'; base-uri 'self'; {frames}",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    return headers if embedded else headers | {"x-frame-options": "SAMEORIGIN"}


def same_origin(scope: Scope) -> bool:
    """Whether a request that may change something comes from our own page, or from no page at all."""
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return True
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if not origin:
        return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    allowed = {headers.get("host", ""), headers.get("x-forwarded-host", "")} - {""}
    return urlsplit(origin).netloc in allowed


def localized(page: str, language: Language, bundle: Bundle) -> str:
    """``page`` with the marks of :func:`context.T` replaced, and our own head put first."""

    def text(match: re.Match[str]) -> str:
        return json.dumps(template(match[1], language), ensure_ascii=False)[1:-1]

    page = MARK.sub(text, page)
    page = page.replace('<html\n\tlang="en"', f'<html\n\tlang="{LOCALES[language]}"', 1)
    page = page.replace("<head>", f"<head>{bundle.head(language)}", 1)
    return re.sub("(<body[^>]*>)", lambda match: match[1] + bundle.body, page, count=1)
