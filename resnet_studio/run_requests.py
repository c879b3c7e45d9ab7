"""Asking whoever works on a run, in whichever process of the workspace, to stop or to pause: two files in its folder.

Whoever works on a run, or has it in a queue, announces a session in ``session.json``. A request names the session that
it is meant for in ``request.json``, so that it never outlives it: a run that is resumed has another session.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from resnet_studio import owners
from resnet_studio.durable import write_json
from resnet_studio.errors import StudioError

Request = Literal["stop", "pause"]
SESSION, REQUEST = "session.json", "request.json"
LOOK_SECONDS = 0.2
MOST_BYTES = 4096


@dataclass(frozen=True)
class RunSession:
    """One piece of work on a run, from its place in a queue to its end, and the process that does it."""

    id: str
    owner: str

    @property
    def gone(self) -> bool:
        """Whether the process behind it has ended; not known of another machine, and then it counts as there."""
        return owners.is_alive(self.owner) is False


def new_session() -> RunSession:
    """A session of this process."""
    return RunSession(secrets.token_hex(8), owners.this_process())


def announce(folder: Path, session: RunSession) -> None:
    """Let others ask ``session`` about the run in ``folder``; what was asked of an earlier session is dropped.

    Where the disk is full nobody can ask, and the work goes on.
    """
    if session_of(folder) == session:
        return
    with suppress(StudioError, OSError):
        (folder / REQUEST).unlink(missing_ok=True)
        write_json(folder / SESSION, {"session": session.id, "owner": session.owner})


def withdraw(folder: Path, session: RunSession) -> None:
    """The end of ``session``, where it is still the one that was announced."""
    if session_of(folder) == session:
        with suppress(OSError):
            (folder / SESSION).unlink(missing_ok=True)
            (folder / REQUEST).unlink(missing_ok=True)


def session_of(folder: Path) -> RunSession | None:
    """Who was announced last for the run in ``folder``; its process may be gone."""
    content = _read(folder / SESSION)
    session, owner = content.get("session"), content.get("owner")
    return RunSession(session, owner) if isinstance(session, str) and isinstance(owner, str) else None


def abandoned(folder: Path) -> bool:
    """Whether the process that was to work on the run in ``folder`` has ended without saying so."""
    session = session_of(folder)
    return session is not None and session.gone


def ask(folder: Path, session: RunSession, request: Request) -> None:
    """Ask ``session`` for the end of its work. Raises :class:`StudioError` where the disk cannot be written to."""
    write_json(folder / REQUEST, {"session": session.id, "request": request})


def asked(folder: Path, session: RunSession) -> Request | None:
    """What ``session`` is asked for, if anything."""
    content = _read(folder / REQUEST)
    request = content.get("request")
    return request if content.get("session") == session.id and request in ("stop", "pause") else None


@contextmanager
def listening(folders: Sequence[Path], session: RunSession, act: Callable[[Request], None]) -> Iterator[None]:
    """Announce ``session`` for ``folders`` and call ``act``, in a thread of its own, as soon as a request comes.

    A look opens one file a folder, five times a second, which no training notices. A request that came in the very
    last moment is acted on before this ends.
    """
    for folder in folders:
        announce(folder, session)
    over = threading.Event()

    def look() -> None:
        for folder in folders:
            if (request := asked(folder, session)) is not None:
                act(request)

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            look()

    thread = threading.Thread(target=watch, name="requests", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        look()
        for folder in folders:
            withdraw(folder, session)


def _read(path: Path) -> dict[str, Any]:
    """The object in ``path``; empty where there is none, or where it makes no sense."""
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
