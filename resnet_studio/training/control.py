"""How a training is asked to stop or pause."""

from __future__ import annotations

import threading

from resnet_studio.run_requests import Request


class Control:
    """Checked by the loop in each batch. ``stop`` ends it and saves the best model; ``pause`` only saves the state."""

    def __init__(self) -> None:
        self._changed = threading.Event()
        self._request: Request | None = None

    @property
    def request(self) -> Request | None:
        """The request, if any."""
        return self._request

    def stop(self) -> None:
        """End within a batch, keep the best model and score it."""
        self._request = "stop"
        self._changed.set()

    def pause(self) -> None:
        """Save the state within a batch and end; the run can be resumed. Overrides ``stop``."""
        self._request = "pause"
        self._changed.set()

    def act(self, request: Request) -> None:
        """Apply a request of another process; a pause requested here is not turned into a mere stop."""
        if request == "pause":
            self.pause()
        elif self._request is None:
            self.stop()

    def wait(self, seconds: float) -> bool:
        """Wait up to ``seconds`` for a request; whether there is one."""
        return self._changed.wait(seconds)
