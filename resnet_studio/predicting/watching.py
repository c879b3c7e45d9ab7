"""A folder that is watched: each new picture is named once, put into its class folder and written into a table.

What was done stands in a journal in the workspace, a line a picture, on the disk before anything else follows from it.
The order is: copy, journal, table, and where pictures are moved the original goes last. After a crash between two of
these the picture is named again, its copy found to be there, the table completed from the journal and the move ended:
nothing is done twice, and nothing is lost.
"""

from __future__ import annotations

import csv
import filecmp
import hashlib
import io
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio import owners
from resnet_studio.data.pictures import BadPicture
from resnet_studio.data.portable_names import FreeNames, portable
from resnet_studio.data.saved_set import DANGEROUS
from resnet_studio.durable import disk_trouble, json_bytes, make_folder, sync
from resnet_studio.errors import DataError, StudioError
from resnet_studio.predicting import copies
from resnet_studio.predicting.arrivals import Arrival, FileState

if TYPE_CHECKING:
    from resnet_studio.batching import Prediction
    from resnet_studio.predicting.engine import Answering

HALF = frozenset({"truncated", "damaged", "empty_file", "unreadable"})
"""What a picture looks like that is not completely written yet, too."""
PATIENCE = 60.0
"""Seconds without a change after which such a picture is taken for what it looks like."""


@dataclass(frozen=True)
class Sorting:
    """Class folders in ``folder``, and one called ``unsure``; pictures are copied, or with ``move`` moved."""

    folder: Path
    unsure: str = copies.UNSURE
    move: bool = False


@dataclass(frozen=True)
class Done:
    """A picture that is done; ``target`` is where it lies in the folder of the sorted, ``problem`` why it is not."""

    number: int
    name: str
    size: int
    modified: int
    time: str
    label: str = ""
    probability: float = 0.0
    level: str = ""
    scores: tuple[float, ...] = ()
    target: str = ""
    moved: bool = False
    problem: str = ""

    @property
    def state(self) -> FileState:
        """What the file was known by."""
        return FileState(self.size, self.modified)


@dataclass
class FolderWatch:
    """Names the pictures of ``folder`` by a model with these ``classes``; ``home`` is where its journal is kept.

    ``table`` is a CSV file. Only one program at a time may have it. Raises :class:`StudioError` where the disk fails.
    """

    folder: Path
    home: Path
    classes: Sequence[str]
    sorting: Sorting | None = None
    table: Path | None = None
    patience: float = PATIENCE
    done: dict[str, FileState] = field(default_factory=dict)
    rows: list[Done] = field(default_factory=list)
    before: int = 0

    def __post_init__(self) -> None:
        make_folder(self.home)
        names = FreeNames()
        unsure = portable(self.sorting.unsure) if self.sorting else copies.UNSURE
        self._unsure, self._none = names.take(unsure), names.take(copies.NONE)
        self._folders = {name: names.take(portable(name)) for name in self.classes}

    @property
    def journal(self) -> Path:
        """A line a picture."""
        return self.home / "done.jsonl"

    def open(self) -> None:
        """Read what was done before, and finish what a crash left unfinished."""
        end = 0
        with suppress(FileNotFoundError), self.journal.open("rb") as file:
            for line in file:
                try:
                    values = json.loads(line)
                    row = Done(**{**values, "scores": tuple(values["scores"])})
                except (ValueError, TypeError, LookupError):
                    break
                end += len(line)
                self.rows.append(row)
                self.done[row.name] = row.state
        if self.journal.exists() and end < self.journal.stat().st_size:
            os.truncate(self.journal, end)
        self.before = len(self.rows)
        self._complete_table()
        self._remove_drafts()
        for row in self.rows[-copies.MOVED_AT_ONCE :]:
            self._end_move(row)

    def open_again(self) -> None:
        """As :meth:`open` after a failed :meth:`name`, as if the program had ended there; counts go on."""
        before, self.rows, self.done = self.before, [], {}
        self.open()
        self.before = before

    def name(self, arrivals: Sequence[Arrival], tool: Answering) -> list[Done]:
        """Name ``arrivals`` and put them where they belong; those that may not be complete yet are left for later."""
        answers = tool.answer([arrival.path for arrival in arrivals])
        made: list[Done] = []
        try:
            for arrival, answer in zip(arrivals, answers, strict=True):
                if not arrival.path.exists() or self._may_be_half(arrival, answer):
                    continue
                made.append(self._sorted(arrival, answer, tool, len(self.rows) + len(made) + 1))
            self._append(self.journal, b"".join(json_bytes(asdict(row)) + b"\n" for row in made))
            self.rows += made
            self.done |= {row.name: row.state for row in made}
            if self.table and made:
                self._append(self.table, b"".join(map(self._line, made)), heading=self._heading())
            for row in made:
                self._end_move(row)
        except OSError as error:
            raise disk_trouble(error, self.sorting.folder if self.sorting else self.table) or error from error
        return made

    def _remove_drafts(self) -> None:
        """Remove copies that a program which is gone had not finished; it had this watch's lock, which we have now."""
        for draft in self.sorting.folder.glob("*/.copy.*.tmp") if self.sorting else ():
            token = owners.TOKEN.search(draft.name)
            if token and (token[0] == owners.this_process() or owners.is_alive(token[0]) is False):
                with suppress(OSError):
                    draft.unlink(missing_ok=True)

    def _may_be_half(self, arrival: Arrival, answer: Any) -> bool:
        return isinstance(answer, BadPicture) and answer.fault in HALF and arrival.seconds < self.patience

    def _sorted(self, arrival: Arrival, answer: Prediction | StudioError, tool: Answering, number: int) -> Done:
        facts: dict[str, Any] = {
            "number": number, "name": arrival.name, "size": arrival.state.size, "modified": arrival.state.modified,
            "time": datetime.now().astimezone().isoformat(timespec="seconds"),
        }  # fmt: skip
        if isinstance(answer, StudioError):
            return Done(**facts, problem=str(answer))
        level, shares = tool.judge(answer), dict(answer.scores)
        facts["scores"] = tuple(round(shares[name], 6) for name in self.classes)
        target = ""
        if self.sorting:
            folder = self._none if level == "unknown" else self._unsure if level == "unsure" else ""
            wanted = self.sorting.folder / (folder or self._folders[answer.label]) / portable(arrival.path.name)
            target = copies.put(arrival.path, wanted).relative_to(self.sorting.folder).as_posix()
        moved = bool(self.sorting and self.sorting.move)
        return Done(
            **facts, label=answer.label, probability=answer.probability, level=level, target=target, moved=moved
        )

    def _end_move(self, row: Done) -> None:
        """Remove the original of a picture that was to be moved, where its copy is whole and it has not changed."""
        if not (row.moved and row.target and self.sorting):
            return
        original, copy = self.folder / row.name, self.sorting.folder / row.target
        with suppress(FileNotFoundError):
            found = original.stat()
            same = FileState(found.st_size, found.st_mtime_ns) == row.state
            if same and copy.is_file() and filecmp.cmp(original, copy, shallow=False):
                original.unlink()

    def _complete_table(self) -> None:
        """Write what the journal has and the table lacks; half a line at its end is cut off."""
        if self.table is None:
            return
        last = 0
        if self.table.exists():
            content = self.table.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            if len(whole) < len(content):
                os.truncate(self.table, len(whole))
            rows = csv.reader(io.StringIO(whole.decode("utf-8-sig", "replace")))
            last = max((int(row[0]) for row in rows if row and row[0].isdecimal()), default=0)
            if whole and not last and self.rows:
                raise DataError("error.watch.table", path=str(self.table))
        if missing := b"".join(self._line(row) for row in self.rows if row.number > last):
            self._append(self.table, missing, heading=self._heading())

    def _heading(self) -> bytes:
        names = ["number", "time", "picture", "answer", "probability", "sure", *self.classes, "sorted_into", "problem"]
        return b"\xef\xbb\xbf" + _cells(names)  # with the mark, spreadsheets read names in any script

    def _line(self, row: Done) -> bytes:
        scores = row.scores or [""] * len(self.classes)
        answered = [row.label, row.probability, row.level] if row.scores else ["", "", ""]
        return _cells([row.number, row.time, row.name, *answered, *scores, row.target, row.problem])

    @staticmethod
    def _append(file: Path, content: bytes, *, heading: bytes = b"") -> None:
        """Add ``content`` to ``file``, on the disk when it returns; a new one begins with ``heading``."""
        if not content:
            return
        make_folder(file.parent)
        with file.open("ab") as out:
            out.write(content if out.tell() else heading + content)
            out.flush()
            sync(out.fileno())


def may_pass(error: OSError | StudioError) -> bool:
    """Whether ``error`` is of the disk, and so may be gone later: a table that another program has open, a full disk,
    a network drive that is away.
    """
    return isinstance(error, OSError) or error.key.split(".")[1].startswith("disk")


def home_of(root: Path, folder: Path, sorting: Sorting | None, table: Path | None) -> Path:
    """Where this watch is kept in the workspace at ``root``: one for each folder and what becomes of it."""
    parts = [folder.resolve(), sorting and sorting.folder.resolve(), table and table.resolve()]
    return root / "watches" / hashlib.sha256(repr([str(each) for each in parts]).encode()).hexdigest()[:16]


def _cells(values: Sequence[object]) -> bytes:
    """One line of CSV; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    out = io.StringIO()
    safe = [f"'{each}" if isinstance(each, str) and each.startswith(DANGEROUS) else each for each in values]
    csv.writer(out, lineterminator="\r\n").writerow(safe)
    return out.getvalue().encode("utf-8", "replace")
