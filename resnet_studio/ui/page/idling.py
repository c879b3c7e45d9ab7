"""Gradio looks for events again and again; while nobody does anything, it looks less often.

It has no signal for a new event, only a pause between two looks, which it reads each time.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

BUSY_SECONDS, IDLE_SECONDS = 0.03, 0.2
AWAKE_SECONDS = 30.0
"""So long after the last request of a page it counts as used."""
WAITING = ("/studio/live", "/gradio_api/heartbeat", "/gradio_api/queue/data", "/healthz", "/metrics")
"""What pages that nobody touches ask for."""


class Idling:
    """Pure ASGI middleware; ``queue`` is Gradio's."""

    def __init__(self, app: ASGIApp, queue: Any) -> None:
        self.app = app
        self.queue = queue
        self.queue.sleep_when_free = IDLE_SECONDS
        self._later: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and not scope["path"].startswith(WAITING):
            self._wake()
        await self.app(scope, receive, send)

    def _wake(self) -> None:
        if self._later is not None:
            self._later.cancel()
        self.queue.sleep_when_free = BUSY_SECONDS
        self._later = asyncio.get_running_loop().call_later(AWAKE_SECONDS, self._rest)

    def _rest(self) -> None:
        self.queue.sleep_when_free = IDLE_SECONDS
