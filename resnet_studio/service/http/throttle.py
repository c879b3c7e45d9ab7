"""So many requests a minute and no more, of one browser and of one address."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

KNOWN = 20_000
"""Of the names that asked last; the others count as new."""


class Throttle:
    """A bucket for each name that holds a minute's requests and fills steadily (a token bucket)."""

    def __init__(self, a_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now = a_minute, now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, name: str) -> int:
        """0 where ``name`` may ask now, which is counted; else in how many seconds."""
        if not self._most or not name:
            return 0
        with self._lock:
            now = self._now()
            left, at = self._buckets.pop(name, (float(self._most), now))
            left = min(float(self._most), left + (now - at) * self._most / 60)
            allowed = left >= 1
            self._buckets[name] = (left - 1 if allowed else left, now)
            while len(self._buckets) > KNOWN:
                self._buckets.popitem(last=False)
            return 0 if allowed else math.ceil((1 - left) * 60 / self._most)


class Throttled:
    """Pure ASGI middleware. ``names`` gives the browser and the address that a request comes from, either may be
    empty; ``refused`` makes the answer of a request that has to wait so many seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        browsers: Throttle,
        addresses: Throttle,
        names: Callable[[Scope], tuple[str, str]],
        refused: Callable[[Scope, int], ASGIApp],
    ) -> None:
        self.app = app
        self.browsers, self.addresses = browsers, addresses
        self.names, self.refused = names, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            browser, address = self.names(scope)
            if seconds := self.browsers.wait(browser) or self.addresses.wait(address):
                await self.refused(scope, seconds)(scope, receive, send)
                return
        await self.app(scope, receive, send)
