"""What was deleted, and may come back: runs, data sets and predictions for many pictures.

They lie in ``bin/ENTRY`` of the workspace for 30 days.

``bin/ENTRY/entry.json`` says what it is, ``bin/ENTRY/content`` is its folder. Both moves are one renaming, so that a
program that dies leaves a thing either where it was or in the bin.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from resnet_studio import acting, belonging
from resnet_studio.data import brought, editing, library, names
from resnet_studio.data.needed import BIN, needed_by_runs
from resnet_studio.durable import make_folder, remove_folder, renamed, sync_folder, write_json
from resnet_studio.errors import DataError, RunError, StudioError
from resnet_studio.folder_names import safe_name
from resnet_studio.predicting.jobs import Job, thing_of
from resnet_studio.run_requests import session_of
from resnet_studio.upkeep import audit
from resnet_studio.workspace import Run, Workspace

CONTENT, ENTRY = "content", "entry.json"
DAYS = 30
DAY = 24 * 3600.0
Kind = Literal["run", "dataset", "prediction"]
PLACES: Mapping[str, str] = {"run": "runs", "dataset": "datasets", "prediction": "predictions"}


class BinError(StudioError):
    """Something is not in the bin, or cannot come back."""


@dataclass(frozen=True)
class Binned:
    """One thing in the bin: the ``kind`` of thing that was called ``id``, and ``name`` by its user.

    ``owners`` are those whose it was, ``by`` deleted it, at ``time`` in seconds since 1970.
    """

    entry: str
    kind: Kind
    id: str
    name: str
    by: str
    owners: tuple[str, ...]
    time: float

    @property
    def days_left(self) -> int:
        """In how many days it is removed for good, counting one that has begun."""
        return max(0, math.ceil((self.time + DAYS * DAY - time.time()) / DAY))

    @property
    def is_over(self) -> bool:
        """Whether its days are over."""
        return time.time() >= self.time + DAYS * DAY

    @property
    def thing(self) -> acting.Thing:
        """As something that people own."""
        people = {who.removeprefix(belonging.PERSON) for who in self.owners if who.startswith(belonging.PERSON)}
        return acting.Thing(self.kind, self.id, frozenset(people))

    def concerns(self, who: str) -> bool:
        """Whether it was deleted by ``who`` or was theirs."""
        return bool(who) and (who == self.by or who in self.owners)


class Bin:
    """The bin of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.folder = workspace.root / BIN

    def listed(self) -> list[Binned]:
        """What is in it, the last one deleted first."""
        found = [each for folder in _folders(self.folder) if (each := _read(folder)) is not None]
        return sorted(found, key=lambda each: (-each.time, each.entry))

    def find(self, entry: object) -> Binned:
        """The thing called ``entry``, which may come from anywhere. Raises :class:`BinError` where there is none."""
        name = str(entry or "")
        found = _read(self.folder / name) if safe_name(name) else None
        if found is None:
            raise BinError("error.bin.missing", entry=names.shown(name))
        return found

    def put_run(self, run: Run, by: str) -> Binned:
        """Move ``run`` into the bin. Raises :class:`RunError` while somebody trains it, or it waits to be trained."""
        acting.check("delete", belonging.of_run(run.folder))
        session = session_of(run.folder)
        if run.held() or (session is not None and not session.gone):
            raise RunError("error.run.busy", run=run.id)
        about: dict[str, object] = {}
        with suppress(RunError):  # a damaged one can be deleted too
            about = dict(run.about)
        owners = {str(about[key]) for key in ("owner", "started_by") if about.get(key)}
        return self._put("run", run.folder, run.id, str(about.get("name", run.id)), by, owners)

    def put_dataset(self, id: str, by: str) -> tuple[Binned, int]:
        """Move the data set ``id`` and its edits into the bin; also says how many pictures stay, as runs need them.

        Raises :class:`DataError` where there is none, or a training uses it.
        """
        folder = library.deletable(self._workspace, id)
        found = [item for item in library.list_datasets(self._workspace) if editing.base_of(item.id) == folder.name]
        put = self._put("dataset", folder, folder.name, found[0].name if found else id, by, brought.owners(folder))
        return put, keep_needed(self._workspace, put.id, self.folder / put.entry / CONTENT)

    def put_prediction(self, job: Job, by: str) -> Binned:
        """Move ``job`` into the bin. Raises :class:`DataError` while somebody works on it."""
        acting.check("delete", thing_of(job))
        if job.lock().held():
            raise DataError("error.predictions.busy")
        title, owners = job.id, set[str]()
        with suppress(RunError):  # a damaged one can be deleted too
            title, owners = job.request.title, {job.request.started_by} - {""}
        return self._put("prediction", job.folder, job.id, title, by, owners)

    def take_back(self, entry: str, by: str) -> Binned:
        """Undo a deletion. Raises :class:`BinError` where there is a thing of that name again."""
        found = self.find(entry)
        target, content = self._workspace.root / PLACES[found.kind] / found.id, self.folder / entry / CONTENT
        if found.kind == "dataset" and target.is_dir() and not (target / "dataset.json").exists():
            remove_folder(target)  # the pictures that runs needed; all of them come back
        if target.exists():
            raise BinError("error.bin.taken", name=found.name)
        make_folder(target.parent)
        renamed(content, target)
        sync_folder(target.parent)
        remove_folder(self.folder / entry)
        audit.record(self._workspace, by, f"{found.kind}.restore", found.id)
        return found

    def remove(self, entry: str, by: str) -> int:
        """Remove a thing for good; returns the bytes that were freed."""
        found, size = self.find(entry), size_of(self.folder / entry)
        remove_folder(self.folder / entry)
        audit.record(self._workspace, by, f"{found.kind}.remove", found.id)
        return size

    def _put(self, kind: Kind, folder: Path, id: str, name: str, by: str, owners: set[str] | frozenset[str]) -> Binned:
        make_folder(self.folder)
        place = self._workspace.new_folder(BIN, id)
        binned = Binned(place.name, kind, id, name, by, tuple(sorted(owners)), time.time())
        write_json(place / ENTRY, asdict(binned))
        renamed(folder, place / CONTENT)
        sync_folder(place)
        sync_folder(folder.parent)
        audit.record(self._workspace, by, f"{kind}.delete", id)
        return binned


def keep_needed(workspace: Workspace, id: str, content: Path) -> int:
    """See that the pictures in ``content``, a data set in the bin, that runs need lie in the workspace; how many."""
    needed = needed_by_runs(workspace, id, content)
    for file in needed:
        target = workspace.datasets / id / file
        if not target.exists():
            make_folder(target.parent)
            try:
                target.hardlink_to(content / file)
            except OSError:  # a file system without links
                shutil.copyfile(content / file, target)
    return len(needed)


def size_of(folder: Path) -> int:
    """Bytes of the files in ``folder``."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += (Path(root) / name).lstat().st_size
    return total


def _folders(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return


def _read(folder: Path) -> Binned | None:
    """The thing in ``folder``; None where there is none, or where what is written of it makes no sense."""
    try:
        values = json.loads((folder / ENTRY).read_text(encoding="utf-8"))
        found = Binned(
            folder.name, values["kind"], str(values["id"]), str(values["name"]), str(values["by"]),
            tuple(map(str, values["owners"])), float(values["time"]),
        )  # fmt: skip
    except (OSError, ValueError, LookupError, TypeError, RecursionError, OverflowError):
        return None
    sound = isinstance(found.kind, str) and found.kind in PLACES and math.isfinite(found.time)
    sound = sound and safe_name(found.id) and (folder / CONTENT).is_dir()
    return found if sound else None
