"""Editing a data set of the workspace: edits go into its log, and what it is now follows from that::

mended = edit(workspace, dataset.id, Edit(kind="move", pictures=("cat/7.jpg",), label="dog"))
assert undo(workspace, mended.id).id == dataset.id
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from resnet_studio import belonging
from resnet_studio.data.dataset import Dataset, load
from resnet_studio.data.edited import Edited
from resnet_studio.data.edits import Edit, EditLog, effective
from resnet_studio.data.names import composed, printable, shown
from resnet_studio.data.part_names import PARTS
from resnet_studio.errors import DataError
from resnet_studio.folder_names import safe_name
from resnet_studio.workspace import Workspace

LONGEST_NAME = 120
"""Characters of a class's name: it becomes a folder when the set is saved."""
PROGRAM = "program"


@dataclass(frozen=True)
class History:
    """What was done: ``lines`` of the log, the ``done`` edits that count, those that can be brought back, undone last
    first.
    """

    lines: tuple[Edit, ...]
    done: tuple[Edit, ...]
    undone: tuple[Edit, ...]


class EditedSet:
    """A data set and its log in memory: an edit costs what it changes. Safe to use from many threads."""

    def __init__(self, folder: Path) -> None:
        base = load(folder)
        self.log = EditLog(folder)
        self.state = Edited(base)
        self._lines: list[Edit] = []
        self._offset = 0
        self._lock = threading.RLock()
        self._current: Dataset | None = None
        self.refresh()

    def refresh(self) -> None:
        """Read what others have written since."""
        with self._lock:
            new, self._offset = self.log.read(self._offset)
            if not new:
                return
            plain = not any(line.kind in ("undo", "redo") for line in new)
            self._lines += new
            self.state.register_added(new)
            if plain:
                for line in new:
                    self.state.apply(line)
            else:
                self.state.replay(effective(self._lines)[0])
            self._current = None

    def dataset(self) -> Dataset:
        """The data set as it is now."""
        with self._lock:
            self.refresh()
            if self._current is None:
                parent = self._lines[-1].parent if self._lines else ""
                self._current = replace(self.state.dataset(), parent=parent)
            return self._current

    def at(self, id: str) -> Dataset:
        """The data set as it was when it had ``id``. Raises :class:`DataError` where it never had."""
        with self._lock:
            self.refresh()
            if id == self.state.base.id:
                return self.state.base
            for end in range(len(self._lines), 0, -1):
                if self._lines[end - 1].id == id:
                    if end == len(self._lines):
                        return self.dataset()
                    then = Edited(self.state.base)
                    then.register_added(self._lines)
                    then.replay(effective(self._lines[:end])[0])
                    return replace(then.dataset(), parent=self._lines[end - 1].parent)
        raise DataError("error.data.unknown", dataset=shown(id))

    def history(self, until: str = "") -> History:
        """What was done to it, or to what it was when it had the id ``until``."""
        with self._lock:
            self.refresh()
            lines = self._lines
            if until == self.state.base.id:
                lines = []
            elif until:
                end = max((at for at, line in enumerate(lines, 1) if line.id == until), default=len(lines))
                lines = lines[:end]
            done, undone = effective(lines)
            return History(tuple(lines), tuple(done), tuple(undone))

    def edit(self, edit: Edit, *, by: str = PROGRAM) -> Dataset:
        """Do ``edit`` and write it down; returns the data set after it. Raises :class:`DataError` for what cannot be
        done.
        """
        with self.log.locked(), self._lock:
            before = self.dataset()
            edit = checked(edit, self.state)
            self.state.register_added([edit])
            self.state.apply(edit)
            return self._written(edit, before, by)

    def undo(self, *, by: str = PROGRAM, seen: int | None = None) -> Dataset:
        """Take the last edit back. Raises :class:`DataError` where there is none, and where ``seen``, the lines of the
        log that somebody knows of, are not all: what they would take back is not what they see.
        """
        return self._step("undo", by, seen)

    def redo(self, *, by: str = PROGRAM, seen: int | None = None) -> Dataset:
        """Do again what was undone last. Raises :class:`DataError` where nothing was; ``seen`` as for :meth:`undo`."""
        return self._step("redo", by, seen)

    def _step(self, kind: str, by: str, seen: int | None) -> Dataset:
        with self.log.locked(), self._lock:
            before = self.dataset()
            if seen is not None and seen != len(self._lines):
                raise DataError("error.edit.changed_elsewhere", name=shown(before.name))
            done, undone = effective(self._lines)
            if not (done if kind == "undo" else undone):
                raise DataError(f"error.edit.no_{kind}", name=shown(before.name))
            step = Edit(kind="undo" if kind == "undo" else "redo")
            self.state.replay(effective([*self._lines, step])[0])
            return self._written(step, before, by)

    def _written(self, edit: Edit, before: Dataset, by: str) -> Dataset:
        """Write ``edit``, which the state has seen, after ``before``; where that fails, the state forgets it."""
        try:
            after = self.state.dataset()
            if not after.samples and not after.unlabelled:
                raise DataError("error.edit.nothing_left", name=shown(before.name))
            counts = (len(after.samples), len(after.classes))
            line = replace(edit, by=by, time=time.time(), id=after.id, parent=before.id, counts=counts)
            self._offset = self.log.append(line)
        except BaseException:
            self.state = Edited(self.state.base)
            self.state.register_added(self._lines)
            self.state.replay(effective(self._lines)[0])
            raise
        self._lines.append(line)
        self._current = replace(after, parent=before.id)
        return self._current


def checked(edit: Edit, state: Edited) -> Edit:
    """``edit`` as it is recorded. Raises :class:`DataError` where it names what is not there."""
    here = (
        state.places.keys()
        if not state.removed
        else {name for name, place in state.places.items() if place not in state.removed}
    )
    unknown = [name for name in edit.pictures if name not in here]
    if unknown:
        raise DataError("error.edit.no_picture", file=shown(unknown[0]), count=len(unknown))
    if edit.kind not in ("add", "rename", "merge") and not edit.pictures:
        raise DataError("error.edit.no_pictures")
    if edit.kind in ("add", "move", "rename", "merge"):
        label = edit.label if edit.kind == "add" and not edit.label else class_name(edit.label)
        edit = replace(edit, label=label)
    if edit.kind in ("rename", "merge"):
        _check_classes(edit, state)
    if edit.kind == "part" and edit.part not in ("", *PARTS):
        raise DataError("error.edit.part", part=edit.part, allowed=list(PARTS))
    if edit.kind == "groups" and len(edit.groups) != len(edit.pictures):
        raise DataError("error.edit.no_pictures")
    if edit.kind == "together" and not edit.group:
        edit = replace(edit, group=f"together-{len(state.pictures)}-{state.edits}")
    return edit


def _check_classes(edit: Edit, state: Edited) -> None:
    here = set(state.classes)
    for name in edit.classes:
        if name not in here:
            raise DataError("error.edit.no_class", found=shown(name), known=[shown(each) for each in state.classes])
    if not edit.classes or (edit.kind == "merge" and len({*edit.classes, edit.label}) < 2):
        raise DataError("error.edit.merge_one")
    if edit.kind == "rename" and edit.label in here:
        raise DataError("error.edit.same_class", found=shown(edit.label))


def class_name(given: str) -> str:
    """``given`` as the name of a class. Raises :class:`DataError` where it cannot be one."""
    name = composed(given.strip())
    if not name or not printable(name) or len(name) > LONGEST_NAME:
        raise DataError("error.edit.class_name", found=shown(given), most=LONGEST_NAME)
    return name


def folder_of(workspace: Workspace, id: str) -> Path:
    """The folder of the data set that has, or had, the ``id``. Raises :class:`DataError` where there is none."""
    folder = workspace.datasets / base_of(id)
    if not safe_name(id) or not (folder / "dataset.json").is_file() or not belonging.sees_dataset(folder):
        raise DataError("error.data.unknown", dataset=shown(id))
    return folder


def base_of(id: str) -> str:
    """The id of the data set at its import, which is the name of its folder."""
    return id.partition(".")[0]


def edited_set(workspace: Workspace, id: str) -> EditedSet:
    """The data set that has, or had, the ``id``, and its log. Raises :class:`DataError` where there is none."""
    return EditedSet(folder_of(workspace, id))


def current(workspace: Workspace, id: str) -> Dataset:
    """The data set with all edits, whatever moment ``id`` is of. Raises :class:`DataError` where there is none."""
    return edited_set(workspace, id).dataset()


def current_id(folder: Path) -> str:
    """The id that the data set in ``folder`` has now, without reading more of it than a line."""
    with suppress(DataError):
        if (last := EditLog(folder).last()) is not None:
            return last.id
    return folder.name


def edit(workspace: Workspace, id: str, step: Edit, *, by: str = PROGRAM) -> Dataset:
    """Do ``step`` to the data set; returns what it is after. Raises :class:`DataError` for what cannot be done."""
    return edited_set(workspace, id).edit(step, by=by)


def undo(workspace: Workspace, id: str, steps: int = 1, *, by: str = PROGRAM) -> Dataset:
    """Take the last ``steps`` edits back. Raises :class:`DataError` where there is none."""
    opened = edited_set(workspace, id)
    return _several(opened.undo, steps, by)


def redo(workspace: Workspace, id: str, steps: int = 1, *, by: str = PROGRAM) -> Dataset:
    """Do the last ``steps`` undone edits again. Raises :class:`DataError` where there is none."""
    opened = edited_set(workspace, id)
    return _several(opened.redo, steps, by)


def _several(step: object, steps: int, by: str) -> Dataset:
    assert callable(step)
    after: Dataset = step(by=by)
    for _ in range(steps - 1):
        after = step(by=by)
    return after


def history(workspace: Workspace, id: str) -> History:
    """What was done to the data set."""
    return edited_set(workspace, id).history()


def pictures_of(dataset: Dataset, classes: Sequence[str]) -> tuple[str, ...]:
    """The names of all pictures of ``classes``. Raises :class:`DataError` for one that there is not."""
    for name in classes:
        if name not in dataset.classes:
            raise DataError("error.edit.no_class", found=shown(name), known=[shown(each) for each in dataset.classes])
    labels = {dataset.classes.index(name) for name in classes}
    return tuple(sample.name for sample in dataset.samples if sample.label in labels)
