"""What the page may send to its handlers at once: read whole, and refused where it is larger than any page sends.

Gradio reads and parses whatever comes, on the thread that answers everybody: 40 MB of ``[],[],[]`` took 2 GB and all
other pages waited for a minute.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope

from resnet_studio.text import say
from resnet_studio.ui.page.context import language_of

EVENTS = ("/gradio_api/run/predict", "/gradio_api/queue/join")
CONTROLS = ("/gradio_api/cancel", "/gradio_api/reset")
MOST_BYTES = 16 * 2**20
"""A folder of 60,000 pictures, each with its name here and there."""
MOST_VALUES = 500_000
"""As many commas, brackets and braces at most: each may become an object of 60 to 100 bytes."""
MOST_OF_A_CONTROL = 4096
MOST_AT_ONCE = 64 * 2**20


class EventBodies:
    """Reads the bodies of events; all together that are being read have at most ``most_at_once`` bytes."""

    def __init__(self, most_at_once: int = MOST_AT_ONCE) -> None:
        self.most_at_once, self.reading = most_at_once, 0

    async def read(self, scope: Scope, receive: Receive) -> Receive | JSONResponse:
        """``receive`` with the body in one piece, or the answer to a request that is too large, or comes when many
        large ones do; ``receive`` itself for what is no event.
        """
        path = scope["path"]
        if scope["method"] != "POST" or path not in (*EVENTS, *CONTROLS):
            return receive
        most, parts, size = MOST_BYTES if path in EVENTS else MOST_OF_A_CONTROL, list[bytes](), 0
        try:
            while True:
                message = await receive()
                part = message.get("body", b"")
                size, self.reading = size + len(part), self.reading + len(part)
                if size > most:
                    return _refused(scope, 413, "shell.event_too_large")
                if self.reading > self.most_at_once:
                    return _refused(scope, 503, "shell.uploads_busy")
                parts.append(part)
                if message["type"] != "http.request" or not message.get("more_body"):
                    break
        finally:
            self.reading -= size
        body = b"".join(parts)
        if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
            return _refused(scope, 413, "shell.event_too_large")
        return _once(body, message, receive)


def _once(body: bytes, last: Message, receive: Receive) -> Receive:
    """The ``body``, and then what comes after it: that the browser is gone, where that came already as ``last``."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    if last["type"] != "http.request":
        waiting.insert(0, last)

    async def receiving() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiving


def _refused(scope: Scope, status: int, key: str) -> JSONResponse:
    return JSONResponse({"detail": say(key, language_of(Request(scope)))}, status)
