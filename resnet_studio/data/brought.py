"""Who may change a data set on a page: the browsers that brought it in, or began it there.

Equal pictures are one data set, so several browsers may have brought it in. One that came from the command line has
nobody here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.data import editing, made_here
from resnet_studio.data.edits import EditLog
from resnet_studio.errors import DataError

if TYPE_CHECKING:
    from resnet_studio.workspace import Workspace

FILE = "brought.txt"
"""In the folder of the data set, a line a browser."""


def record(workspace: Workspace, id: str, by: str) -> None:
    """Write down that ``by`` brought the data set in; nobody is recorded where ``by`` is empty."""
    folder = workspace.datasets / editing.base_of(id)
    if not by or by in _recorded(folder):
        return
    descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{by}\n".encode())  # whole, beside what others append
    finally:
        os.close(descriptor)


def may_change(workspace: Workspace, id: str, by: str) -> bool:
    """Whether ``by`` brought the data set in, or began it."""
    folder = workspace.datasets / editing.base_of(id)
    return bool(by) and (by in _recorded(folder) or (made_here.is_made(id) and by == _began(folder)))


def owners(folder: Path) -> frozenset[str]:
    """Who brought the data set in ``folder`` in, or began it."""
    return _recorded(folder) | ({_began(folder)} - {""})


def _recorded(folder: Path) -> frozenset[str]:
    try:
        return frozenset((folder / FILE).read_text(encoding="utf-8").split("\n")) - {""}
    except (OSError, ValueError):
        return frozenset()


def _began(folder: Path) -> str:
    """Whose edit was the first one; empty where there is none."""
    try:
        lines, _ = EditLog(folder).read(0)
    except DataError:
        return ""
    return lines[0].by if lines else ""
