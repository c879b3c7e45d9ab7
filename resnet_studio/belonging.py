"""Whose the things in a workspace are, as written beside them: the owner of a run, those of a data set or a file.

A run names its owner in its ``about``; data sets and files have a list of owners, a line each. A mark says that the
class shares a thing. What is from before accounts has no owner.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resnet_studio import acting
from resnet_studio.acting import Kind, Thing

PERSON = "person:"
"""What the names of people begin with in lists that have browsers in them too."""
BROUGHT = "brought.txt"
"""In the folder of a data set, a line for each browser and each person that brought it in."""
SHARED = "shared"


def of_run(folder: Path, about: Mapping[str, Any] | None = None) -> Thing:
    """The run in ``folder``; ``about`` saves reading it where that was done. A damaged run has no owner."""
    known = _about(folder) if about is None else about
    owner = known.get("owner")
    return Thing("run", folder.name, _one(_person(owner)), is_shared(folder))


def of_dataset(folder: Path) -> Thing:
    """The data set in ``folder``."""
    people = {line.removeprefix(PERSON) for line in lines(folder / BROUGHT) if line.startswith(PERSON)}
    return Thing("dataset", folder.name, frozenset(people), is_shared(folder))


def of_job(id: str, started_by: str) -> Thing:
    """The answers for many pictures called ``id``, which ``started_by`` asked for."""
    return Thing("prediction", id, _one(_person(started_by)))


def of_file(kind: Kind, file: Path) -> Thing:
    """A ``file`` with a list of owners beside it."""
    return Thing(kind, file.name, lines(_beside(file, "owners")), _beside(file, SHARED).exists())


def of_one(kind: Kind, owner: str, id: str = "") -> Thing:
    """A thing in memory, which ``owner`` made."""
    return Thing(kind, id, _one(owner))


def add_owner(file: Path) -> None:
    """Write down beside ``file`` that it is of whoever acts here; nothing where people are not told apart."""
    if owner := acting.owner():
        append(_beside(file, "owners"), owner)


def bring(folder: Path) -> None:
    """Write down in the ``folder`` of a data set, before that can be found, that whoever acts here brings it in."""
    if owner := acting.owner():
        append(folder / BROUGHT, f"{PERSON}{owner}")


def forget(file: Path) -> None:
    """Remove what is written down beside ``file`` of its owners, as it is removed itself."""
    for what in ("owners", SHARED):
        _beside(file, what).unlink(missing_ok=True)


def append(list: Path, line: str) -> None:
    """Add ``line`` to the ``list`` of owners, unless it is there."""
    if not line or line in lines(list):
        return
    descriptor = os.open(list, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{line}\n".encode())  # whole, beside what others append
    finally:
        os.close(descriptor)


def lines(list: Path) -> frozenset[str]:
    """The lines of the ``list`` of owners; none where it cannot be read."""
    try:
        return frozenset(list.read_text(encoding="utf-8").split("\n")) - {""}
    except (OSError, ValueError):
        return frozenset()


def is_shared(folder: Path) -> bool:
    """Whether the class shares the run or the data set in ``folder``."""
    return (folder / SHARED).exists()


def share(path: Path, *, shared: bool) -> None:
    """Let the class see and use the run or the data set in the folder ``path``, or the model file at it; or no more."""
    mark = path / SHARED if path.is_dir() else _beside(path, SHARED)
    if shared:
        mark.touch()
    else:
        mark.unlink(missing_ok=True)


def sees_run(folder: Path, about: Mapping[str, Any] | None = None) -> bool:
    """Whether whoever acts here may see the run in ``folder``; reads nothing where people are not told apart."""
    return acting.actor() is None or acting.allowed("see", of_run(folder, about))


def sees_dataset(folder: Path) -> bool:
    """Whether whoever acts here may see the data set in ``folder``."""
    return acting.actor() is None or acting.allowed("see", of_dataset(folder))


def owns_dataset(folder: Path) -> bool:
    """Whether the data set in ``folder`` is of whoever acts here; true where people are not told apart."""
    return acting.actor() is None or acting.owner() in of_dataset(folder).owners


def sees_file(kind: Kind, file: Path) -> bool:
    """Whether whoever acts here may see ``file``."""
    return acting.actor() is None or acting.allowed("see", of_file(kind, file))


def facts() -> dict[str, str]:
    """What the ``about`` of a new run says of its owner."""
    owner = acting.owner()
    return {"owner": f"{PERSON}{owner}"} if owner else {}


def salt() -> str:
    """What makes the names of things with equal content differ between people; empty where they are not told apart."""
    owner = acting.owner()
    return hashlib.sha256(owner.encode()).hexdigest()[:16] if owner else ""


def _beside(file: Path, what: str) -> Path:
    """The file with ``what`` is known of ``file``; its name is as short as it has to be, however long that of it is."""
    return file.with_name(f".{hashlib.sha256(file.name.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.{what}")


def _one(owner: object) -> frozenset[str]:
    return frozenset({owner}) if isinstance(owner, str) and owner else frozenset()


def _person(who: object) -> str:
    """The id of the person that ``who`` names; empty for a browser, a program or what a user wrote."""
    return who.removeprefix(PERSON) if isinstance(who, str) and who.startswith(PERSON) else ""


def _about(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))["about"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
