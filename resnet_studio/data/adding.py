"""Pictures that are added to an existing data set: stored by their content, beside it in the workspace."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from resnet_studio.data import editing, names
from resnet_studio.data.archive import store
from resnet_studio.data.dataset import STORED, Dataset, Sample
from resnet_studio.data.edits import Edit
from resnet_studio.data.formats import SNIFFED_BYTES, refusal, sniff
from resnet_studio.data.incoming import incoming
from resnet_studio.data.labelling import InspectedFile
from resnet_studio.data.scan import FileToInspect, inspect_all
from resnet_studio.durable import renamed
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace

_CHUNK = 1 << 20


def add(
    workspace: Workspace,
    id: str,
    files: Iterable[tuple[str, Path]],
    label: str = "",
    *,
    by: str = editing.PROGRAM,
    opened: editing.EditedSet | None = None,
) -> tuple[Dataset, dict[str, str]]:
    """Add ``files`` (what each is called, and where it is) to the class ``label``, or without one where that is empty.

    They are copied. Returns the data set after it, and for each file that is no usable picture the reason, the name of
    a finding. Raises :class:`DataError` where not one can be used.
    """
    edited = opened or editing.edited_set(workspace, id)
    folder = edited.log.folder
    label = editing.class_name(label) if label else ""
    with incoming(workspace) as temporary:
        inspected, refused = _inspect_added(files, temporary)
        if not inspected:
            first = next(iter(refused), "")
            raise DataError("error.edit.no_usable", count=len(refused), file=names.shown(first))
        for each in inspected:
            _keep(temporary / each.sample.file, folder / _place(each.sample), workspace)
    taken = set(edited.state.places)
    rows = [asdict(_as_added(each, label, taken)) for each in inspected]
    return edited.edit(Edit(kind="add", added=tuple(rows), label=label), by=by), refused


def _inspect_added(files: Iterable[tuple[str, Path]], temporary: Path) -> tuple[list[InspectedFile], dict[str, str]]:
    """The usable pictures, copied into ``temporary``, and why the others are not."""
    refused: dict[str, str] = {}
    stored: list[FileToInspect] = []
    for name, path in files:
        try:
            with path.open("rb") as file:
                start = file.read(SNIFFED_BYTES)
                kind = sniff(start)
                if kind is None:
                    refused[name] = refusal(start) if start else "empty_file"
                    continue
                file.seek(0)
                copied = store(iter(partial(file.read, _CHUNK), b""), kind, temporary)
        except OSError as error:
            if error.filename not in (str(path), path):
                raise  # of what is written
            refused[name] = "unreadable"
            continue
        stored.append(FileToInspect(name, copied, copied.stat().st_size, content=copied.stem))
    inspected: list[InspectedFile] = []
    for listed, result in inspect_all(stored, temporary, None):
        if isinstance(result, InspectedFile):
            inspected.append(result)
        else:
            refused[listed.name] = result
    return inspected, refused


def _place(sample: Sample) -> str:
    return f"added/{sample.content[:2]}/{Path(sample.file).name}"


def _keep(source: Path, target: Path, workspace: Workspace) -> None:
    """Have the picture at ``target``: as a link to where another data set has it, else moved from ``source``."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    inside = target.relative_to(target.parent.parent).as_posix()
    for twin in (path for kind in ("pictures", "added") for path in workspace.datasets.glob(f"*/{kind}/{inside}")):
        with suppress(OSError):  # no links here, or too many already: a copy is as good
            os.link(twin, target)
            return
    renamed(source, target)


def _as_added(inspected: InspectedFile, label: str, taken: set[str]) -> Sample:
    """The picture as it is recorded, under a unique name."""
    sample = inspected.sample
    inside = names.composed(inspected.name.replace("\\", "/").rpartition("/")[2]) or "picture"
    name = _free(f"{label}/{inside}" if label else inside, taken)
    taken.add(name)
    return Sample(name, STORED + _place(sample), -1, None, sample.content, sample.width, sample.height, sample.bytes)


def _free(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    count = 2
    free = name
    while free in taken:
        free = f"{stem} ({count}).{ending}" if dot else f"{name} ({count})"
        count += 1
    return free


def files_in(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """The files that ``paths`` name, folders by all that lies in them, without what systems leave there."""
    found: list[tuple[str, Path]] = []
    for path in paths:
        if path.is_dir():
            inside = sorted((each for each in path.rglob("*") if each.is_file()), key=lambda p: names.natural(str(p)))
            found += [(each.name, each) for each in inside if not names.is_junk(each.relative_to(path).as_posix())]
        elif path.is_file():
            found.append((path.name, path))
        else:
            raise DataError("error.data.missing", path=names.shown(str(path)))
    return found
