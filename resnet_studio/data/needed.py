"""Which stored pictures the runs need: those stay when their data set is deleted, until the last such run is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from resnet_studio.data import outside_set
from resnet_studio.data.dataset import STORED
from resnet_studio.errors import RunError
from resnet_studio.workspace import Run, Workspace

BIN = "bin"
"""Where deleted runs and data sets lie in the workspace until they are removed for good."""
FOLDERS = ("pictures", "added")
"""Where a data set keeps pictures by their content: those that came in with it, and those added since."""


def needed_by_runs(workspace: Workspace, base: str, folder: Path | None = None) -> set[str]:
    """The files (POSIX, below ``datasets/base``) that runs were made with and that lie there, or in ``folder``.

    Runs in the bin count too: they may come back.
    """
    folder, needed = folder or workspace.datasets / base, set()
    for run in (*workspace.runs(), *_binned_runs(workspace)):
        with suppress(RunError, LookupError, TypeError, AttributeError):
            own, outside = (id.partition(".")[0] == base for id in sets_of(run))
            if own:
                needed |= _files_in(run.split)
            if outside:
                needed |= _files_in(run.read_json(outside_set.FILE))
    return {file for file in needed if file.split("/")[0] in FOLDERS and (folder / file).is_file()}


def _files_in(split: Mapping[str, Any]) -> set[str]:
    parts = ("train", "validation", "test")
    return {str(file).removeprefix(STORED) for part in parts for file in split[part]["file"]}


def sets_of(run: Run) -> tuple[str, str]:
    """The ids of the set that ``run`` was made with, and of the one that it is tested on besides; empty for none."""
    named = run.requested.test_data
    return str(run.about["dataset"]), named.removeprefix(outside_set.DATASET) if named != outside_set.NONE else ""


def _binned_runs(workspace: Workspace) -> list[Run]:
    return [Run(path.parent) for path in (workspace.root / BIN).glob("*/content/config.json")]


def unneeded(folder: Path, needed: set[str]) -> list[Path]:
    """The files of a deleted data set that are none of the ``needed`` pictures."""
    found = (path for path in folder.rglob("*") if not path.is_dir())
    return [path for path in found if path.relative_to(folder).as_posix() not in needed]


def remove_unneeded(folder: Path, needed: set[str]) -> int:
    """Remove all of a deleted data set but the ``needed`` pictures; returns the bytes that were freed."""
    freed = 0
    for path in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):
            if path.is_dir():
                path.rmdir()  # only where nothing is left in it
            elif path.relative_to(folder).as_posix() not in needed:
                size = path.stat().st_size
                path.unlink()
                freed += size
    return freed


def without_a_set(workspace: Workspace) -> list[Path]:
    """Folders of deleted data sets, which hold nothing but pictures that runs needed."""
    return [
        folder
        for folder in workspace.datasets.iterdir()
        if folder.is_dir() and not folder.name.startswith(".") and not (folder / "dataset.json").exists()
    ]
