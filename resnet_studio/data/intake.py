"""The one door: a zip, a picked folder, a folder on this machine, a sample or a public set becomes a data set.

Equal pictures under equal names give the same id; equal ones in another zip or folder are a data set of that name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from resnet_studio.data import names
from resnet_studio.data.archive import Limits, Unpacked, store, unpack
from resnet_studio.data.choices import Choices, Purpose
from resnet_studio.data.contents import read_contents
from resnet_studio.data.dataset import Dataset, Sample, load, save
from resnet_studio.data.formats import SNIFFED_BYTES, refusal, sniff
from resnet_studio.data.incoming import incoming, settle
from resnet_studio.data.scan import Progress, phase, scan
from resnet_studio.durable import remove_folder, renamed
from resnet_studio.errors import DataError, RunError
from resnet_studio.workspace import Workspace, safe_name

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Summary:
    """A data set in a list."""

    id: str
    name: str
    source: str
    classes: int
    pictures: int
    root: Path | None = None


def open_data(
    source: str | Path,
    workspace: Workspace | None = None,
    *,
    choices: Choices | None = None,
    purpose: Purpose = "train",
    progress: Progress | None = None,
) -> Dataset:
    """The data set at ``source``: a folder of class folders, a zip of one, ``sample:<key>`` or ``public:<key>``.

    ``choices`` say how a folder or a zip is read where names leave it open, ``purpose`` what for. A folder stays where
    it is; all else is kept in ``workspace`` (the default one where none is given). ``progress`` is called with how much
    is done and how much there is. Raises :class:`DataError` with one sentence.
    """
    from resnet_studio.data import samples

    workspace = workspace or Workspace.open()
    text = str(source)
    door, _, key = text.partition(":")
    if door == "sample":
        return samples.open_sample(key, workspace, progress=progress)
    if door == "public":
        return samples.open_public(key, workspace, progress=progress)
    if text.lower().startswith(("http://", "https://", "ftp://")):
        raise DataError("error.data.url")
    path, kind = _found(text)
    if kind == "folder":
        return from_folder(path, workspace, choices=choices, purpose=purpose, progress=progress)
    return from_zip(path, workspace, choices=choices, purpose=purpose, progress=progress)


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


def from_zip(
    archive: Path,
    workspace: Workspace,
    *,
    name: str | None = None,
    source: str = "zip",
    hints: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    choices: Choices | None = None,
    purpose: Purpose = "train",
    progress: Progress | None = None,
) -> Dataset:
    """The data set in the zip file ``archive``; raises :class:`DataError`."""
    encoding = choices.name_encoding if choices else "auto"
    with incoming(workspace) as folder:
        unpacked = unpack(archive, folder, limits=limits, encoding=encoding, progress=phase(progress, 0, 2))
        return settle(
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
        return settle(
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

    What was learnt of each file is kept in the workspace, so that opening the folder again reads only what is new.
    Raises :class:`DataError`.
    """
    root = folder.expanduser().resolve()
    where = hashlib.sha256(str(root).encode(errors="surrogateescape")).hexdigest()[:8]
    known = _known(workspace, where)
    dataset = scan(root, name=name, choices=choices, purpose=purpose, progress=progress, known=known)
    dataset = replace(dataset, id=f"{where}-{dataset.fingerprint[:12]}")
    with incoming(workspace) as temporary:
        save(dataset, temporary)
        kept = workspace.datasets / dataset.id
        if (kept / "dataset.json").is_file():
            # file times may be new
            for file in ("dataset.json", "summary.json"):
                (temporary / file).replace(kept / file)
        else:
            renamed(temporary, kept)
    return dataset


def reread(workspace: Workspace, id: str, choices: Choices, *, progress: Progress | None = None) -> Dataset:
    """The pictures of the data set ``id`` read as ``choices`` say: another data set, and ``id`` stays.

    Raises :class:`DataError`, also where what is needed for it was not kept.
    """
    kept = dataset(workspace, id)
    if kept.source == "folder":
        return from_folder(kept.root, workspace, name=kept.name, choices=choices, purpose="look", progress=progress)
    with incoming(workspace) as folder:
        unpacked = read_contents(kept.root, folder, choices.name_encoding)
        return settle(
            unpacked, folder, workspace, name=kept.name, source=kept.source, hints=kept.hints, choices=choices,
            purpose="look", progress=progress,
        )  # fmt: skip


def dataset(workspace: Workspace, id: str) -> Dataset:
    """The data set called ``id``. Raises :class:`DataError` where there is none, or its folder is gone."""
    folder = workspace.datasets / id
    if not safe_name(id) or not (folder / "dataset.json").is_file():
        raise DataError("error.data.unknown", dataset=names.shown(id))
    found = load(folder)
    if not found.root.is_dir():
        raise DataError("error.data.folder_gone", folder=str(found.root))
    return found


def datasets(workspace: Workspace) -> list[Summary]:
    """All data sets, the newest first; a folder on this machine only as it was last."""
    found = []
    for path in workspace.datasets.glob("*/summary.json"):
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            root = Path(values["root"]) if values["root"] else None
            summary = Summary(
                values["id"], values["name"], values["source"], values["classes"], values["pictures"], root
            )
            found.append((path.stat().st_mtime, summary))
        except (OSError, ValueError, LookupError, TypeError):
            continue
    newest = [summary for _, summary in sorted(found, key=lambda pair: (-pair[0], pair[1].id))]
    roots = [summary.root for summary in newest]
    return [each for at, each in enumerate(newest) if each.root is None or each.root not in roots[:at]]


def kept_from(source: str, workspace: Workspace) -> Dataset | None:
    """The data set that came from ``source`` earlier, if it is still in the workspace."""
    for path in workspace.datasets.glob("*/summary.json"):
        try:
            if json.loads(path.read_text(encoding="utf-8")).get("source") == source:
                return load(path.parent)
        except (OSError, ValueError, DataError):
            continue
    return None


def delete(workspace: Workspace, id: str) -> None:
    """Remove the data set ``id`` from the workspace for good; a folder on this machine keeps its pictures.

    Raises :class:`DataError` while a training uses it.
    """
    folder = workspace.datasets / id
    if not safe_name(id) or not (folder / "dataset.json").is_file():
        raise DataError("error.data.unknown", dataset=names.shown(id))
    for run in workspace.runs():
        with suppress(RunError):  # a damaged run trains nothing
            if run.about["dataset"] == id and run.state().status in ("running", "queued"):
                raise DataError("error.data.busy", run=run.id)
    for file in ("dataset.json", "summary.json"):
        (folder / file).unlink(missing_ok=True)
    remove_folder(folder)


def _known(workspace: Workspace, where: str) -> dict[str, Sample]:
    """What earlier scans of the folder with the hash ``where`` found, without the pictures that need a notice."""
    known: dict[str, Sample] = {}
    paths = sorted(workspace.datasets.glob(f"{where}-*/dataset.json"), key=lambda path: path.stat().st_mtime)
    for path in paths[-1:]:
        try:
            earlier = load(path.parent)
        except DataError:
            continue
        noticed = {file for problem in earlier.problems for file in problem.files}
        known |= {sample.file: sample for sample in earlier.samples if sample.name not in noticed}
        known |= {sample.file: sample for sample in earlier.unlabelled}
    return known


def _copied_in(pairs: list[tuple[str, Path]], folder: Path, progress: Progress | None) -> Unpacked:
    pictures, folders = [], set()
    left_out: dict[str, list[str]] = {}
    for done, (given, path) in enumerate(pairs, 1):
        with path.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
            kind = sniff(start)
            if names.is_junk(given):
                left_out.setdefault("junk", []).append(names.shown(given, 255))
            elif kind is None:
                left_out.setdefault(refusal(start), []).append(given)
                folders.add(given.rpartition("/")[0])
            else:
                file.seek(0)
                pictures.append((given, store(iter(partial(file.read, _CHUNK), b""), kind, folder)))
        if progress and (done % 64 == 0 or done == len(pairs)):
            progress(done, len(pairs))
    return Unpacked(tuple(pictures), tuple(sorted(folders - {""})), left_out)
