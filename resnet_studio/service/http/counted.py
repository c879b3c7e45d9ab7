"""Counts the answers of a server."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Counted:
    """Pure ASGI middleware; ``answered`` is called with the status of each answer."""

    def __init__(self, app: ASGIApp, answered: Callable[[int], None]) -> None:
        self.app = app
        self.answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answered(message["status"])
            await send(message)

        await self.app(scope, receive, sending if scope["type"] == "http" else send)
