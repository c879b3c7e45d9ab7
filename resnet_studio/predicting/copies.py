"""Copies of named pictures, sorted into one folder a class: into a folder on this machine, or as a zip in a stream.

Pictures are copied, never moved; no file that is there is written over.
"""

from __future__ import annotations

import csv
import filecmp
import io
import os
import shutil
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath

from resnet_studio.data.portable_names import LONGEST, FreeNames, portable
from resnet_studio.durable import disk_trouble, make_folder, sync, sync_folder, temporary_name
from resnet_studio.errors import DataError
from resnet_studio.predicting.engine import PredictionProgress
from resnet_studio.predicting.jobs import Job
from resnet_studio.predicting.rows import AnswerRow

UNSURE, NONE = "unsure", "none-of-these"
MOVED_AT_ONCE = 1000
"""Of the last pictures that were moved, so many are looked at again after a crash."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Copy:
    """``file`` goes to ``target``, a path (POSIX) inside of the folder or the zip."""

    file: Path
    target: str


@dataclass(frozen=True)
class Copied:
    """What was done: pictures that were ``copied``, were ``there`` already with the same content, or are ``gone``."""

    copied: int
    there: int
    gone: int


def placed(job: Job, *, unsure: str = "") -> Iterator[Copy]:
    """Where each picture that was named goes: those of none of the classes to a folder of their own, unsure ones to the
    folder ``unsure``, where there is to be one.

    Names that another system could not hold, or that meet, are changed; the same job gives the same names again.
    """
    names = FreeNames()
    apart = names.take(portable(unsure)) if unsure else ""
    folders = [names.take(portable(name)) for name in job.request.classes]
    none = names.take(NONE)
    files = FreeNames()
    for picture, row in zip(job.pictures(), job.rows, strict=False):
        if row.error is None:
            folder = apart if apart and row.level == "unsure" else folders[row.best]
            folder = none if row.level == "unknown" else folder
            yield Copy(picture.file, files.take(f"{folder}/{_file_name(picture.name, picture.file)}"))


def _file_name(name: str, file: Path) -> str:
    """A portable name of the copy; its ending is that of the name, else of the file."""
    given = PurePosixPath(name.rpartition("/")[2] or "_")
    ending = portable((given.suffix or file.suffix).lstrip("."))[:20]
    ending = "" if ending == "_" else f".{ending}"
    return portable(given.stem)[: LONGEST - len(ending)] + ending


def copy_into(job: Job, folder: Path, *, unsure: str = "") -> Generator[PredictionProgress, None, Copied]:
    """Copy the pictures of ``job`` that were named into class folders in ``folder``, one step a picture.

    Where a file of that name is there with other content, the copy gets another name; with the same content nothing
    is done, so that an interrupted copy can be done again. Raises :class:`DataError` where ``folder`` is a file.
    """
    folder = folder.expanduser()
    if folder.exists() and not folder.is_dir():
        raise DataError("error.predictions.no_folder", path=str(folder))
    counts = {"copied": 0, "there": 0, "gone": 0}
    total = job.rows.count()
    try:
        for done, copy in enumerate(placed(job, unsure=unsure)):
            yield PredictionProgress(done, total)
            counts[_copied(copy.file, folder / copy.target)] += 1
    except OSError as error:
        raise disk_trouble(error, folder) or error from error
    return Copied(**counts)


def _copied(source: Path, target: Path) -> str:
    try:
        return "copied" if _put(source, target)[1] else "there"
    except FileNotFoundError:
        return "gone"


def put(source: Path, target: Path) -> Path:
    """Copy ``source`` to ``target``, or beside it where that is another picture; returns where its content lies.

    A copy that is there already is left. The time of the file is kept, and the copy is on the disk when it returns.
    """
    place, new = _put(source, target, durable=True)
    if new:
        sync_folder(place.parent)
    return place


def _put(source: Path, target: Path, *, durable: bool = False) -> tuple[Path, bool]:
    """Where the copy is, and whether it is new. Raises ``FileNotFoundError`` where ``source`` is gone."""
    make_folder(target.parent)
    draft = target.with_name(temporary_name("copy"))
    try:
        shutil.copyfile(source, draft)
        if durable:
            shutil.copystat(source, draft)
            with draft.open("rb+") as file:
                sync(file.fileno())
        for number in count(1):
            free = target if number == 1 else target.with_name(f"{target.stem} ({number}){target.suffix}")
            if _placed(draft, free):
                return free, True
            if free.is_file() and filecmp.cmp(draft, free, shallow=False):
                return free, False
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    raise AssertionError("there is always a free number")


def _placed(draft: Path, target: Path) -> bool:
    """Give ``draft`` the name ``target`` unless that is taken; the check and the naming are one where links exist."""
    try:
        target.hardlink_to(draft)
    except FileExistsError:
        return False
    except OSError:  # no links on this file system
        if os.path.lexists(target):
            return False
        draft.rename(target)
    return True


def zipped(job: Job, *, unsure: str = "") -> Iterator[bytes]:
    """The sorted copies as a zip, in pieces as they are made: pictures stored, with ``predictions.csv`` at the end.

    Pictures that are gone by now are left out; the table has them.
    """
    out = Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for copy in placed(job, unsure=unsure):
            with suppress(FileNotFoundError), copy.file.open("rb") as read:
                info = zipfile.ZipInfo(copy.target, _EPOCH)
                info.external_attr = 0o644 << 16
                info.file_size = os.fstat(read.fileno()).st_size
                with archive.open(info, "w") as written:
                    while piece := read.read(_CHUNK):
                        written.write(piece)
                        yield out.taken()
                yield out.taken()
        info = zipfile.ZipInfo("predictions.csv", _EPOCH)
        info.external_attr, info.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
        with archive.open(info, "w", force_zip64=True) as written:
            for piece in csv_pieces(job):
                written.write(piece)
                yield out.taken()
    yield out.taken()


class Pieces(io.RawIOBase):
    """A file that can only be written to, and gives back what was written."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        """Keep ``content`` until it is taken."""
        self._written.append(bytes(content))
        return len(content)

    def taken(self) -> bytes:
        """What was written since the last call."""
        found, self._written = b"".join(self._written), []
        return found


def csv_pieces(job: Job, language: str = "en") -> Iterator[bytes]:
    """The answers as CSV, in pieces: picture, answer, its probability, how sure, each class, a problem.

    A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection).
    """
    from resnet_studio.data.saved_set import DANGEROUS

    def written(rows: Sequence[Sequence[object]]) -> bytes:
        out = io.StringIO()
        cells = [[f"'{c}" if isinstance(c, str) and c.startswith(DANGEROUS) else c for c in row] for row in rows]
        csv.writer(out, lineterminator="\r\n").writerows(cells)
        return out.getvalue().encode("utf-8", "replace")

    classes = job.request.classes
    heading = ["picture", "answer", "probability", "sure", *classes, "problem"]
    yield b"\xef\xbb\xbf" + written([heading])  # with the mark, spreadsheets read names in any script
    for picture, row in zip(job.pictures(), job.rows, strict=False):
        yield written([cells_of(picture.name, row, classes, language)])


def cells_of(name: str, row: AnswerRow, classes: Sequence[str], language: str = "en") -> list[object]:
    """The cells of one row of the table."""
    if row.error is not None:
        return [name, "", "", "", *("" for _ in classes), row.error.sentence("zh" if language == "zh" else "en")]
    return [name, classes[row.best], row.scores[row.best], row.level, *row.scores, ""]
