"""A data set written out as a zip or a folder: one folder a class (torchvision's ``ImageFolder``), below one folder a
part where parts are set; with ``changes.csv`` on what was edited and why, and ``groups.csv`` on what belongs together.
"""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.edited import Edited
from resnet_studio.data.editing import History
from resnet_studio.data.edits import Edit
from resnet_studio.data.layout import are_bare_parts
from resnet_studio.data.names import is_junk, shown
from resnet_studio.data.portable_names import LONGEST, FreeNames, portable
from resnet_studio.data.set_aside import names_set_aside
from resnet_studio.durable import disk_trouble, make_folder, replacing
from resnet_studio.errors import DataError

CHANGES, GROUPS = "changes.csv", "groups.csv"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_FOLDERS = {"train": "train", "validation": "val", "test": "test", None: ""}


@dataclass(frozen=True)
class Saved:
    """What was written: where, how many ``pictures`` in how many ``classes``, and of how many edits.

    ``unlabelled`` pictures are not written: a folder of them would be read as a class.
    """

    path: Path
    pictures: int
    classes: int
    edits: int
    unlabelled: int = 0


class _Target(Protocol):
    def picture(self, name: str, source: Path) -> None: ...

    def text(self, name: str, content: bytes) -> None: ...


@dataclass(frozen=True)
class _Folder:
    root: Path

    def picture(self, name: str, source: Path) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)

    def text(self, name: str, content: bytes) -> None:
        (self.root / name).write_bytes(content)


@dataclass(frozen=True)
class _Zip:
    archive: zipfile.ZipFile

    def picture(self, name: str, source: Path) -> None:
        """Stored, not deflated: pictures are compressed already. The same pictures give the same bytes."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.external_attr = 0o644 << 16
        info.file_size = source.stat().st_size
        with source.open("rb") as read, self.archive.open(info, "w") as written:
            shutil.copyfileobj(read, written, 1 << 20)

    def text(self, name: str, content: bytes) -> None:
        info = zipfile.ZipInfo(name, _EPOCH)
        info.external_attr = 0o644 << 16
        self.archive.writestr(info, content)


def save_set(dataset: Dataset, target: Path, changes: Sequence[Change] = ()) -> Saved:
    """Write ``dataset`` to ``target``: a zip where it is called ``.zip``, else a folder, new or empty.

    ``changes`` are what led to it. Names that another system could not hold, or that meet, are changed.
    Raises :class:`DataError` where ``target`` exists already, or a picture is gone; nothing is left of a zip then.
    """
    target = target.expanduser()
    with _opened(target) as to:
        placed = list(placed_in(dataset))
        for sample, name in placed:
            source = dataset.path(sample)
            try:
                to.picture(name, source)
            except OSError as error:
                if error.filename in (str(source), source):  # and not what is written
                    raise DataError("error.export.gone", file=shown(sample.name)) from error
                raise
        if changes:
            to.text(CHANGES, changes_csv(changes).encode("utf-8-sig"))
        if any(sample.group for sample in dataset.samples):
            to.text(GROUPS, _groups_csv(placed).encode("utf-8-sig"))
    edits = len({change.edit for change in changes})
    return Saved(target, len(dataset.samples), len(dataset.classes), edits, len(dataset.unlabelled))


def _groups_csv(placed: Sequence[tuple[Sample, str]]) -> str:
    """One row for each picture that is in a group, by the path that it was saved under."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(["file", "group"])
    rows.writerows((name, _cell(sample.group)) for sample, name in placed if sample.group)
    return written.getvalue()


def _cell(text: str) -> str:
    """``text`` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


@contextmanager
def _opened(target: Path) -> Iterator[_Target]:
    try:
        if target.suffix.lower() == ".zip":
            if target.is_dir():
                raise DataError("error.export.taken", path=str(target))
            with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
                yield _Zip(archive)
            return
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise DataError("error.export.taken", path=str(target))
        make_folder(target)
        yield _Folder(target)
    except OSError as error:
        if (said := disk_trouble(error, target)) is not None:
            raise said from error
        raise


def placed_in(dataset: Dataset) -> Iterator[tuple[Sample, str]]:
    """Each picture with the path (POSIX) that it is saved under; no two are equal for any file system."""
    parted = any(sample.part in ("validation", "test") for sample in dataset.samples)
    names = FreeNames()
    for own in (CHANGES, GROUPS):
        names.take(own)
    folders = [names.take(name) for name in _folders(dataset.classes)]
    paths = FreeNames()
    for sample in dataset.samples:
        # without a part: to train, where the others say theirs
        part = (_FOLDERS[sample.part] or "train") if parted else ""
        yield sample, paths.take("/".join(filter(None, (part, folders[sample.label], _file_name(sample)))))


def _folders(classes: Sequence[str]) -> list[str]:
    """A folder for each of ``classes``, that is read as one again: none that is passed over as a system's own, and not
    all called like parts.
    """
    folders = [portable(name) for name in classes]
    parts = are_bare_parts(folders)
    aside = names_set_aside(folders)
    return [f"name {folder}" if parts or is_junk(folder) or folder in aside else folder for folder in folders]


def _file_name(sample: Sample) -> str:
    """The name of the picture's file, ending as its content is."""
    given = sample.name.rpartition("/")[2]
    ending = Path(sample.file).suffix or Path(given).suffix
    stem = given.rpartition(".")[0] or given
    return portable(stem)[: LONGEST - len(ending)] + (Path(given).suffix or ending)


@dataclass(frozen=True)
class Change:
    """What the edit with the number ``edit``, from 1, did to one picture, or to a class where ``picture`` is empty."""

    edit: int
    time: float
    kind: str
    picture: str
    before: str
    after: str
    why: str
    by: str


def changes_of(base: Dataset, history: History) -> list[Change]:
    """What the edits that count in ``history`` did to ``base``, picture by picture."""
    state = Edited(base)
    state.register_added(history.lines)
    found = []
    for number, edit in enumerate(history.done, 1):
        why = edit.why or ("model" if edit.labelled_by == "model" else "")
        said = (why, edit.by.partition(":")[0])
        groups = dict(zip(edit.pictures, edit.groups, strict=False))
        for name in (*edit.pictures, *(str(row["name"]) for row in edit.added)):
            if (place := state.places.get(name)) is not None:
                before = _describe(state, edit, place)
                after = edit.label or edit.part or edit.group or groups.get(name, "")
                found.append(Change(number, edit.time, edit.kind, name, before, after, *said))
        found += [Change(number, edit.time, edit.kind, "", name, edit.label, *said) for name in edit.classes]
        state.apply(edit)
    return found


def _describe(state: Edited, edit: Edit, place: int) -> str:
    if edit.kind == "part":
        return state.parts[place] or ""
    return state.groups[place] if edit.kind in ("together", "apart", "groups") else state.kinds[place]


def changes_csv(changes: Sequence[Change]) -> str:
    """One row a picture or class that was edited: when, what, from where to where, why and by whom."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(["number", "when", "edit", "picture", "before", "after", "why", "by"])
    for each in changes:
        when = datetime.fromtimestamp(each.time, UTC).isoformat(timespec="seconds")
        row = (str(each.edit), when, each.kind, each.picture, each.before, each.after, each.why, each.by)
        rows.writerow([_cell(cell) for cell in row])
    return written.getvalue()
