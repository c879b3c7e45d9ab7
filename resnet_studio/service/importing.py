"""Data sets on their way in: each in a thread of its own, so that a closed or reloaded page loses nothing."""

from __future__ import annotations

import contextvars
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from resnet_studio import acting, belonging
from resnet_studio.errors import StudioError
from resnet_studio.limits import LimitError

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

KEPT = 50
MOST_AT_ONCE = 8
MOST_WAITING = 100
WAIT_SECONDS = 0.1


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """Raised inside the work at its next sign of progress."""


def place_of(name: str | None) -> str:
    """The place on the page that asked for the import called ``name``."""
    return (name or "").partition(".")[0]


class Import:
    """One data set being read. ``done`` of ``total`` (0 while unknown); then ``dataset``, or ``error``.

    ``waiting`` says that it has not begun, as many are being read.
    """

    def __init__(self, kind: str, left_out: int = 0) -> None:
        self.kind = kind
        self.owner = acting.owner()
        self.left_out = left_out
        self.waiting = True
        self.done = 0
        self.total = 0
        self.dataset: Dataset | None = None
        self.error: Exception | None = None
        self._cancel = threading.Event()
        self._ended = threading.Event()

    @property
    def cancelling(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._cancel.is_set()

    def progress(self, done: int, total: int) -> None:
        """Called by the work now and then; the place where a cancelled import ends."""
        if self.cancelling:
            raise Cancelled
        self.done, self.total = done, total

    def cancel(self) -> None:
        """Ask the work to end; it removes what it has written so far."""
        self._cancel.set()

    def wait(self, seconds: float) -> bool:
        """Whether the import has ended, after at most ``seconds``."""
        return self._ended.wait(seconds)

    def run(self, work: Callable[[Callable[[int, int], None]], Dataset], turn: Callable[[Import], bool]) -> None:
        """Do ``work`` once it is its ``turn``, and keep what came of it."""
        try:
            while not turn(self):
                self._cancel.wait(WAIT_SECONDS)
                self.progress(0, 0)
            self.waiting = False
            self.dataset = work(self.progress)
        except Exception as error:  # noqa: BLE001 - shown to the reader by the page that follows this import
            self.error = Cancelled() if self.cancelling else error
        finally:
            self._ended.set()


class Imports:
    """All imports of this server, by id; old ended ones are forgotten. Some are read at once, the others wait.

    One person has at most ``each``, 0 is no limit; ``met`` is called with the name of a limit that was met.
    """

    def __init__(self, each: int = 0, met: Callable[[str], None] = lambda _: None) -> None:
        self._each, self._met = each, met
        self._imports: dict[str, Import] = {}
        self._lock = threading.Lock()

    def start(
        self, kind: str, work: Callable[[Callable[[int, int], None]], Dataset], left_out: int = 0, place: str = ""
    ) -> str:
        """Begin ``work(progress)`` and return its id; ``kind`` names what is shown while it runs.

        The id begins with the ``place`` on the page that asked for it, which is known from it even after a restart.
        Raises :class:`StudioError` where too many wait already.
        """
        name, begun = f"{place}.{secrets.token_urlsafe(9)}", Import(kind, left_out)
        with self._lock:
            going = [each for each in self._imports.values() if not each.wait(0)]
            if begun.owner and self._each and sum(each.owner == begun.owner for each in going) >= self._each:
                self._met("imports_each")
                raise LimitError("imports_each", "error.limits.imports_each", most=self._each)
            if len(going) >= MOST_WAITING:
                raise StudioError("error.data.busy_reading", most=MOST_WAITING)
            for old in [key for key, value in self._imports.items() if value.wait(0)][:-KEPT]:
                del self._imports[old]
            self._imports[name] = begun
        context = contextvars.copy_context()  # what is imported is of whoever asked for it
        threading.Thread(
            target=context.run, args=(begun.run, work, self._is_next), name=f"import-{name}", daemon=True
        ).start()
        return name

    def _is_next(self, begun: Import) -> bool:
        with self._lock:
            going = [each for each in self._imports.values() if not each.wait(0)]  # in the order of asking
        return begun in going[:MOST_AT_ONCE]

    def get(self, name: str | None) -> Import | None:
        """The import called ``name``; None where it is not known, as after a restart, or somebody else's."""
        begun = self._imports.get(name or "")
        if begun is None or not acting.allowed("see", belonging.of_one("upload", begun.owner)):
            return None
        return begun

    def close(self) -> None:
        """Cancel everything, and give the work a moment to clean up."""
        running = [begun for begun in self._imports.values() if not begun.wait(0)]
        for begun in running:
            begun.cancel()
        for begun in running:
            begun.wait(2)
