"""Who may change a data set on a page: the browsers that brought it in, or began it there.

Equal pictures are one data set, so several browsers may have brought it in. One that came from the command line has
nobody here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio import belonging
from resnet_studio.data import editing, made_here
from resnet_studio.data.edits import EditLog
from resnet_studio.errors import DataError

if TYPE_CHECKING:
    from resnet_studio.workspace import Workspace


def record(workspace: Workspace, id: str, by: str) -> None:
    """Write down that ``by`` brought the data set in; nobody is recorded where ``by`` is empty."""
    belonging.append(workspace.datasets / editing.base_of(id) / belonging.BROUGHT, by)


def may_change(workspace: Workspace, id: str, by: str) -> bool:
    """Whether ``by`` brought the data set in, or began it."""
    folder = workspace.datasets / editing.base_of(id)
    return bool(by) and (
        by in belonging.lines(folder / belonging.BROUGHT) or (made_here.is_made(id) and by == _began(folder))
    )


def owners(folder: Path) -> frozenset[str]:
    """Who brought the data set in ``folder`` in, or began it."""
    return belonging.lines(folder / belonging.BROUGHT) | ({_began(folder)} - {""})


def _began(folder: Path) -> str:
    """Whose edit was the first one; empty where there is none."""
    try:
        lines, _ = EditLog(folder).read(0)
    except DataError:
        return ""
    return lines[0].by if lines else ""
