"""One of the processes of a training on several devices, as :mod:`resnet_studio.training.launch` starts them."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from resnet_studio import compiler
from resnet_studio.training import driving, world
from resnet_studio.training.control import Control
from resnet_studio.workspace import Run


def _pause_when_alone(control: Control) -> None:
    """Save and end once the process that started this one is gone."""
    while sys.stdin.buffer.read(1):
        pass
    control.pause()


def main(folder: str) -> int:
    """Train the run in ``folder`` along with the others; returns the exit status."""
    run, control = Run(Path(folder)), Control()
    signal.signal(signal.SIGTERM, lambda *_: control.pause())
    threading.Thread(target=_pause_when_alone, args=(control,), daemon=True).start()
    if world.is_follower():
        return 0 if driving.follow(world.join()) else 1
    driving.carry_out(driving.Job((run,), control), driving.drive)
    return 0


if __name__ == "__main__":
    compiler.defer()
    status = main(sys.argv[1])
    sys.stdout.flush()
    os._exit(status)
