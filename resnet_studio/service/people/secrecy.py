"""Whether anybody besides teachers may know the labels of a data set: only where nobody does can it be sealed.

Pupils know those of what they brought in, of what was handed out, and of what a run was made with, as its report shows
them; a run in the bin may come back. A copy of the pictures under another id tells as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio import belonging
from resnet_studio.data import editing
from resnet_studio.data.dataset import load
from resnet_studio.data.needed import sets_of
from resnet_studio.errors import DataError, RunError, StudioError
from resnet_studio.service.people import schema
from resnet_studio.service.people.store import People
from resnet_studio.upkeep.bin import CONTENT, Bin
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset


def check_secret(workspace: Workspace, folder: Path, dataset: Dataset) -> None:
    """Raise :class:`StudioError` where somebody besides teachers may know the labels of ``dataset``, which lies in
    ``folder``.
    """
    if belonging.is_shared(folder):
        raise StudioError("error.boards.shared")
    for key, run in _runs(workspace):
        with suppress(RunError, LookupError):
            if folder.name in map(editing.base_of, sets_of(run)):
                raise StudioError(key, run=str(run.about.get("name", run.id)))
    pupils = _pupils(workspace)
    if belonging.of_dataset(folder).owners & pupils:
        raise StudioError("error.boards.pupils")
    contents = {each.content for each in dataset.samples if each.content}
    for other in workspace.datasets.glob("*/dataset.json"):
        known = belonging.of_dataset(other.parent)
        if (known.shared or known.owners & pupils) and contents and contents <= _contents(other.parent):
            raise StudioError("error.boards.copy")


def _runs(workspace: Workspace) -> Iterator[tuple[str, Run]]:
    """All runs, with what is said of one that was made with the data set."""
    yield from (("error.boards.trained", run) for run in workspace.runs())
    bin = Bin(workspace)
    for each in bin.listed():
        if each.kind == "run":
            yield "error.boards.binned", Run(bin.folder / each.entry / CONTENT)


def _pupils(workspace: Workspace) -> frozenset[str]:
    """The ids of all pupils; none where there are no accounts."""
    if not (workspace.root / schema.FILE).is_file():
        return frozenset()
    with closing(People(workspace.root)) as people:
        return frozenset(each.id for each in people.all() if not each.staff)


def _contents(folder: Path) -> frozenset[str]:
    """The pictures of the data set in ``folder`` by content."""
    try:
        return frozenset(each.content for each in load(folder).samples)
    except DataError:
        return frozenset()
