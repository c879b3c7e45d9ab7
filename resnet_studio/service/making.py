"""Classes that are made on pages: pictures wait while they are recorded, and become one edit when that ends.

A take is what one press of a button records, or what is added at once. Nothing of it is lost where its page goes away:
a take that nothing was added to for some seconds ends by itself.
"""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio import owners, space
from resnet_studio.data import adding, editing, made_here, names
from resnet_studio.data.edits import Edit
from resnet_studio.data.formats import SNIFFED_BYTES, sniff
from resnet_studio.durable import disk_trouble
from resnet_studio.errors import DataError
from resnet_studio.service.editor import Editor, NotYoursError

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.data.editing import EditedSet
    from resnet_studio.workspace import Workspace

MOST_BYTES = 32 * 2**20
"""Of one picture."""
MOST_PICTURES = 2000
"""Of one take."""
MOST_TAKES = 64
MOST_WAITING_BYTES = 2**30
SHOWN = 200
"""Pictures of a class that a page gets to know."""
IDLE_SECONDS = 6.0
CLASS_OFF = "class_off"
_TAKE = re.compile(r"[0-9a-f]{16,32}")


@dataclass
class _Take:
    """Pictures of ``label`` in the data set ``dataset`` that ``by`` is adding."""

    dataset: str
    label: str
    by: str
    folder: Path
    files: list[tuple[str, Path]] = field(default_factory=list)
    bytes: int = 0
    last: float = field(default_factory=time.monotonic)


class Making:
    """Data sets that pages make. Safe to use from many threads.

    ``changed`` is called with each data set that got new pictures; ``room`` with who adds and how many pictures of
    theirs wait, and raises :class:`StudioError` where that is more than they may have.
    """

    def __init__(
        self,
        workspace: Workspace,
        editor: Editor,
        changed: Callable[[Dataset], None] = lambda _: None,
        idle_seconds: float = IDLE_SECONDS,
        room: Callable[[str, int], None] = lambda _, __: None,
    ) -> None:
        self._workspace = workspace
        self.editor = editor
        self._changed = changed
        self._idle = idle_seconds
        self._room = room
        self._lock = threading.RLock()
        self._adding = threading.Lock()
        self._takes: dict[str, _Take] = {}

    def stage(
        self, take: str, dataset: str, label: str, name: str, content: bytes, *, by: str, local: bool = False
    ) -> int:
        """Have the picture ``content``, called ``name``, wait in ``take``; returns how many wait there.

        ``local`` as for :meth:`Editor.check`. Raises :class:`StudioError` where it is no picture, or there is no room.
        """
        self.check(dataset, by, local=local)
        if not _TAKE.fullmatch(take):
            raise DataError("error.make.take")
        label = editing.class_name(label)
        if sniff(content[:SNIFFED_BYTES]) is None:
            raise DataError("error.edit.no_usable", count=1, file=names.shown(name, 80))
        with self._lock:
            self._room(by, 1 + sum(len(each.files) for each in self._takes.values() if each.by == by))
            taken = self._taken(take, dataset, label, by)
            if len(taken.files) >= MOST_PICTURES:
                raise DataError("error.make.too_many", most=MOST_PICTURES)
            if sum(each.bytes for each in self._takes.values()) + len(content) > MOST_WAITING_BYTES:
                raise DataError("error.make.busy")
            path = taken.folder / str(len(taken.files))
            _write(path, content)
            taken.files.append((name, path))
            taken.bytes += len(content)
            taken.last = time.monotonic()
            return len(taken.files)

    def _taken(self, take: str, dataset: str, label: str, by: str) -> _Take:
        """The take called ``take``, begun if need be."""
        if (known := self._takes.get(take)) is not None:
            if (known.dataset, known.label, known.by) != (dataset, label, by):
                raise DataError("error.make.take")
            return known
        if len(self._takes) >= MOST_TAKES:
            raise DataError("error.make.busy")
        folder = self._workspace.temporary / f"take-{owners.this_process()}-{secrets.token_hex(4)}"
        folder.mkdir(parents=True)
        self._takes[take] = _Take(dataset, label, by, folder)
        self._look_again(take, self._idle)
        return self._takes[take]

    def _look_again(self, take: str, seconds: float) -> None:
        timer = threading.Timer(seconds, self._end_idle, [take])
        timer.daemon = True
        timer.start()

    def _end_idle(self, take: str) -> None:
        """End ``take`` where its page has gone away."""
        with self._lock:
            taken = self._takes.get(take)
            if taken is None:
                return
            left = taken.last + self._idle - time.monotonic()
            if left > 0:
                self._look_again(take, left)
                return
        try:
            self.keep(take, "", by=taken.by)
        except DataError:  # nobody is there to be informed
            return

    def keep(self, take: str, name: str, *, by: str) -> Dataset | None:
        """Add the pictures of ``take`` as one edit; returns the data set after it, None where there is no such take.

        A data set that begins with them is called ``name``. Raises :class:`DataError`.
        """
        with self._lock:
            taken = self._takes.get(take)
            if taken is None or taken.by != by:
                return None
            del self._takes[take]
        try:
            with self._adding:
                after = self._added(taken, name)
        finally:
            shutil.rmtree(taken.folder, ignore_errors=True)
        self._changed(after)
        return after

    def _added(self, taken: _Take, name: str) -> Dataset:
        if made_here.is_made(taken.dataset) and not made_here.is_begun(self._workspace, taken.dataset):
            id = editing.base_of(taken.dataset)
            called = names.composed(name.strip())[: editing.LONGEST_NAME] or "Webcam"
            return made_here.begin(self._workspace, id, taken.files, taken.label, name=called, by=taken.by)[0]
        opened = self.editor.opened(taken.dataset)
        return adding.add(self._workspace, taken.dataset, taken.files, taken.label, by=taken.by, opened=opened)[0]

    def check(self, dataset: str, by: str, *, local: bool = False) -> None:
        """Raise :class:`DataError` where ``by`` may not add to ``dataset``, or there is none."""
        if made_here.is_made(dataset) and not made_here.is_begun(self._workspace, dataset):
            return
        self.editor.check(dataset, by, local=local)

    def edit(self, dataset: str, requested: Mapping[str, Any], *, by: str, local: bool = False) -> Dataset:
        """Do what a page ``requested``; besides what :meth:`Editor.edit` does, switch a class ``off`` or ``on``.

        Raises :class:`DataError`.
        """
        self.check(dataset, by, local=local)
        opened, kind = self.editor.opened(dataset), requested.get("kind")
        label = str(requested.get("label") or "")
        if kind == "off":
            pictures = _names(opened, label, "used")
            return opened.edit(Edit(kind="leave_out", pictures=pictures, why=CLASS_OFF), by=by)
        if kind == "on":
            pictures = _switched_off(opened, label)
            return opened.edit(Edit(kind="put_back", pictures=pictures, why=CLASS_OFF), by=by)
        if kind == "remove_class":
            pictures = (*_names(opened, label, "used"), *_names(opened, label, "left_out"))
            return opened.edit(Edit(kind="remove", pictures=pictures), by=by)
        if kind == "rename" and label.strip() in _standing(opened):
            raise DataError("error.edit.same_class", found=names.shown(label))
        if kind in ("undo", "redo", "rename", "move", "remove"):
            return self.editor.edit(dataset, requested, by, local=local)
        raise DataError("error.edit.no_pictures")

    def state(self, dataset: str, *, by: str, local: bool = False) -> dict[str, Any]:
        """What a page shows of ``dataset``: its classes with their pictures by place, the newest first."""
        if made_here.is_made(dataset) and not made_here.is_begun(self._workspace, dataset):
            return {"dataset": dataset, "cards": [], "undo": False, "redo": False, "mine": True, "steps": 0}
        opened = self.editor.opened(dataset)
        now, history = opened.dataset(), opened.history()
        cards = []
        for name, (used, left_out) in sorted(_standing(opened).items(), key=lambda each: names.natural(each[0])):
            shown = used or left_out
            cards.append(
                {"name": name, "count": len(shown), "off": not used, "places": shown[: -SHOWN - 1 : -1]}
            )  # fmt: skip
        try:
            self.check(dataset, by, local=local)
            mine = True
        except NotYoursError:
            mine = False
        first = bool(opened.state.base.samples or opened.state.base.unlabelled)
        return {
            "dataset": now.id, "name": now.name, "cards": cards, "undo": len(history.done) > (0 if first else 1),
            "redo": bool(history.undone), "mine": mine, "steps": len(history.lines),
        }  # fmt: skip


def _standing(opened: EditedSet) -> dict[str, tuple[list[int], list[int]]]:
    """The places of the pictures of each class: those in use, and those that are left out."""
    state = opened.state
    found: dict[str, tuple[list[int], list[int]]] = {}
    for place in range(len(state.pictures)):
        standing = state.status_of(place)
        if state.kinds[place] and standing in ("used", "left_out"):
            found.setdefault(state.kinds[place], ([], []))[standing == "left_out"].append(place)
    return found


def _names(opened: EditedSet, label: str, standing: str) -> tuple[str, ...]:
    places = _standing(opened).get(label, ([], []))[standing == "left_out"]
    return tuple(opened.state.pictures[place].name for place in places)


def _switched_off(opened: EditedSet, label: str) -> tuple[str, ...]:
    """The pictures of ``label`` that went out when it was last switched off; all that are out where it never was."""
    out = _names(opened, label, "left_out")
    for edit in reversed(opened.history().done):
        if edit.kind == "leave_out" and edit.why == CLASS_OFF and (chosen := set(edit.pictures) & set(out)):
            return tuple(name for name in out if name in chosen)
    return out


def _write(path: Path, content: bytes) -> None:
    space.check_room(path.parent, len(content))
    try:
        path.write_bytes(content)
    except OSError as error:
        if (said := disk_trouble(error, path)) is not None:
            raise said from error
        raise
