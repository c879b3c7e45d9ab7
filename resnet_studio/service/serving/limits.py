"""How much may be asked: the size and number of pictures, requests a second, what may wait."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

MB = 2**20
CLIENTS = 10_000
"""So many senders are remembered."""


@dataclass(frozen=True)
class Limits:
    """``picture_bytes`` of one picture, ``request_bytes`` of a whole request, ``pictures`` in one; ``rate`` requests a
    second from one token, or one address where none is needed, and ``burst`` of them at once; ``waiting`` pictures that
    are at work or wait; ``receiving_bytes`` of all requests that are on their way in.
    """

    picture_bytes: int = 20 * MB
    request_bytes: int = 64 * MB
    pictures: int = 64
    rate: float = 100.0
    burst: int = 200
    waiting: int = 512
    receiving_bytes: int = 512 * MB


class Rate:
    """A token bucket for each sender: ``rate`` a second, ``burst`` at once; 0 is no limit."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, float(max(1, burst)), clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, sender: str) -> float:
        """Take one; 0 where there was one, else the seconds until there is."""
        if self._rate <= 0:
            return 0.0
        with self._lock:
            now = self._clock()
            left, since = self._left.pop(sender, (self._burst, now))
            left = min(self._burst, left + (now - since) * self._rate)
            missing = max(0.0, 1 - left)
            self._left[sender] = (left if missing else left - 1, now)
            while len(self._left) > CLIENTS:
                self._left.popitem(last=False)
        return missing / self._rate
