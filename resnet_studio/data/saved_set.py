"""A data set written out as a zip or a folder: one folder a class (torchvision's ``ImageFolder``), below one folder a
part where parts are set; with ``changes.csv`` on what was edited and why.
"""

from __future__ import annotations

import csv
import io
import shutil
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.edited import Edited
from resnet_studio.data.edits import Edit
from resnet_studio.data.mending import History
from resnet_studio.data.names import shown
from resnet_studio.durable import disk_trouble, replacing
from resnet_studio.errors import DataError

CHANGES = "changes.csv"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")}
_LONGEST = 120  # characters of a file's or a folder's name
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
            try:
                to.picture(name, dataset.path(sample))
            except FileNotFoundError as error:
                raise DataError("error.export.gone", file=shown(sample.name)) from error
        if changes:
            to.text(CHANGES, changes_csv(changes).encode("utf-8-sig"))
    edits = len({change.edit for change in changes})
    return Saved(target, len(dataset.samples), len(dataset.classes), edits, len(dataset.unlabelled))


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
        target.mkdir(parents=True, exist_ok=True)
        yield _Folder(target)
    except OSError as error:
        if (said := disk_trouble(error, target)) is not None:
            raise said from error
        raise


def placed_in(dataset: Dataset) -> Iterator[tuple[Sample, str]]:
    """Each picture with the path (POSIX) that it is saved under; no two are equal for any file system."""
    parted = any(sample.part in ("validation", "test") for sample in dataset.samples)
    names_taken: set[str] = set()
    folders = [_free(_safe(name), names_taken) for name in dataset.classes]
    taken: set[str] = set()
    for sample in dataset.samples:
        # without a part: to train, where the others say theirs
        part = (_FOLDERS[sample.part] or "train") if parted else ""
        yield sample, _free("/".join(filter(None, (part, folders[sample.label], _file_name(sample)))), taken)


def _file_name(sample: Sample) -> str:
    """The name of the picture's file, ending as its content is."""
    given = sample.name.rpartition("/")[2]
    ending = Path(sample.file).suffix or Path(given).suffix
    stem = given.rpartition(".")[0] or given
    return _safe(stem)[: _LONGEST - len(ending)] + (Path(given).suffix or ending)


def _safe(name: str) -> str:
    """``name`` as Windows, macOS and Linux all hold it: composed, no signs that one of them forbids, not too long."""
    plain = unicodedata.normalize("NFC", name).translate(_FORBIDDEN)
    plain = "".join("_" if unicodedata.category(each) in ("Cc", "Cf", "Cs") else each for each in plain)
    plain = plain[:_LONGEST].rstrip(" .").lstrip(" ")
    if plain.startswith("."):  # hidden, and left out when the set is opened again
        plain = f"_{plain[1:]}"
    while len(plain.encode()) > 200:
        plain = plain[:-1].rstrip(" .")
    return f"{plain}_" if plain.partition(".")[0].casefold() in _RESERVED else plain or "_"


def _free(path: str, taken: set[str]) -> str:
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    free, count = path, 2
    while _path_key(free) in taken:
        free = f"{folder}{slash}{stem} ({count}).{ending}" if dot and stem else f"{path} ({count})"
        count += 1
    taken.add(_path_key(free))
    return free


def _path_key(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", path).casefold())


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
        for name in (*edit.pictures, *(str(row["name"]) for row in edit.added)):
            if (place := state.places.get(name)) is not None:
                before = _describe(state, edit, place)
                after = edit.label or edit.part or edit.group
                found.append(Change(number, edit.time, edit.kind, name, before, after, *said))
        found += [Change(number, edit.time, edit.kind, "", name, edit.label, *said) for name in edit.classes]
        state.apply(edit)
    return found


def _describe(state: Edited, edit: Edit, place: int) -> str:
    if edit.kind == "part":
        return state.parts[place] or ""
    return state.groups[place] if edit.kind in ("together", "apart") else state.kinds[place]


def changes_csv(changes: Sequence[Change]) -> str:
    """One row a picture or class that was edited: when, what, from where to where, why and by whom."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(["number", "when", "edit", "picture", "before", "after", "why", "by"])
    for each in changes:
        when = datetime.fromtimestamp(each.time, UTC).isoformat(timespec="seconds")
        row = (str(each.edit), when, each.kind, each.picture, each.before, each.after, each.why, each.by)
        rows.writerow([f"'{cell}" if cell.startswith(DANGEROUS) else cell for cell in row])
    return written.getvalue()
