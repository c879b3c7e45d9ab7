"""Connections that begin a request and never finish it are closed, so that they cannot block the page for others.

uvicorn waits for the rest of a request without a limit. Here its head has to arrive within seconds, and its body has
to keep coming; where very many requests are unfinished at once, the oldest are closed to let new ones in. A connection
whose request has arrived is never touched, however long the answer takes. Relies on ``cycle`` (the request being
answered, with ``more_body`` and ``response_complete``) and ``flow.read_paused`` of uvicorn's protocols.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_SECONDS = 15.0
BODY_SECONDS = 30.0
"""The longest pause within a body."""
SLOWEST_BYTES = 256
"""A body has to bring this many bytes a second, once :data:`GRACE_SECONDS` are over."""
GRACE_SECONDS = 60.0
CHECK_SECONDS = 2.0
MOST_UNFINISHED = 400
MOST_OF_ONE = 200
"""Unfinished requests of one address: a class behind one router has far fewer at any moment."""
FILES = 65_536


@dataclass
class PendingRequests:
    """All connections with an unfinished request, the oldest first, by address too."""

    most: int = MOST_UNFINISHED
    most_of_one: int = MOST_OF_ONE
    all: OrderedDict[Any, str] = field(default_factory=OrderedDict)

    def add(self, connection: Any, address: str) -> None:
        """Note that ``connection`` waits for the rest of a request; closes the oldest where there are too many."""
        self.all[connection] = address
        own = [other for other, theirs in self.all.items() if theirs == address]
        if len(own) > self.most_of_one:
            own[0].close_now("many")
        elif len(self.all) > self.most:
            next(iter(self.all)).close_now("many")

    def remove(self, connection: Any) -> None:
        """Note that the request of ``connection`` has arrived, or that it is gone."""
        self.all.pop(connection, None)


class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol, with a time limit for the rest of a request."""

    unfinished = PendingRequests()

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A connection, which has to bring a request now."""
        super().connection_made(transport)
        self._started_at = self._last = asyncio.get_running_loop().time()
        self._bytes = 0
        self._check: asyncio.TimerHandle | None = None
        self._begin()

    def data_received(self, data: bytes) -> None:
        """More of a request, or the next one."""
        now, before = asyncio.get_running_loop().time(), self._awaited()
        super().data_received(data)
        self._last, self._bytes = now, self._bytes + len(data)
        after = self._awaited()
        if before != after or self._check is None:
            self._started_at, self._bytes = now, 0
        if after:
            self._begin()
        else:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._end()
        super().connection_lost(exc)

    def close_now(self, why: str) -> None:
        """Close the connection at once."""
        logging.getLogger(__name__).info("a request of %s was never finished (%s)", self.client, why)
        self._end()
        self.transport.abort()

    def _awaited(self) -> str:
        """What is still to come: the ``head`` of a request, its ``body``, or nothing."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return "head"
        return "body" if cycle.more_body else ""

    def _begin(self) -> None:
        if self._check is None and not self.transport.is_closing():
            self.unfinished.add(self, self.client[0] if self.client else "")
            self._check = asyncio.get_running_loop().call_later(CHECK_SECONDS, self._check_progress)

    def _end(self) -> None:
        self.unfinished.remove(self)
        if self._check is not None:
            self._check.cancel()
            self._check = None

    def _check_progress(self) -> None:
        """Give up where the rest of the request is overdue, else look again."""
        self._check = None
        now, waiting = asyncio.get_running_loop().time(), self._awaited()
        if self.transport.get_protocol() is not self:  # it became a web socket
            waiting = ""
        elif self.flow.read_paused:  # we are the slow ones
            self._started_at, self._last, self._bytes = now, now, 0
        if waiting == "head" and now - self._started_at > HEAD_SECONDS:
            self.close_now("head")
        elif waiting == "body" and (now - self._last > BODY_SECONDS or self._too_slow(now)):
            self.close_now("body")
        elif waiting:
            self._check = asyncio.get_running_loop().call_later(CHECK_SECONDS, self._check_progress)
        else:
            self._end()

    def _too_slow(self, now: float) -> bool:
        took = now - self._started_at
        return took > GRACE_SECONDS and self._bytes < SLOWEST_BYTES * took


def allow_many_files() -> None:
    """Raise the limit of open connections to what the system allows; many systems begin with 256 or 1,024."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
