"""The last failure of the server: what kind, where and when, without a word of what the message said."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

LOGGER = "resnet_studio"


@dataclass(frozen=True)
class Fault:
    """One failure. ``kind`` is an exception's class or the key of a sentence, ``where`` a module of the package."""

    kind: str
    where: str
    time: float

    def to_json(self) -> dict[str, str]:
        """As plain JSON values."""
        at = datetime.fromtimestamp(self.time, UTC).isoformat(timespec="seconds")
        return {"kind": self.kind, "where": self.where, "at": at}


class Faults(logging.Handler):
    """Hears every error that the package logs, and what is noted by :meth:`note`. ``heard`` is called with each.

    Messages are not kept, since they may name pictures or people.
    """

    def __init__(self, heard: Callable[[Fault], None] = lambda _: None) -> None:
        super().__init__(logging.ERROR)
        self.last: Fault | None = None
        self._heard = heard
        self._noting = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Note what was logged."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else record.levelname.lower()
        self.note(Fault(kind, record.name, record.created))

    def note(self, fault: Fault) -> None:
        """Remember ``fault`` as the last one."""
        with self._noting:
            self.last = fault
        self._heard(fault)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear what is logged within the block."""
        logger = logging.getLogger(LOGGER)
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)
