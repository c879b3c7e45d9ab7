"""A training on several devices: one process for each, started, watched and ended together.

The run's folder is how they are asked for the end, and its log how they are watched, as with any other process. When
one of them dies, the others are ended; what was saved can be resumed.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.errors import RunError
from resnet_studio.events import Event, Interrupted
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from resnet_studio.run_requests import Request
    from resnet_studio.training.control import Control

LOOK_SECONDS = 0.1
GRACE_SECONDS = 20.0
"""How long the others may take to end by themselves once one process has ended."""


def train_on_several(
    run: Run, control: Control, devices: int, on_event: Callable[[Event], None] | None = None
) -> Event | None:
    """Train ``run`` in ``devices`` processes and wait for their end; returns the last event.

    ``on_event`` is called with the events as they are logged; ``control`` reaches rank 0 through the run's folder.
    """
    if run.held():
        raise RunError("error.run.busy", run=run.id)
    offset = run.log.read()[1]
    children = start_processes(run, devices)
    forwarded: Request | None = None
    last: Event | None = None
    try:
        while True:
            working = any(child.poll() is None for child in children)
            events, offset = run.log.read(offset)
            for last in events:
                if on_event is not None:
                    on_event(last)
            if not working:
                break
            if control.request != forwarded and _forward(run, control.request):
                forwarded = control.request
            if any(child.poll() is not None for child in children):
                _end(children)
                continue
            time.sleep(LOOK_SECONDS)
    finally:
        _kill(children)
    return last if run.state().status != "interrupted" or isinstance(last, Interrupted) else _interrupted(run, on_event)


def start_processes(run: Run, devices: int) -> list[subprocess.Popen[bytes]]:
    """One process for each of ``devices``; they find each other at a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(devices)}
    command = [sys.executable, "-m", "resnet_studio.training.member", str(run.folder)]
    package = str(Path(__file__).parent.parent.parent)
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    return [
        subprocess.Popen(
            command,
            env={**os.environ, **shared, "PYTHONPATH": path, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdin=subprocess.PIPE,  # its end tells them that this process is gone
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches them as a request, once
        )
        for rank in range(devices)
    ]


def _forward(run: Run, request: Request | None) -> bool:
    """Ask rank 0 for the end, where it listens already."""
    from resnet_studio import owners, run_requests

    session = run_requests.session_of(run.folder)
    if request is None or session is None or session.gone or session.owner == owners.this_process():
        return request is None
    run_requests.ask(run.folder, session, request)
    return True


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """One has ended: rank 0 may write down why, then all of them are ended."""
    until = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < until and any(child.poll() is None for child in children):
        if children[0].poll() is not None:
            break
        time.sleep(LOOK_SECONDS)
    _kill(children)


def _kill(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.kill()
    for child in children:
        child.wait()
        if child.stdin is not None:
            child.stdin.close()


def _interrupted(run: Run, on_event: Callable[[Event], None] | None) -> Event:
    """Rank 0 died without a word: the log says so."""
    with run.lock().acquire(timeout=2):
        last = run.append(Interrupted(key="error.devices.lost"))
    if on_event is not None:
        on_event(last)
    return last
