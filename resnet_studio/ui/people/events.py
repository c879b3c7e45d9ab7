"""Events of one person stay with that person: a browser makes up the names that Gradio keeps events, states and uploads
under, so that whoever knew that of somebody else could read their answers. Each name gets the person's own mark.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.types import Message, Receive, Scope

from resnet_studio.service.people.rules import Nobody, Person

HEARTBEAT = "/gradio_api/heartbeat/"
IN_THE_BODY = ("/gradio_api/run/predict", "/gradio_api/queue/join", "/gradio_api/cancel")
CANCEL = "/gradio_api/cancel"
IN_THE_QUERY = {
    "/gradio_api/queue/data": "session_hash",
    "/gradio_api/upload": "upload_id",
    "/gradio_api/upload_progress": "upload_id",
}


@dataclass
class Events:
    """``events_of`` gives the ids of the events of a session that Gradio has under way."""

    events_of: Callable[[str], Container[str]]
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def mark(self, name: str, who: Person | Nobody) -> str:
        """What ``name``, which a browser of ``who`` made up, is called in here."""
        return hmac.new(self.key, f"{who.id}\0{name}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    async def own(self, scope: Scope, receive: Receive, who: Person | Nobody) -> tuple[Scope, Receive] | None:
        """``scope`` and ``receive`` with the names marked; None where it would end an event of somebody else."""
        path = scope["path"]
        if path.startswith(HEARTBEAT):
            marked = HEARTBEAT + self.mark(path.removeprefix(HEARTBEAT), who)
            return {**scope, "path": marked, "raw_path": marked.encode()}, receive
        if (parameter := IN_THE_QUERY.get(path)) is not None:
            pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            query = urlencode([(key, self.mark(value, who) if key == parameter else value) for key, value in pairs])
            return {**scope, "query_string": query.encode("latin-1")}, receive
        if path in IN_THE_BODY and scope["method"] == "POST":
            return await self._in_the_body(scope, receive, who)
        return scope, receive

    async def _in_the_body(self, scope: Scope, receive: Receive, who: Person | Nobody) -> tuple[Scope, Receive] | None:
        body = await _whole(receive)
        try:
            sent = json.loads(body)
        except (ValueError, RecursionError):
            sent = None
        if not isinstance(sent, dict):  # Gradio says what is wrong with it
            return _with_body(scope, b"{}", receive)
        if isinstance(sent.get("session_hash"), str):
            sent["session_hash"] = self.mark(sent["session_hash"], who)
        if scope["path"] == CANCEL and not self._is_theirs(sent):
            return None
        return _with_body(scope, json.dumps(sent).encode(), receive)

    def _is_theirs(self, sent: dict[str, Any]) -> bool:
        session, event = sent.get("session_hash"), sent.get("event_id")
        return isinstance(session, str) and isinstance(event, str) and event in self.events_of(session)


async def _whole(receive: Receive) -> bytes:
    """The body of a request, which was looked at before (:mod:`resnet_studio.ui.page.event_bodies`)."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return b"".join(parts)


def _with_body(scope: Scope, body: bytes, receive: Receive) -> tuple[Scope, Receive]:
    """``scope`` with another ``body``; what comes after that, as that the browser is gone, comes from ``receive``."""
    headers = [each for each in scope["headers"] if each[0].lower() not in (b"content-length", b"transfer-encoding")]
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return waiting.pop() if waiting else await receive()

    return {**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}, receiving
