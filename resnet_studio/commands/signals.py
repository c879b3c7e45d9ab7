"""How the keyboard and the system end what a command does."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resnet_studio.training.control import Control


def control_from_signals() -> Control:
    """Ctrl-C stops the training and keeps the best, a second one ends at once; SIGTERM pauses it for resuming."""
    from resnet_studio.training.control import Control

    control = Control()

    def interrupted(*_: object) -> None:
        if control.request:
            raise KeyboardInterrupt
        control.stop()

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, lambda *_: control.pause())
    return control
