"""The edits of a data set since its import: an append-only log of edits that can be undone and redone.

``datasets/ID/edits.jsonl`` holds one JSON object a line. The files of the data set are never changed; what it is at a
moment follows from them and from the lines so far, see :mod:`resnet_studio.data.edited`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import Timeout

from resnet_studio.durable import disk_trouble, json_bytes, sync
from resnet_studio.errors import DataError
from resnet_studio.locks import Lock

FILE = "edits.jsonl"
PATIENCE_SECONDS = 10.0
_TAIL_BYTES = 1 << 12

Kind = Literal[
    "add", "remove", "move", "rename", "merge", "leave_out", "put_back", "keep", "together", "apart", "groups", "part",
    "undo", "redo",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One step. ``pictures`` are named as in the data set; which of the other fields count depends on ``kind``.

    ``add``: ``added`` are columns of :class:`Sample`, of the class ``label``, or of none where that is empty.
    ``move``: to the class ``label``, which may be new; ``labelled_by`` is ``model`` for a pseudo-label.
    ``rename`` and ``merge``: ``classes`` become ``label``. ``leave_out``, ``put_back``; ``remove`` is for good, but can
    be undone too. ``keep``: checked and found right. ``together`` and ``apart``: in one part of any split, named
    ``group``; ``groups`` has that of each picture, for many at once. ``part``: into ``part``, or where the split puts
    it where that is empty. ``why``: a word on the reason.

    ``by`` is who did it, ``time`` in seconds since 1970, ``id`` and ``parent`` the data set after and before it,
    ``counts`` the numbers of pictures and classes after it.
    """

    kind: Kind
    pictures: tuple[str, ...] = ()
    label: str = ""
    classes: tuple[str, ...] = ()
    part: str = ""
    group: str = ""
    groups: tuple[str, ...] = ()
    added: tuple[Mapping[str, Any], ...] = ()
    labelled_by: str = ""
    why: str = ""
    by: str = ""
    time: float = 0.0
    id: str = ""
    parent: str = ""
    counts: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value or name == "kind"}

    @classmethod
    def from_json(cls, values: Any) -> Edit | None:
        """Read what :meth:`to_json` wrote; None for what makes no sense, or a newer version has written."""
        if not isinstance(values, dict) or values.get("kind") not in KINDS:
            return None
        known = {spec.name: spec for spec in fields(cls)}
        given: dict[str, Any] = {}
        for name, value in values.items():
            if name in known:
                given[name] = tuple(value) if isinstance(value, list) else value
        edit = cls(**given)
        lists = (edit.pictures, edit.classes, edit.added, edit.counts, edit.groups)
        words = (edit.label, edit.part, edit.group, edit.labelled_by, edit.why, edit.by, edit.id, edit.parent)
        if not all(isinstance(each, tuple) for each in lists) or not all(isinstance(each, str) for each in words):
            return None
        return edit


@dataclass(frozen=True)
class EditLog:
    """The file in ``folder``. A torn last line, as a crash leaves it, is never read."""

    folder: Path

    @property
    def path(self) -> Path:
        """Where the log lies."""
        return self.folder / FILE

    def read(self, offset: int = 0) -> tuple[list[Edit], int]:
        """The lines that begin at byte ``offset``, and the offset after the last whole one.

        Raises :class:`DataError` where the file, or a line before the last, cannot be read: leaving one out would
        quietly change what the later ones mean.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                lines = file.read().splitlines(keepends=True)
        except FileNotFoundError:
            return [], offset
        except OSError as error:
            raise DataError("error.edit.damaged", dataset=self.folder.name) from error
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()
        return [self._parsed(line) for line in lines], offset + sum(map(len, lines))

    def last(self) -> Edit | None:
        """The last line; None where there is none."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                length = min(size, _TAIL_BYTES)
                while True:
                    file.seek(size - length)
                    whole = file.read(length)
                    end = whole.rfind(b"\n")
                    start = whole.rfind(b"\n", 0, end) if end >= 0 else -1
                    if start >= 0 or length == size:
                        break
                    length = min(size, length * 16)
        except OSError:
            return None
        return self._parsed(whole[start + 1 : end + 1]) if end >= 0 else None

    def append(self, edit: Edit) -> int:
        """Write ``edit`` and bring it to the disk; returns the size of the log then. Only within :meth:`locked`.

        Raises :class:`StudioError` where the disk is full or cannot be written to.
        """
        line = json_bytes(edit.to_json()) + b"\n"
        try:
            with self.path.open("ab+") as file:
                _cut_torn_line(file)
                file.write(line)
                file.flush()
                sync(file.fileno())
                return file.tell()
        except OSError as error:
            if (said := disk_trouble(error, self.path)) is not None:
                raise said from error
            raise

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Exclusive writing, across processes. Raises :class:`DataError` where another process writes for too long."""
        lock = Lock(self.folder / "edits.lock")
        try:
            lock.acquire(PATIENCE_SECONDS)
        except Timeout as error:
            raise DataError("error.edit.busy", dataset=self.folder.name) from error
        except OSError as error:
            if (said := disk_trouble(error, self.path)) is not None:
                raise said from error
            raise
        try:
            yield
        finally:
            lock.release()

    def _parsed(self, line: bytes) -> Edit:
        try:
            edit = Edit.from_json(json.loads(line))
        except (ValueError, TypeError, RecursionError):
            edit = None
        if edit is None:
            raise DataError("error.edit.damaged", dataset=self.folder.name)
        return edit


def _cut_torn_line(file: Any) -> None:
    size = file.seek(0, os.SEEK_END)
    if not size:
        return
    file.seek(size - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)


def effective(lines: list[Edit]) -> tuple[list[Edit], list[Edit]]:
    """The edits that count, in their order, and those that a redo would bring back, the next one last."""
    done: list[Edit] = []
    undone: list[Edit] = []
    for line in lines:
        if line.kind == "undo":
            if done:
                undone.append(done.pop())
        elif line.kind == "redo":
            if undone:
                done.append(undone.pop())
        else:
            done.append(line)
            undone.clear()
    return done, undone


def without_place(edit: Edit) -> Edit:
    """``edit`` without what it was in its log."""
    return replace(edit, id="", parent="", counts=())
