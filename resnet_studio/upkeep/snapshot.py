"""The files of a workspace as they are at one moment, folder by folder, while others go on writing.

Whoever writes here either replaces whole files by renaming (:mod:`resnet_studio.durable`) or appends lines. So a hard
link keeps the version of a file that was there, a length keeps that of a log, and a folder whose files did not change
while they were linked is frozen as it was at one moment.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from resnet_studio import owners
from resnet_studio.durable import make_folder
from resnet_studio.workspace import Workspace

FIRST = ("runs", "predictions")
"""Runs before the data sets that they were made from: what a run needs is then there too."""
NOT_KEPT = frozenset({"cache", "temporary", "logs", "browser-secret", "https"})
"""Below the workspace: what can be computed again, and secrets of this machine, which are made anew."""
NEVER = frozenset({"session.json", "request.json", "lock", "reserve", ".queue", ".programs"})
"""What only concerns programs that run now; a prediction's ``request.json`` is another file."""
LOGS = frozenset({".jsonl"})
SQLITE = b"SQLite format 3\0"
TRIES = 50


@dataclass(frozen=True)
class Frozen:
    """One file: its path in the workspace (POSIX), where to read it, and how many bytes of it count."""

    path: str
    file: Path
    size: int
    modified: float


@contextmanager
def snapshot(workspace: Workspace) -> Iterator[Iterator[Frozen]]:
    """All files worth keeping, frozen folder by folder as they are asked for.

    The links lie in the workspace until the block ends; what a killed program leaves of them is cleaned up later.
    """
    links = workspace.temporary / f".snapshot.{owners.this_process()}.{secrets.token_hex(4)}.tmp"
    make_folder(links)
    try:
        yield _folders(workspace.root, links)
    finally:
        shutil.rmtree(links, ignore_errors=True)


def _folders(root: Path, links: Path) -> Iterator[Frozen]:
    tops = sorted(_listed(root), key=lambda path: (path.name not in FIRST, path.name))
    yield from _frozen(root, root, links)
    for top in tops:
        if top.is_dir():
            for folder, folders, _ in os.walk(top):
                here = Path(folder)
                folders[:] = sorted(name for name in folders if _counts(here / name, root))
                yield from _frozen(here, root, links)


def _listed(folder: Path, root: Path | None = None) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if _counts(path, root or folder))
    except OSError:  # it was deleted
        return []


def _counts(path: Path, root: Path) -> bool:
    name, parts = path.name, path.relative_to(root).parts
    if len(parts) == 1 and name in NOT_KEPT:
        return False
    if path.is_symlink() and not (len(parts) == 1 and path.is_dir()):  # data sets may lie on another disk
        return False
    if name == "request.json" and (
        parts[0] == "predictions" or (parts[0] == "bin" and (path.parent / "files").is_dir())
    ):
        return True
    transient = name in NEVER or name.endswith((".tmp", ".lock", ".owner", "-wal", "-shm", "-journal"))
    return not transient and not name.startswith(".building-")


def _frozen(folder: Path, root: Path, links: Path) -> Iterator[Frozen]:
    """The files right in ``folder`` as they were at one moment; logs are looked at first.

    Where they change again and again, as they were one after the other: as a crash might have left them.
    """
    files, frozen = _files(folder, root), list[Frozen]()
    for left in reversed(range(TRIES)):
        before = _marks(files)
        frozen = [each for path in files if (each := _freeze(path, root, links)) is not None]
        now = _files(folder, root)
        if not left or (now == files and before == _marks(files)):
            break
        _forget(frozen)
        files = now
        time.sleep(0.01)
    yield from frozen
    _forget(frozen)


def _files(folder: Path, root: Path) -> list[Path]:
    """The files right in ``folder``, logs first."""
    found = [path for path in _listed(folder, root) if path.is_file()]
    return sorted(found, key=lambda path: (path.suffix not in LOGS, path.name))


def _forget(frozen: list[Frozen]) -> None:
    for each in frozen:
        with suppress(OSError):
            each.file.unlink()


def _marks(files: list[Path]) -> list[tuple[int, int, int] | None]:
    found: list[tuple[int, int, int] | None] = []
    for path in files:
        try:
            status = path.stat()
            found.append((status.st_ino, status.st_size, status.st_mtime_ns))
        except OSError:
            found.append(None)
    return found


def _freeze(path: Path, root: Path, links: Path) -> Frozen | None:
    """``path`` as it is now; None where it is gone."""
    link = links / secrets.token_hex(8)
    try:
        with path.open("rb") as file:
            database = file.read(len(SQLITE)) == SQLITE
        if database:
            _copy_database(path, link)
        else:
            _link(path, link)
        status = link.stat()
    except FileNotFoundError:
        return None
    size = _whole_lines(link, status.st_size) if path.suffix in LOGS else status.st_size
    return Frozen(path.relative_to(root).as_posix(), link, size, path.stat().st_mtime if database else status.st_mtime)


def _link(path: Path, link: Path) -> None:
    try:
        link.hardlink_to(path)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links
        shutil.copy2(path, link)


def _copy_database(path: Path, copy: Path) -> None:
    """A database has readers and writers of its own; SQLite copies it as of one moment."""
    source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _whole_lines(path: Path, size: int) -> int:
    """How many of the first ``size`` bytes are whole lines."""
    block = 1 << 16
    with path.open("rb") as file:
        end = size
        while end:
            start = max(0, end - block)
            file.seek(start)
            at = file.read(end - start).rfind(b"\n")
            if at >= 0:
                return start + at + 1
            end = start
    return 0
