"""Data sets in Python: open, edit, undo, save."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from resnet_studio.one_or_many import as_list
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.data.edits import Edit


def open_data(
    source: str | Path,
    workspace: Workspace | None = None,
    *,
    to_score: bool = False,
    edited: bool = True,
    **choices: Any,
) -> Dataset:
    """The data set at ``source``: a folder or zip of class folders, ``sample:NAME``, ``public:NAME``, ``dataset:ID``.

    What was edited in the workspace since it came in counts, unless ``edited`` is false.
    ``choices`` are fields of :class:`resnet_studio.data.choices.Choices`, such as ``layout="inner"``, for what names
    leave open. With ``to_score`` it may have a single class, or classes with a single picture. Raises
    :class:`DataError` with a sentence that says what to do where it cannot be used.
    """
    from resnet_studio.data.choices import Choices
    from resnet_studio.data.opening import open_data as open_any

    chosen = Choices().with_changes(choices)
    purpose: Literal["score", "train"] = "score" if to_score else "train"
    return open_any(source, workspace or Workspace.open(), choices=chosen, purpose=purpose, edited=edited)


def opened(dataset: Dataset | str | Path, workspace: Workspace | None, *, to_score: bool = False) -> Dataset:
    """``dataset``, or the one at the place that it names, see :func:`open_data`."""
    return open_data(dataset, workspace, to_score=to_score) if isinstance(dataset, (str, Path)) else dataset


def edit_data(dataset: Dataset, edit: Edit, workspace: Workspace | None = None) -> Dataset:
    """Apply one recorded, reversible edit to ``dataset`` and return the result. No file of the user is changed.

    Raises :class:`DataError` for what cannot be done.

    >>> import resnet_studio as studio
    >>> moved = studio.Edit(kind="move", pictures=("cat/7.jpg",), label="dog")
    >>> studio.edit_data(dataset, moved)  # doctest: +SKIP
    """
    from resnet_studio.data import editing

    lists: dict[str, Any] = {name: tuple(as_list(getattr(edit, name))) for name in ("pictures", "classes", "groups")}
    edit = replace(edit, **lists)
    return editing.edit(workspace or Workspace.open(), dataset.id, edit)


def undo_edit(dataset: Dataset, workspace: Workspace | None = None) -> Dataset:
    """Take the last edit of ``dataset`` back. Raises :class:`DataError` where there is none."""
    from resnet_studio.data import editing

    return editing.undo(workspace or Workspace.open(), dataset.id)


def redo_edit(dataset: Dataset, workspace: Workspace | None = None) -> Dataset:
    """Do again what was undone last. Raises :class:`DataError` where nothing was."""
    from resnet_studio.data import editing

    return editing.redo(workspace or Workspace.open(), dataset.id)


def save_data(dataset: Dataset, target: str | Path, workspace: Workspace | None = None) -> Path:
    """Write ``dataset`` as a zip or a folder of class folders, with ``changes.csv`` on its edits; returns where.

    Raises :class:`DataError` where ``target`` is taken, or a picture is gone.
    """
    from resnet_studio.data import editing
    from resnet_studio.data.saved_set import changes_of, save_set

    opened = editing.edited_set(workspace or Workspace.open(), dataset.id)
    return save_set(dataset, Path(target), changes_of(opened.state.base, opened.history(dataset.id))).path
