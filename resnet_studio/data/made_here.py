"""Data sets that begin empty: all their pictures are added by edits, as somebody makes them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from resnet_studio import belonging
from resnet_studio.data import adding, editing, fingerprints
from resnet_studio.data.dataset import Dataset, save
from resnet_studio.durable import remove_folder
from resnet_studio.workspace import Workspace

SOURCE = "made"
_ID = re.compile(rf"{SOURCE}-[0-9a-f]{{16}}")


def new_id() -> str:
    """An id that no data set has."""
    return f"{SOURCE}-{secrets.token_hex(8)}"


def is_made(id: str) -> bool:
    """Whether ``id`` is of a data set that begins empty."""
    return bool(_ID.fullmatch(editing.base_of(id)))


def is_begun(workspace: Workspace, id: str) -> bool:
    """Whether the data set has its first picture."""
    return (workspace.datasets / editing.base_of(id) / "dataset.json").is_file()


def begin(
    workspace: Workspace, id: str, files: Iterable[tuple[str, Path]], label: str, *, name: str, by: str
) -> tuple[Dataset, dict[str, str]]:
    """The data set ``id`` called ``name``, with its first pictures; the rest as for :func:`adding.add`.

    Raises :class:`DataError` where not one can be used: then there is no data set.
    """
    folder = workspace.datasets / id
    folder.mkdir(parents=True)
    empty = Dataset(id, name, folder, (), (), fingerprint=fingerprints.of_lines(()), source=SOURCE)
    save(empty, folder)
    if by.startswith(belonging.PERSON):
        belonging.append(folder / belonging.BROUGHT, by)
    try:
        return adding.add(workspace, id, files, label, by=by)
    except BaseException:
        remove_folder(folder)
        raise
