"""The pictures in a request: files of a form, or base64 in JSON; one or many, and never more than was allowed."""

from __future__ import annotations

import base64
import binascii
import io
import json
from dataclasses import dataclass
from typing import IO, Any

from anyio import move_on_after
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Message

from resnet_studio.errors import StudioError
from resnet_studio.service.serving.limits import MB, Limits

FORM, JSON = "multipart/form-data", "application/json"
MOST_VALUES = 20_000
"""More in a text of JSON than any request needs; a few MB of empty lists would take gigabytes once they are read."""

MOST_DISCARDED, PATIENCE = 256 * MB, 3.0
"""Of a refused request: how many bytes are read, and how many seconds the next ones may take."""


class Refused(Exception):  # noqa: N818 - an answer
    """A request that gets a sentence instead of answers; ``wait`` are the seconds after which to try again."""

    def __init__(self, status: int, key: str, *, wait: float = 0.0, **values: Any) -> None:
        super().__init__(key)
        self.status, self.key, self.values, self.wait = status, key, values, wait

    @classmethod
    def because(cls, status: int, error: StudioError) -> Refused:
        """With the sentence of ``error``."""
        values: dict[str, Any] = dict(error.values)
        return cls(status, error.key, **values)


@dataclass(frozen=True)
class RequestPicture:
    """One picture of a request: what it is called, and its content."""

    name: str
    content: IO[bytes]


async def discard(request: Request) -> None:
    """Read the rest of a ``request`` that is refused: with bytes unread the system resets the connection when it is
    closed, and whoever still sends pictures would never see the answer. Those who wait for leave to send get none.
    """
    left, begun = MOST_DISCARDED, hasattr(request.state, "whole")
    if not begun and request.headers.get("expect", "").lower() == "100-continue":
        return
    while left > 0 and not getattr(request.state, "whole", False):
        with move_on_after(PATIENCE) as waiting:
            message = await request.receive()
        if waiting.cancelled_caught:
            return
        request.state.whole = not message.get("more_body")
        left -= len(message.get("body", b""))


class Receiving:
    """Reads requests, of which so many bytes may be on their way in at any moment."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bytes = 0

    async def pictures(self, request: Request) -> list[RequestPicture]:
        """The pictures in ``request``. Raises :class:`Refused`."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (FORM, JSON):
            raise Refused(415, "error.serve.media_type")
        expected = self._expected(request)
        self._bytes += expected
        try:
            found = await (self._form(request) if kind == FORM else self._json(request))
        finally:
            self._bytes -= expected
        if not found:
            raise Refused(400, "error.serve.no_picture")
        if len(found) > self._limits.pictures:
            raise Refused(422, "error.serve.too_many", count=len(found), most=self._limits.pictures)
        return found

    def _expected(self, request: Request) -> int:
        """How many bytes to reckon with: what the request says, else the most that it may bring."""
        length = request.headers.get("content-length", "")
        known = int(length) if length.isascii() and length.isdecimal() else self._limits.request_bytes
        if known > self._limits.request_bytes:
            raise Refused(413, "error.serve.request_size", most=self._limits.request_bytes / MB)
        if self._bytes + known > self._limits.receiving_bytes:
            raise Refused(503, "error.serve.busy", wait=1.0)
        return known

    def _counted(self, request: Request) -> Request:
        """``request``, which may bring no more bytes than are allowed, whatever it says."""
        size = 0

        async def receive() -> Message:
            nonlocal size
            message = await request.receive()
            size += len(message.get("body", b""))
            request.state.whole = not message.get("more_body")
            if size > self._limits.request_bytes:
                raise Refused(413, "error.serve.request_size", most=self._limits.request_bytes / MB)
            return message

        return Request(request.scope, receive)

    async def _form(self, request: Request) -> list[RequestPicture]:
        most = self._limits.pictures
        counted = self._counted(request)
        parser = MultiPartParser(counted.headers, counted.stream(), max_files=most + 1, max_fields=most)
        try:
            form = await parser.parse()
        except (MultiPartException, KeyError, ValueError) as error:
            if "Too many files" in str(error):
                raise Refused(422, "error.serve.too_many", count=most + 1, most=most) from error
            raise Refused(400, "error.serve.form") from error
        found: list[RequestPicture] = []
        for _, value in form.multi_items():
            if isinstance(value, UploadFile):
                self._check_size(value.size or 0, value.filename or "picture")
                found.append(RequestPicture(value.filename or f"picture {len(found) + 1}", value.file))
        return found

    async def _json(self, request: Request) -> list[RequestPicture]:
        content = await self._counted(request).body()
        if content.count(b",") > MOST_VALUES:
            raise Refused(400, "error.serve.json")
        try:
            given = json.loads(content)
            texts = given["pictures"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise Refused(400, "error.serve.json") from error
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refused(400, "error.serve.json")
        if len(texts) > self._limits.pictures:
            raise Refused(422, "error.serve.too_many", count=len(texts), most=self._limits.pictures)
        return [self._decoded(text, f"picture {at}") for at, text in enumerate(texts, 1)]

    def _decoded(self, text: str, name: str) -> RequestPicture:
        """A picture in base64, alone or as a ``data:`` address."""
        if text.startswith("data:"):
            text = text.partition(",")[2]
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused(400, "error.serve.base64", name=name) from error
        self._check_size(len(content), name)
        return RequestPicture(name, io.BytesIO(content))

    def _check_size(self, size: int, name: str) -> None:
        if size > self._limits.picture_bytes:
            raise Refused(413, "error.serve.picture_size", name=name, most=self._limits.picture_bytes / MB)
