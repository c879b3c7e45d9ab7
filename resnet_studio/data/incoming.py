"""A data set being imported: put together in the workspace's temporary folder and renamed into place at the end.

A refused upload leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from resnet_studio import belonging, owners, space
from resnet_studio.data.archive import Unpacked
from resnet_studio.data.choices import Choices, Purpose
from resnet_studio.data.contents import add_missing, open_to_choice, with_guess, write_contents
from resnet_studio.data.dataset import Dataset, load, save
from resnet_studio.data.facts import taken_over
from resnet_studio.data.scan import FileToInspect, Listing, Progress, assemble
from resnet_studio.data.teachable import arranged
from resnet_studio.durable import disk_trouble, is_disk_full, renamed
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace


@contextmanager
def incoming(workspace: Workspace) -> Iterator[Path]:
    """An empty folder to put a data set together in; gone when the block ends, unless it was renamed.

    Raises :class:`StudioError` where the disk has no room for more.
    """
    space.check_room(workspace.root)
    workspace.temporary.mkdir(parents=True, exist_ok=True)
    folder = workspace.temporary / f"incoming-{owners.this_process()}-{secrets.token_hex(4)}"
    try:
        folder.mkdir()
        yield folder
    except OSError as error:
        if is_disk_full(error):
            raise DataError("error.data.disk_full") from error
        if (said := disk_trouble(error, folder)) is not None:
            raise said from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def finish_import(
    unpacked: Unpacked,
    folder: Path,
    workspace: Workspace,
    *,
    name: str,
    source: str,
    hints: Mapping[str, object] | None = None,
    choices: Choices | None = None,
    purpose: Purpose = "train",
    progress: Progress | None = None,
) -> Dataset:
    """Make a data set of the pictures stored in ``folder`` and rename the folder into the workspace.

    Pictures that are not used stay only where the user may still choose to read the set in another way. Where the same
    pictures are there already under the same ``name``, that data set is returned; under another name, each keeps its
    own, and the files are stored once where the file system can. Raises :class:`DataError`.
    """
    unpacked = arranged(unpacked)
    files = [FileToInspect(given, path, path.stat().st_size, content=path.stem) for given, path in unpacked.pictures]
    listing = Listing(files, list(unpacked.folders), {kind: list(some) for kind, some in unpacked.left_out.items()})
    content = assemble(
        listing, folder, name=name, source=source, hints=hints, choices=choices, purpose=purpose, progress=progress
    )
    content = with_guess(content, unpacked.guess)
    if open_to_choice(content):
        write_contents(unpacked, folder)
    else:
        used = {sample.file for sample in (*content.samples, *content.unlabelled)}
        for file in files:
            if file.path.relative_to(folder).as_posix() not in used:
                file.path.unlink(missing_ok=True)
    return _move_into_place(content, folder, [file.path for file in files], workspace)


def _move_into_place(content: Dataset, folder: Path, files: Sequence[Path], workspace: Workspace) -> Dataset:
    """``content``, whose ``files`` lie in ``folder``, in its place in the workspace."""
    while True:
        kept = _place(content, workspace)
        dataset = replace(content, id=kept.name, root=kept)
        if (kept / "dataset.json").is_file():
            return _reuse_existing(dataset, folder)
        if (twin := _twin(content, kept)) is not None:
            _store_once(folder, files, twin)
        if kept.is_dir():  # deleted, but runs need its pictures
            belonging.bring(kept)
            add_missing(folder, kept)
            save(dataset, kept)
            return dataset
        belonging.bring(folder)  # a server that dies right after this leaves no set that is nobody's
        save(dataset, folder)
        try:
            renamed(folder, kept)
        except OSError:
            # another upload of the same pictures was faster
            if not (kept / "dataset.json").is_file():
                raise
            continue
        return dataset


def _place(content: Dataset, workspace: Workspace) -> Path:
    """The folder for ``content``: named after the pictures, and where another name has that, after its name as well.

    Equal pictures of two people are two data sets: neither learns of the other, nor of what the other does to them.
    """
    own = hashlib.sha256(content.name.encode()).hexdigest()[:6]
    id = f"{content.id}-{salt}" if (salt := belonging.salt()) else content.id
    first, second = workspace.datasets / id, workspace.datasets / f"{id}-{own}"
    if not (first / "dataset.json").is_file():
        return second if (second / "dataset.json").is_file() else first
    try:
        return first if load(first).name == content.name else second
    except DataError:
        return second


def _twin(content: Dataset, kept: Path) -> Path | None:
    """Another data set with the pictures of ``content`` than the one that is ``kept``; None where there is none."""
    if kept.name == content.id:
        return None
    return next((each for each in kept.parent.glob(f"{content.id}*") if each != kept), None)


def _store_once(folder: Path, files: Sequence[Path], twin: Path) -> None:
    """Replace each of ``files`` in ``folder`` by a link to the equal one in ``twin``, where there can be links."""
    for file in files:
        linked = file.with_name(f"{file.name}.link")
        # no links here, or too many already: a copy is as good
        with suppress(OSError):
            if file.is_file():
                os.link(twin / file.relative_to(folder), linked)
                linked.replace(file)


def _reuse_existing(dataset: Dataset, folder: Path) -> Dataset:
    """The data set with the pictures of ``dataset`` that is there already, with what was left out this time.

    What ``folder`` holds beyond them is added to it.
    """
    kept = load(dataset.root)
    fresh = replace(
        kept,
        samples=taken_over(kept.samples, dataset.samples),
        problems=dataset.problems,
        unlabelled=dataset.unlabelled,
        choices=dataset.choices,
        doubts=dataset.doubts,
    )
    if dataset.source not in ("zip", "picked"):
        fresh = replace(fresh, source=dataset.source, hints=dataset.hints)
    add_missing(folder, dataset.root)
    if fresh != kept:
        save(fresh, kept.root)
    return fresh
