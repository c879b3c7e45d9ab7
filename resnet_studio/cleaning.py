"""Removes what killed programs left behind and abandoned uploads from a workspace.

Temporary files carry the name of their process (:mod:`resnet_studio.owners`) and are removed once that process is
dead; others, or those of a process that cannot be seen from here, once nothing in them was written for a day.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio import owners
from resnet_studio.data.needed import needed_by_runs, remove_unneeded, without_a_set
from resnet_studio.errors import RunError

if TYPE_CHECKING:
    from resnet_studio.workspace import Run, Workspace

DAY = 24 * 3600.0
HOUR = 3600.0
EVERY_SECONDS = 600.0
SPARE_BYTES = 2 * 2**30
"""With less free than this on the disk, uploads are removed after an hour."""
BEGUN = frozenset({"split.json"})
"""What a folder holds at most before it is a run."""


def sweep(workspace: Workspace) -> int:
    """Clean ``workspace`` up; returns the bytes that were freed. What is in use, or may be, is left alone."""
    freed = sum(_remove(path) for path in _drafts(workspace) if _is_leftover(path, DAY))
    uploads = HOUR if shutil.disk_usage(workspace.root).free < SPARE_BYTES else DAY
    freed += sum(_remove(path) for path in _inside(workspace.temporary) if _is_leftover(path, uploads))
    freed += sum(_remove(path) for path in _unfinished_folders(workspace) if _is_leftover(path, DAY))
    freed += sum(_forget_pictures(workspace, folder) for folder in without_a_set(workspace))
    return freed + sum(_forget_training(run) for run in workspace.runs())


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
    for folder in ("", "runs/*/", "runs/", "datasets/*/", "predictions/", "predictions/*/", "imports/", "cache/"):
        yield from workspace.root.glob(f"{folder}.*.tmp")
    yield from workspace.cache.glob(".building-*")
    yield from (workspace.root / "runs" / ".programs").glob("*")


def _unfinished_folders(workspace: Workspace) -> Iterator[Path]:
    """Folders that did not become a run or a prediction job."""
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


def _forget_training(run: Run) -> int:
    """Remove what resuming needs from a run that has ended, where its program died before it could."""
    left = [path for path in run.needed_to_resume if path.exists()]
    if not left or run.held():
        return 0
    try:
        ended = run.state().status == "finished"
    except RunError:
        return 0
    return sum(map(_remove, left)) if ended else 0


def _forget_pictures(workspace: Workspace, folder: Path) -> int:
    """Remove what no run needs any more of a data set that was deleted."""
    if needed := needed_by_runs(workspace, folder.name):
        return remove_unneeded(folder, needed)
    return 0 if (folder / "dataset.json").exists() else _remove(folder)


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _remove(path: Path) -> int:
    """Remove ``path``; returns the bytes that were freed."""
    size = 0
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            size = sum(each.lstat().st_size for each in path.rglob("*") if not each.is_dir())
            shutil.rmtree(path, ignore_errors=True)
        else:
            size = path.lstat().st_size
            path.unlink()
    return size
