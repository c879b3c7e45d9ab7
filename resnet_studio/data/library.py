"""What the workspace holds of data sets: the list, one of them, what came from a source before; deleting one."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from resnet_studio import acting, belonging
from resnet_studio.data import editing, names
from resnet_studio.data.dataset import Dataset, load
from resnet_studio.data.edits import Edit, EditLog
from resnet_studio.data.needed import needed_by_runs, remove_unneeded, sets_of
from resnet_studio.durable import remove_folder
from resnet_studio.errors import DataError, RunError
from resnet_studio.folder_names import safe_name
from resnet_studio.workspace import Workspace


@dataclass(frozen=True)
class Summary:
    """A data set in a list."""

    id: str
    name: str
    source: str
    classes: int
    pictures: int
    root: Path | None = None


def find_dataset(workspace: Workspace, id: str) -> Dataset:
    """The data set with ``id``, as it was under that id, without later edits.

    Raises :class:`DataError` where there is none, or its folder is gone.
    """
    folder = editing.folder_of(workspace, id)
    found = load(folder) if id == folder.name else editing.EditedSet(folder).at(id)
    if not found.root.is_dir():
        raise DataError("error.data.folder_gone", folder=str(found.root))
    return found


def list_datasets(workspace: Workspace) -> list[Summary]:
    """All data sets, the newest first, as they are after their edits; a folder on this machine only as it was last."""
    found = []
    for path in workspace.datasets.glob("*/summary.json"):
        if not belonging.sees_dataset(path.parent):
            continue
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            root = Path(values["root"]) if values["root"] else None
            last = _last_edit(path.parent)
            id, counts = (last.id, last.counts) if last else (values["id"], (values["pictures"], values["classes"]))
            summary = Summary(id, values["name"], values["source"], counts[1], counts[0], root)
            found.append((path.stat().st_mtime, summary))
        except (OSError, ValueError, LookupError, TypeError):
            continue
    newest = [summary for _, summary in sorted(found, key=lambda pair: (-pair[0], pair[1].id))]
    roots = [summary.root for summary in newest]
    return [each for at, each in enumerate(newest) if each.root is None or each.root not in roots[:at]]


def _last_edit(folder: Path) -> Edit | None:
    with suppress(DataError):
        last = EditLog(folder).last()
        return last if last and last.id and len(last.counts) == 2 else None
    return None


def find_by_source(source: str, workspace: Workspace) -> Dataset | None:
    """The data set that came from ``source`` earlier, if it is still in the workspace; of people, only one's own."""
    for path in workspace.datasets.glob("*/summary.json"):
        if not belonging.owns_dataset(path.parent):
            continue
        try:
            if json.loads(path.read_text(encoding="utf-8")).get("source") == source:
                return load(path.parent)
        except (OSError, ValueError, DataError):
            continue
    return None


def delete(workspace: Workspace, id: str) -> int:
    """Remove the data set ``id`` and its edits from the workspace for good; a folder on this machine stays as it is.

    Pictures that a run needs stay until that run is deleted: returns how many. Raises :class:`DataError` while a
    training uses it.
    """
    folder = deletable(workspace, id)
    for file in ("dataset.json", "summary.json", belonging.SHARED):
        (folder / file).unlink(missing_ok=True)
    if needed := needed_by_runs(workspace, folder.name):
        remove_unneeded(folder, needed)
        return len(needed)
    remove_folder(folder)
    return 0


def deletable(workspace: Workspace, id: str) -> Path:
    """The folder of the data set ``id``. Raises :class:`DataError` where there is none, or a training uses it."""
    folder = workspace.datasets / editing.base_of(id)
    if not safe_name(id) or not (folder / "dataset.json").is_file():
        raise DataError("error.data.unknown", dataset=names.shown(id))
    acting.check("delete", belonging.of_dataset(folder))
    for run in workspace.runs():
        with suppress(RunError):  # a damaged run trains nothing
            used = folder.name in map(editing.base_of, sets_of(run))
            if used and run.state().status in ("running", "queued"):
                raise DataError("error.data.busy", run=run.id)
    return folder
