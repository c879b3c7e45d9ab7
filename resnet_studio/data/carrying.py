"""Keeps the edits of a folder on this machine when its files have changed: those of unchanged pictures."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from resnet_studio.data.contents import linked
from resnet_studio.data.dataset import STORED, load
from resnet_studio.data.edited import Edited
from resnet_studio.data.edits import Edit, EditLog, effective, without_place
from resnet_studio.errors import DataError


def carry_edits(earlier: Path, folder: Path) -> None:
    """Write the edits that count in ``earlier``, a data set's folder, into the log of ``folder``, which has none.

    What was added to the one is in the other then too.
    """
    with suppress(DataError):  # a damaged log ends with the data set that it is of
        done = effective(EditLog(earlier).read()[0])[0]
        if not done:
            return
        old, new = load(earlier), load(folder)
        if old.choices != new.choices:  # names mean something else
            return
        contents = {sample.name: sample.content for sample in (*new.samples, *new.unlabelled)}
        known = {sample.name: sample.content for sample in (*old.samples, *old.unlabelled)}
        same = {name for name, content in known.items() if contents.get(name) == content}
        same |= {str(row["name"]) for edit in done for row in edit.added if row["name"] not in contents}
        edits = [kept for edit in done if (kept := _still(edit, same)) is not None]
        state = Edited(new)
        state.register_added(edits)
        state.replay(edits)
        after, log = state.dataset(), EditLog(folder)
        with log.locked():
            for edit in edits:
                for row in edit.added:
                    _add(row, earlier, folder)
            for at, edit in enumerate(edits, 1):
                last = at == len(edits)
                counts = (len(after.samples), len(after.classes))
                log.append(replace(edit, id=after.id, parent=new.id, counts=counts) if last else edit)


def _still(edit: Edit, same: set[str]) -> Edit | None:
    """``edit`` for the pictures that are the ``same``; None where it is of others alone."""
    pictures = tuple(name for name in edit.pictures if name in same)
    added = tuple(row for row in edit.added if row["name"] in same)
    if not (pictures or added or edit.classes):
        return None
    of_picture = dict(zip(edit.pictures, edit.groups, strict=False))
    groups = tuple(of_picture[name] for name in pictures) if edit.groups else ()
    return replace(without_place(edit), pictures=pictures, added=added, groups=groups)


def _add(row: Mapping[str, Any], earlier: Path, folder: Path) -> None:
    inside = str(row["file"]).removeprefix(STORED)
    linked(earlier / inside, folder / inside)
