"""Streams and handlers that there are not are refused: old tabs ask for them after a restart, and who tries numbers.

Gradio fails at them with an answer cut short, and 10 KB in the log for each.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from fastapi import HTTPException
from gradio.blocks import Blocks
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from resnet_studio.text import say
from resnet_studio.ui.page.context import language_of

STREAM = "/gradio_api/queue/data"


class KnownStreams:
    """Pure ASGI middleware; ``queue`` is Gradio's, which knows the pages whose events are under way."""

    def __init__(self, app: ASGIApp, queue: Any) -> None:
        self.app = app
        self.queue = queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"].endswith(STREAM):
            named = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("session_hash", [""])
            if named[-1] not in self.queue.pending_messages_per_session:
                await PlainTextResponse(say("shell.closed", language_of(Request(scope))), 404)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class KnownHandlers(dict[int, Any]):
    """The handlers of a page by number; another number is refused."""

    def __missing__(self, number: int) -> Any:
        """See the class."""
        raise HTTPException(404, say("shell.closed"))


def refuse(demo: Blocks) -> None:
    """Let the page ``demo`` refuse numbers that none of its handlers has."""
    demo.default_config.fns = KnownHandlers(demo.default_config.fns)
