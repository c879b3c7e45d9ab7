"""Opens any source that the user names as a data set."""

from __future__ import annotations

from pathlib import Path

from resnet_studio.data import editing, intake, library, names, samples
from resnet_studio.data.choices import Choices, Purpose
from resnet_studio.data.dataset import Dataset
from resnet_studio.data.edits import FILE
from resnet_studio.data.scan import Progress
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace


def open_data(
    source: str | Path,
    workspace: Workspace | None = None,
    *,
    choices: Choices | None = None,
    purpose: Purpose = "train",
    progress: Progress | None = None,
    edited: bool = True,
) -> Dataset:
    """The data set at ``source``: a folder of class folders, a zip of one, ``sample:<key>`` or ``public:<key>``, or
    ``dataset:<id>`` for one that the workspace holds.

    ``choices`` say how a folder or a zip is read where names leave it open, ``purpose`` what for. A folder stays where
    it is; all else goes into ``workspace`` (the default one where none is given). ``progress`` is called with how much
    is done and how much there is. What was edited in the workspace since counts, unless ``edited`` is false.
    Raises :class:`DataError` with one sentence.
    """
    workspace = workspace or Workspace.open()
    found = _opened(str(source), workspace, choices, purpose, progress)
    if found.id != editing.base_of(found.id):
        return found
    folder = workspace.datasets / found.id
    return editing.current(workspace, found.id) if edited and (folder / FILE).is_file() else found


def _opened(
    text: str, workspace: Workspace, choices: Choices | None, purpose: Purpose, progress: Progress | None
) -> Dataset:
    """The data set at ``text`` as it was imported."""
    door, _, key = text.partition(":")
    if door == "dataset":
        return library.find_dataset(workspace, key)
    if door == "sample":
        return samples.open_sample(key, workspace, progress=progress)
    if door == "public":
        return samples.open_public(key, workspace, progress=progress)
    if text.lower().startswith(("http://", "https://", "ftp://")):
        raise DataError("error.data.url")
    path, kind = _found(text)
    if kind == "folder":
        return intake.from_folder(path, workspace, choices=choices, purpose=purpose, progress=progress)
    return intake.from_zip(path, workspace, choices=choices, purpose=purpose, progress=progress)


def check(source: str) -> None:
    """Raise :class:`DataError` where ``source`` is a path with nothing there."""
    if source.partition(":")[0] not in ("sample", "public"):
        _found(source)


def _found(text: str) -> tuple[Path, str]:
    """What is at the path ``text``: a folder or a file. Raises :class:`DataError` where there is neither."""
    try:
        path = Path(text).expanduser()
        if text.strip() and path.is_dir():
            return path, "folder"
        if path.is_file():
            return path, "file"
    # no home folder of that name; a NUL; a name too long for the system
    except (RuntimeError, ValueError, OSError) as error:
        raise DataError("error.data.missing", path=names.shown(text)) from error
    raise DataError("error.data.missing", path=names.shown(text))
