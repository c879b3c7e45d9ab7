"""Who did what to what, and when: ``audit/audit.jsonl`` of the workspace, a line for each act.

It names people as runs name their owners, and runs and data sets by id; never a picture. Old files are kept up to
:data:`FILES` of :data:`MOST_BYTES` each.
"""

from __future__ import annotations

import getpass
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import Timeout

from resnet_studio.durable import json_bytes, make_folder
from resnet_studio.errors import StudioError
from resnet_studio.locks import Lock
from resnet_studio.workspace import Workspace

FOLDER, FILE = "audit", "audit.jsonl"
MOST_BYTES = 5 * 2**20
FILES = 10
LONGEST = 300
ROTATING_SECONDS = 5.0


@dataclass(frozen=True)
class Act:
    """One act: ``who`` did ``what`` to ``target``, at ``time`` in seconds since 1970."""

    time: float
    who: str
    what: str
    target: str

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        at = datetime.fromtimestamp(self.time, UTC).isoformat(timespec="seconds")
        return {"at": at, "who": self.who, "what": self.what, "target": self.target}


def record(workspace: Workspace, who: str, what: str, target: str = "") -> None:
    """Write down that ``who`` did ``what`` (such as ``run.delete``) to ``target``; a full disk stops nobody."""
    path = workspace.root / FOLDER / FILE
    act = {"time": round(time.time(), 3), "who": who[:LONGEST], "what": what, "target": target[:LONGEST]}
    try:
        make_folder(path.parent)
        _rotate(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, json_bytes(act) + b"\n")  # whole, beside what other programs append
        finally:
            os.close(descriptor)
    except (OSError, StudioError):
        logging.getLogger(__name__).warning("what was done could not be written down", exc_info=True)


def acts(workspace: Workspace) -> Iterator[Act]:
    """All that is kept, the last one first."""
    folder = workspace.root / FOLDER
    for path in (folder / FILE, *(_numbered(folder / FILE, number) for number in range(1, FILES))):
        with suppress(OSError):
            for line in reversed(path.read_bytes().splitlines()):
                if (act := _parsed(line)) is not None:
                    yield act


def user_here() -> str:
    """Whoever runs a program of this machine, as the log names them."""
    try:
        return f"user:{getpass.getuser()}"
    except (OSError, KeyError, ImportError):  # an account without a name
        return f"user:{os.getuid() if hasattr(os, 'getuid') else ''}"


def _parsed(line: bytes) -> Act | None:
    try:
        values = json.loads(line)
        return Act(float(values["time"]), str(values["who"]), str(values["what"]), str(values["target"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _rotate(path: Path) -> None:
    """Where the file is full, make it the first of the old ones; of several programs one does that."""
    if not _is_full(path):
        return
    with suppress(Timeout), Lock(path.with_name(".rotating.lock")).acquire(ROTATING_SECONDS):
        if _is_full(path):
            for number in range(FILES - 1, 0, -1):
                older = _numbered(path, number - 1) if number > 1 else path
                with suppress(FileNotFoundError):
                    older.replace(_numbered(path, number))


def _is_full(path: Path) -> bool:
    try:
        return path.stat().st_size >= MOST_BYTES
    except OSError:
        return False


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}.{number}{path.suffix}")
