"""Orders of pictures that are worked out in the background: the last few are held, and begun once each."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

KEPT = 4


class Working(Protocol):
    """What a thread works out; ``error`` is why it could not."""

    error: Exception | None


Order = TypeVar("Order", bound=Working)


class Orders(Generic[Order]):
    """The last few orders by what they are of. Safe to use from many threads; one is worked out at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._orders: OrderedDict[Hashable, Order] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def begin(self, key: Hashable, order: Order, work: Callable[[Order, threading.Lock], None]) -> Order:
        """The order of ``key``; where there is none, ``order``, which a thread of its own begins to ``work`` out,
        holding the lock that it is given while it computes. An error is said once: whoever asks after that tries again.
        """
        with self._lock:
            known = self._orders.get(key)
            if known is not None:
                if known.error is not None:
                    del self._orders[key]
                return known
            self._orders[key] = order
            while len(self._orders) > KEPT:
                self._orders.popitem(last=False)
        threading.Thread(target=self._work, args=(order, work), name=self._name, daemon=True).start()
        return order

    def __bool__(self) -> bool:
        """Whether any has been begun."""
        return bool(self._orders)

    def get(self, key: Hashable) -> Order | None:
        """The order of ``key``, where it has been begun and is still held."""
        with self._lock:
            return self._orders.get(key)

    def _work(self, order: Order, work: Callable[[Order, threading.Lock], None]) -> None:
        try:
            work(order, self._turn)
        except Exception as error:  # noqa: BLE001 - shown by whoever asks for it
            order.error = error
