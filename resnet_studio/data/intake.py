"""Imports: a zip, a picked folder or a folder on this machine becomes a data set.

Equal pictures under equal names give the same id, and are stored once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from resnet_studio.data import library, names, teachable
from resnet_studio.data.archive import ArchiveLimits, Unpacked, store, unpack
from resnet_studio.data.carrying import carry_edits
from resnet_studio.data.choices import Choices, Purpose
from resnet_studio.data.contents import read_contents
from resnet_studio.data.dataset import Dataset, Sample, load, save
from resnet_studio.data.formats import SNIFFED_BYTES, refusal, sniff
from resnet_studio.data.incoming import finish_import, incoming
from resnet_studio.data.scan import Progress, phase, scan
from resnet_studio.data.tables import is_too_large, may_be_table
from resnet_studio.durable import renamed
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace

_CHUNK = 1 << 20


def from_zip(
    archive: Path,
    workspace: Workspace,
    *,
    name: str | None = None,
    source: str = "zip",
    hints: Mapping[str, object] | None = None,
    limits: ArchiveLimits | None = None,
    choices: Choices | None = None,
    purpose: Purpose = "train",
    progress: Progress | None = None,
) -> Dataset:
    """The data set in the zip file ``archive``; raises :class:`DataError`."""
    encoding = choices.name_encoding if choices else "auto"
    with incoming(workspace) as folder:
        unpacked = unpack(archive, folder, limits=limits, encoding=encoding, progress=phase(progress, 0, 2))
        return finish_import(
            unpacked, folder, workspace, name=name or archive.stem, source=source, hints=hints,
            choices=choices, purpose=purpose, progress=phase(progress, 1, 2),
        )  # fmt: skip


def from_picked(
    files: Iterable[tuple[str, Path]],
    workspace: Workspace,
    *,
    name: str,
    inside: Path | None = None,
    purpose: Purpose = "train",
    progress: Progress | None = None,
) -> Dataset:
    """The data set made of uploaded ``files``: pairs of the relative name that the browser gave and the file.

    The files are copied into the workspace and stay: equal files that two people upload are one file. With ``inside``,
    a file that does not lie in that folder is refused.
    Raises :class:`DataError`.
    """
    pairs = list(files)
    names.check((given for given, _ in pairs), "picked")
    around = inside.resolve() if inside else None
    for given, path in pairs:
        within = around is None or path.resolve().is_relative_to(around)
        if not within or path.is_symlink() or not path.is_file():
            raise DataError("error.picked.gone", entry=names.shown(given))
    with incoming(workspace) as folder:
        unpacked = _copied_in(pairs, folder, phase(progress, 0, 2))
        return finish_import(
            unpacked, folder, workspace, name=name, source="picked", purpose=purpose, progress=phase(progress, 1, 2)
        )


def from_folder(
    folder: Path,
    workspace: Workspace,
    *,
    name: str | None = None,
    choices: Choices | None = None,
    purpose: Purpose = "train",
    progress: Progress | None = None,
) -> Dataset:
    """The data set in a folder on this machine: its pictures are read where they are, and never changed.

    What was found in each file is cached in the workspace, so that opening the folder again reads only what is new. An
    unpacked project of Teachable Machine, which has no folders of classes, is copied as an upload would be.
    Raises :class:`DataError`.
    """
    root = folder.expanduser().resolve()
    if (project := teachable.in_folder(root)) is not None:
        return from_picked(project, workspace, name=name or root.name, purpose=purpose, progress=progress)
    where = hashlib.sha256(str(root).encode(errors="surrogateescape")).hexdigest()[:8]
    known = _known(workspace, where)
    dataset = scan(root, name=name, choices=choices, purpose=purpose, progress=progress, known=known)
    dataset = replace(dataset, id=f"{where}-{dataset.fingerprint[:12]}")
    with incoming(workspace) as temporary:
        save(dataset, temporary)
        kept = workspace.datasets / dataset.id
        if kept.is_dir():
            # file times may be new; or it was deleted, and runs need pictures that were added to it
            for file in ("dataset.json", "summary.json"):
                (temporary / file).replace(kept / file)
        else:
            earlier = _earlier(workspace, where)
            renamed(temporary, kept)
            if earlier is not None:
                carry_edits(earlier, kept)
    return dataset


def reread(workspace: Workspace, id: str, choices: Choices, *, progress: Progress | None = None) -> Dataset:
    """The pictures of the data set ``id`` read as ``choices`` say: another data set, and ``id`` stays.

    Raises :class:`DataError`, also where what it needs was not stored.
    """
    kept = library.find_dataset(workspace, id)
    if kept.source == "folder":
        return from_folder(kept.root, workspace, name=kept.name, choices=choices, purpose="look", progress=progress)
    with incoming(workspace) as folder:
        unpacked = read_contents(kept.root, folder, choices.name_encoding)
        return finish_import(
            unpacked, folder, workspace, name=kept.name, source=kept.source, hints=kept.hints, choices=choices,
            purpose="look", progress=progress,
        )  # fmt: skip


def _known(workspace: Workspace, where: str) -> dict[str, Sample]:
    """What earlier scans of the folder with the hash ``where`` found, without the pictures that need a notice."""
    known: dict[str, Sample] = {}
    if (folder := _earlier(workspace, where)) is not None:
        try:
            earlier = load(folder)
        except DataError:
            return known
        noticed = {file for problem in earlier.problems for file in problem.files}
        known |= {sample.file: sample for sample in earlier.samples if sample.name not in noticed}
        known |= {sample.file: sample for sample in earlier.unlabelled}
    return known


def _earlier(workspace: Workspace, where: str) -> Path | None:
    """Where the latest scan of the folder with the hash ``where`` is stored."""
    paths = sorted(workspace.datasets.glob(f"{where}-*/dataset.json"), key=lambda path: path.stat().st_mtime)
    return paths[-1].parent if paths else None


def _copied_in(pairs: list[tuple[str, Path]], folder: Path, progress: Progress | None) -> Unpacked:
    pictures, folders = [], set()
    left_out: dict[str, list[str]] = {}
    for done, (given, path) in enumerate(pairs, 1):
        with path.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
            kind = sniff(start)
            if names.is_junk(given):
                left_out.setdefault("junk", []).append(names.shown(given, 255))
            elif kind is None and may_be_table(given, path.stat().st_size):
                file.seek(0)
                pictures.append((given, store(iter(partial(file.read, _CHUNK), b""), "TABLE", folder)))
            elif kind is None and is_too_large(given, path.stat().st_size):
                left_out.setdefault("large_table", []).append(given)
            elif kind is None:
                left_out.setdefault(refusal(start), []).append(given)
                folders.add(given.rpartition("/")[0])
            else:
                file.seek(0)
                pictures.append((given, store(iter(partial(file.read, _CHUNK), b""), kind, folder)))
        if progress and (done % 64 == 0 or done == len(pairs)):
            progress(done, len(pairs))
    return Unpacked(tuple(pictures), tuple(sorted(folders - {""})), left_out)
