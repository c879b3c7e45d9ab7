"""Pictures without a label, for trainings that learn from them as well: of the data set itself, of another one, or of
any folder on this machine.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.data import library
from resnet_studio.data.scan import inspect_all, list_folder
from resnet_studio.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resnet_studio.data.dataset import Dataset, Sample, Split
    from resnet_studio.workspace import Workspace

OWN = "own"
"""The unlabelled pictures that came along with the data set itself."""
DATASET = "dataset:"
"""Before the id of a data set in the workspace, whose labels are not looked at."""


def check(where: str, dataset: Dataset, workspace: Workspace) -> None:
    """Raise :class:`DataError` where ``where`` names no pictures."""
    if where == OWN:
        if not dataset.unlabelled:
            raise DataError("error.unlabelled.none", name=dataset.name)
    elif where.startswith(DATASET):
        library.find_dataset(workspace, where.removeprefix(DATASET))
    elif not Path(where).expanduser().is_dir():
        raise DataError("error.unlabelled.folder", folder=where)


def samples(where: str, split: Split, workspace: Workspace) -> list[Sample]:
    """The usable pictures that ``where`` names, each once, with label -1 and the absolute path of its file.

    ``where`` is ``own``, ``dataset:ID`` or a folder. Raises :class:`DataError` where there are none.
    """
    if where == OWN:
        found = _of_dataset(dataset := library.find_dataset(workspace, split.dataset), dataset.unlabelled)
    else:
        return pictures_of(where, workspace)
    return _each_once(found, where)


def pictures_of(where: str, workspace: Workspace) -> list[Sample]:
    """As :func:`samples`, of ``dataset:ID`` or a folder, whatever else is trained on."""
    if where.startswith(DATASET):
        dataset = library.find_dataset(workspace, where.removeprefix(DATASET))
        found = _of_dataset(dataset, (*dataset.samples, *dataset.unlabelled))
    else:
        found = _in_folder(Path(where).expanduser())
    return _each_once(found, where)


def _each_once(found: Sequence[Sample], where: str) -> list[Sample]:
    by_content = {each.content or each.file: each for each in found}
    if not by_content:
        raise DataError("error.unlabelled.empty", folder=where)
    return list(by_content.values())


def _of_dataset(dataset: Dataset, chosen: Sequence[Sample]) -> list[Sample]:
    return [
        replace(each, name=f"{dataset.name}/{each.name}", file=str(dataset.path(each).resolve()), label=-1, group="")
        for each in chosen
    ]


def _in_folder(folder: Path) -> list[Sample]:
    if not folder.is_dir():
        raise DataError("error.unlabelled.folder", folder=str(folder))
    root = folder.resolve()
    listing = list_folder(root, {})
    return [
        replace(found.sample, name=f"{root.name}/{file.name}", file=str(root / found.sample.file), label=-1)
        for file, found in inspect_all(listing.files, root, None)
        if not isinstance(found, str)
    ]
