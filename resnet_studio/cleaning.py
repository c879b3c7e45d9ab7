"""Removes what killed programs left behind, abandoned uploads and old things in the bin from a workspace.

Temporary files carry the name of their process (:mod:`resnet_studio.owners`) and are removed once that process is
dead; others, or those of a process that cannot be seen from here, once nothing in them was written for a day.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio import owners
from resnet_studio.data.needed import BIN, needed_by_runs, unneeded, without_a_set
from resnet_studio.errors import RunError
from resnet_studio.upkeep.bin import CONTENT, Bin, keep_needed, size_of

if TYPE_CHECKING:
    from resnet_studio.workspace import Run, Workspace

DAY = 24 * 3600.0
HOUR = 3600.0
EVERY_SECONDS = 600.0
SPARE_BYTES = 2 * 2**30
"""With less free than this on the disk, uploads are removed after an hour."""
BEGUN = frozenset({"split.json"})
"""What a folder holds at most before it is a run."""


@dataclass(frozen=True)
class Leftover:
    """Something that is not needed any more: ``paths`` of a ``kind``, which is named in ``clean.KIND``."""

    kind: str
    paths: tuple[Path, ...]

    @property
    def size(self) -> int:
        """Bytes that removing it frees."""
        return sum(map(_size, self.paths))

    def remove(self) -> int:
        """Remove it; returns the bytes that were freed."""
        return sum(map(_remove, self.paths))


def sweep(workspace: Workspace) -> int:
    """Clean ``workspace`` up; returns the bytes that were freed. What is in use, or may be, is left alone."""
    freed = sum(each.remove() for each in leftovers(workspace))
    for folder in without_a_set(workspace):
        _remove_empty(folder)
    for each in Bin(workspace).listed():  # where a program died between the two steps of a deletion
        if each.kind == "dataset":
            with suppress(OSError):
                keep_needed(workspace, each.id, workspace.root / BIN / each.entry / CONTENT)
    return freed


def leftovers(workspace: Workspace) -> Iterator[Leftover]:
    """What :func:`sweep` removes, one after the other."""
    yield from (Leftover("drafts", (path,)) for path in _drafts(workspace) if _is_leftover(path, DAY))
    uploads = HOUR if shutil.disk_usage(workspace.root).free < SPARE_BYTES else DAY
    yield from (Leftover("uploads", (path,)) for path in _inside(workspace.temporary) if _is_leftover(path, uploads))
    yield from (Leftover("unfinished", (path,)) for path in _unfinished_folders(workspace) if _is_leftover(path, DAY))
    for binned in Bin(workspace).listed():
        if binned.is_over:
            yield Leftover("bin", (workspace.root / BIN / binned.entry,))
    for folder in without_a_set(workspace):
        if files := unneeded(folder, needed_by_runs(workspace, folder.name)):
            yield Leftover("pictures", tuple(files))
    for run in workspace.runs():
        if left := _resuming(run):
            yield Leftover("resuming", left)


def keep_clean(workspace: Workspace, stop: threading.Event) -> threading.Thread:
    """Sweep ``workspace`` now and every ten minutes in a thread of its own, until ``stop`` is set."""

    def work() -> None:
        while not stop.is_set():
            try:
                sweep(workspace)
            except OSError:  # the next time may do better
                logging.getLogger(__name__).warning("the workspace could not be cleaned up", exc_info=True)
            stop.wait(EVERY_SECONDS)

    thread = threading.Thread(target=work, name="clean up", daemon=True)
    thread.start()
    return thread


def _drafts(workspace: Workspace) -> Iterator[Path]:
    """Files that would have been renamed, cache entries that are being built, marks of programs."""
    for folder in (
        "",
        "runs/*/",
        "runs/",
        "datasets/*/",
        "predictions/",
        "predictions/*/",
        "imports/",
        "runtimes/*/",
        "cache/",
        "bin/",
        "bin/*/",
    ):
        yield from workspace.root.glob(f"{folder}.*.tmp")
    yield from workspace.cache.glob(".building-*")
    yield from (workspace.root / "runs" / ".programs").glob("*")


def _unfinished_folders(workspace: Workspace) -> Iterator[Path]:
    """Folders that did not become a run, a prediction job, or a thing in the bin."""
    for folder in _inside(workspace.root / BIN):
        if folder.is_dir() and not folder.is_symlink() and not (folder / CONTENT).exists():
            yield folder
    for folder in _inside(workspace.root / "predictions"):
        if folder.is_dir() and not folder.is_symlink() and not (folder / "request.json").exists():
            yield folder
    for folder in _inside(workspace.root / "runs"):
        if not folder.name.startswith(".") and folder.is_dir() and not folder.is_symlink():
            names = {path.name for path in _inside(folder) if not path.name.startswith(".")}
            if names <= BEGUN:
                yield folder


def _is_leftover(path: Path, age: float) -> bool:
    """Whether ``path`` is not needed any more: its process is dead or, if unknown, it is ``age`` seconds old."""
    token = owners.TOKEN.search(path.name)
    alive = owners.is_alive(token[0]) if token else None
    return time.time() - _newest(path) > age if alive is None else not alive


def _newest(path: Path) -> float:
    """When anything in ``path`` was last written; now, where nothing can be seen."""
    times = []
    for each in (path, *path.rglob("*")) if path.is_dir() and not path.is_symlink() else (path,):
        with suppress(OSError):
            times.append(each.lstat().st_mtime)
    return max(times, default=time.time())


def _resuming(run: Run) -> tuple[Path, ...]:
    """What resuming needs of a run that has ended, where its program died before it could remove that."""
    left = tuple(path for path in run.needed_to_resume if path.exists())
    if not left or run.held():
        return ()
    try:
        return left if run.state().status == "finished" else ()
    except RunError:
        return ()


def _remove_empty(folder: Path) -> None:
    """Remove the folders of a deleted data set that nothing is left in."""
    for root, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            Path(root).rmdir()


def _size(path: Path) -> int:
    with suppress(OSError):
        return size_of(path) if path.is_dir() and not path.is_symlink() else path.lstat().st_size
    return 0


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _remove(path: Path) -> int:
    """Remove ``path``; returns the bytes that were freed."""
    size = _size(path)
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    except OSError:
        return 0
    return size
