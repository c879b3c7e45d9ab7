"""One search at a time, in a thread of its own, while nothing trains: on one device, each would slow the other down."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from resnet_studio import acting, belonging
from resnet_studio.errors import RunError, StudioError
from resnet_studio.training import hold
from resnet_studio.training.control import Control

if TYPE_CHECKING:
    from resnet_studio.training.jobs import Jobs
    from resnet_studio.workspace import Workspace

STOP_SECONDS = 5.0
Status = TypeVar("Status")


class Alone(Generic[Status]):
    """Holds the status of its work; the text of ``training`` or ``busy`` says why it cannot begin.

    Where there are accounts, the work is done in the name of whoever began it, and others are shown that nothing is.
    """

    beside: Callable[[], bool] = staticmethod(lambda: False)
    """Whether work of another kind is going on, beside which this may not begin."""

    def __init__(self, workspace: Workspace, jobs: Jobs, status: Status, *, training: str, busy: str) -> None:
        self.workspace, self._jobs = workspace, jobs
        self._idle = self._status = status
        self._owner = ""
        self._training, self._busy = training, busy
        self._lock = threading.Lock()
        self._working = False
        self._control = Control()
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> Status:
        """The current status; that nothing was begun where somebody else did."""
        return self._status if acting.allowed("see", belonging.of_one("dataset", self._owner)) else self._idle

    @status.setter
    def status(self, status: Status) -> None:
        self._status = status

    @property
    def working(self) -> bool:
        """Whether anybody's work is going on."""
        return self._working

    @property
    def stopping(self) -> bool:
        """Whether the work was asked to end and has not yet."""
        return self._working and self._control.request is not None

    def begin(self, first: Status, work: Callable[[Control], Status], failed: Callable[[StudioError], Status]) -> None:
        """Do ``work`` in the background; the status is ``first``, then what it returns, or what ``failed`` makes of its
        error. Raises :class:`RunError` while a training, or other work of this kind, is going on, or training is off.
        """
        hold.check(self.workspace)
        with self._lock:
            if self._jobs.queued() or self._jobs.running():
                raise RunError(self._training)
            if self._working:
                raise RunError(self._busy)
            if self.beside():
                raise RunError("error.search.beside")
            self._working, self.status, self._control = True, first, Control()
            self._owner = acting.owner()
            args = (self._work, work, failed, self._control)
            context = contextvars.copy_context()  # runs of the search are of whoever began it
            self._thread = threading.Thread(target=context.run, args=args, name="search", daemon=True)
            self._thread.start()

    def give_way(self) -> None:
        """End the work where a training has begun, or training was switched off: it can go on afterwards."""
        if self._jobs.running() or hold.held(self.workspace.root) is not None:
            self._control.stop()

    def stop(self) -> None:
        """End the work, if there is any, and wait a little until it has."""
        self._control.stop()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _work(
        self, work: Callable[[Control], Status], failed: Callable[[StudioError], Status], control: Control
    ) -> None:
        from resnet_studio.training.hardware import lower_priority

        lower_priority()
        try:
            status = work(control)
        except StudioError as error:
            status = failed(error)
        except Exception as error:  # the outer boundary of the thread: the page says that something went wrong
            logging.getLogger(__name__).exception("a search failed")
            status = failed(StudioError("error.unexpected", kind=type(error).__name__))
        self._working, self.status = False, status
