"""A folder becomes a data set: threads inspect every file once; then names decide on classes and parts."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from resnet_studio.data.choices import Choices, Purpose
from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.fingerprints import fingerprint
from resnet_studio.data.formats import BYTE_LIMITS, SNIFFED_BYTES, refusal, sniff
from resnet_studio.data.labelling import InspectedFile, Labelled, label
from resnet_studio.data.layout import Layout
from resnet_studio.data.links import Place, followed, is_link
from resnet_studio.data.names import comparison_key, composed, is_junk, printable, shown
from resnet_studio.data.packed import labels_in, pixels_in
from resnet_studio.data.pictures import BadPicture, picture_header
from resnet_studio.data.problem import Problem
from resnet_studio.data.table_labels import too_large, used_tables, why_not, with_table, workbook
from resnet_studio.data.tables import is_too_large, may_be_table
from resnet_studio.data.tracks import with_tracks
from resnet_studio.data.understood import understood
from resnet_studio.errors import DataError

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is."""


def phase(progress: Progress | None, index: int, of: int) -> Progress | None:
    """``progress`` for step ``index`` (from 0) of a work of ``of`` steps that take about as long."""
    if progress is None:
        return None
    report = progress
    return lambda done, total: report(index * total + done, of * total)


FILE_LIMIT = 1_000_000
_DECODED_PIXELS = 256 * 256
_READ_WHOLE = 4 * 2**20
_BATCH = 64
_UNSORTED = ("error.data.one_class", "error.data.loose", "error.data.bare_parts")
"""What is said where folders are no classes: a table that was meant to say them is the true reason."""


@dataclass(frozen=True, slots=True)
class FileToInspect:
    """A file to inspect: its ``name`` for the user, its ``path``, and what is known of it from an earlier scan."""

    name: str
    path: Path
    bytes: int
    modified: int = 0
    content: str = ""
    known: Sample | None = None


@dataclass
class Listing:
    """What a source holds: ``files`` to inspect, ``folders`` seen on the way, and what was left out already."""

    files: list[FileToInspect] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def scan(
    folder: Path,
    *,
    name: str | None = None,
    choices: Choices | None = None,
    purpose: Purpose = "train",
    progress: Progress | None = None,
    known: Mapping[str, Sample] | None = None,
) -> Dataset:
    """The data set in ``folder``, whose pictures stay where they are.

    ``known`` maps files (POSIX, relative) to samples of an earlier scan, which are trusted where size and time are
    the same. Links that lead out of the folder are not followed. Raises :class:`DataError` with one sentence.
    """
    root = folder.expanduser().resolve()
    if not printable(str(root)):
        raise DataError("error.data.odd_folder", folder=shown(str(root)))
    listing = list_folder(root, known or {})
    called = name or root.name or str(root)
    return assemble(listing, root, name=called, choices=choices, purpose=purpose, progress=progress)


def list_folder(root: Path, known: Mapping[str, Sample]) -> Listing:
    """All files below ``root``: no device or pipe opened, no link followed that leads out.

    ``known`` are samples of an earlier scan by where they really lie. Raises :class:`DataError`.
    """
    listing, waiting, inspected = Listing(), [Place("", root)], 0
    while waiting:
        place = waiting.pop()
        for entry in _entries(root, place, listing):
            name = f"{place.name}/{entry.name}" if place.name else entry.name
            inspected += 1
            if inspected > FILE_LIMIT:
                raise DataError("error.data.too_many_files", folder=shown(root.name), limit=FILE_LIMIT)
            if is_junk(entry.name):
                listing.left_out["junk"].append(shown(name, 255))
                continue
            if not printable(entry.name):
                listing.left_out["odd_name"].append(shown(name, 255))
                continue
            linked = is_link(entry)
            found = followed(root, place, name, entry.name) if linked else place.inside(name, entry.name)
            if found is None:
                listing.left_out["link"].append(name)
            elif found.really.is_dir() if linked else entry.is_dir(follow_symlinks=False):
                waiting.append(found)
                listing.folders.append(name)
            else:
                _list_file(root, found, known, listing)
    return listing


def _entries(root: Path, place: Place, listing: Listing) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place.really) as entries:
            return list(entries)
    except OSError as error:
        if not place.name:
            raise DataError("error.data.unreadable_folder", folder=shown(str(root))) from error
        listing.left_out["unreadable"].append(f"{place.name}/")
        return []


def _list_file(root: Path, place: Place, known: Mapping[str, Sample], listing: Listing) -> None:
    try:
        status = place.really.lstat()
    except OSError:
        listing.left_out["unreadable"].append(place.name)
        return
    if not stat.S_ISREG(status.st_mode):
        listing.left_out["special"].append(place.name)
        return
    earlier = known.get(place.really.relative_to(root).as_posix())
    if earlier is not None and (earlier.bytes, earlier.modified) != (status.st_size, status.st_mtime_ns):
        earlier = None
    listing.files.append(FileToInspect(place.name, place.really, status.st_size, status.st_mtime_ns, known=earlier))


def assemble(
    listing: Listing,
    root: Path,
    *,
    name: str,
    source: str = "folder",
    hints: Mapping[str, object] | None = None,
    choices: Choices | None = None,
    purpose: Purpose = "train",
    progress: Progress | None = None,
) -> Dataset:
    """The data set made of ``listing``, whose files lie below ``root``. Raises :class:`DataError`."""
    inspected, left_out = [], defaultdict(list, {kind: list(files) for kind, files in listing.left_out.items()})
    for file, result in inspect_all(listing.files, root, progress):
        if isinstance(result, InspectedFile):
            inspected.append(result)
        else:
            large = result == "not_a_picture" and is_too_large(file.name, file.bytes)
            left_out["large_table" if large else result].append(file.name)
    found, layout = _labelled(inspected, listing, left_out, choices or Choices(), purpose, name)
    content = fingerprint(found.samples, found.classes)
    return Dataset(
        id=content[:16],
        name=shown(name, 255),
        root=root,
        classes=found.classes,
        samples=found.samples,
        unlabelled=found.unlabelled,
        choices=choices or Choices(),
        doubts=layout.doubts,
        problems=tuple(
            Problem(kind, tuple(sorted(files)), found.about.get(kind, ()))
            for kind, files in sorted(found.left_out.items())
            if files
        ),
        hints=dict(hints or {}),
        fingerprint=content,
        source=source,
    )


def _tables(listing: Listing) -> dict[str, Path]:
    return {file.name: file.path for file in listing.files if may_be_table(file.name, file.bytes)}


def _labelled(
    inspected: Sequence[InspectedFile],
    listing: Listing,
    left_out: dict[str, list[str]],
    choices: Choices,
    purpose: Purpose,
    name: str,
) -> tuple[Labelled, Layout]:
    """The pictures with their classes, and how the names were understood; empty class folders are noted."""
    tables = _tables(listing)
    layout = understood([picture.name for picture in inspected], tables, choices)
    named = used_tables(tables) | {
        list for each in layout.doubts if each.kind in ("table", "table_parts") for list in each.folders
    }
    left_out["not_a_picture"] = [file for file in left_out["not_a_picture"] if file not in named]
    try:
        found = label(inspected, layout, left_out, choices, purpose, name)
    except DataError as error:
        if error.key == "error.data.no_pictures":
            raise pixels_in(tables, name) or error from error
        if error.key not in _UNSORTED or choices != Choices():
            raise
        others = left_out["not_a_picture"]
        reason = too_large(left_out["large_table"]) or why_not([picture.name for picture in inspected], tables)
        reason = reason or workbook(others) or labels_in(others, name)
        raise reason or error from error
    samples = with_table(layout, found.samples, tables)
    tracks = any(doubt.kind == "tracks" for doubt in layout.doubts)
    found = replace(found, samples=with_tracks(samples, found.classes) if tracks else samples)
    folders = {layout.place(f"{folder}/x")[1] for folder in listing.folders}
    folders |= {layout.place(file.name)[1] for file in listing.files}
    held = {*found.classes, *found.about.get("single_class", ())}
    empty = {composed(folder) for folder in folders if folder is not None} - held
    if choices.join_alike:
        empty -= {folder for folder in empty if comparison_key(folder) in {comparison_key(kind) for kind in held}}
    found.left_out.setdefault("empty_class", []).extend(empty)
    return found, layout


def inspect_all(
    files: Sequence[FileToInspect], root: Path, progress: Progress | None
) -> Iterator[tuple[FileToInspect, InspectedFile | str]]:
    """Each file with its picture, or with the reason why it is none; in order."""
    batches = [files[start : start + _BATCH] for start in range(0, len(files), _BATCH)]
    done = 0
    pool = ThreadPoolExecutor(min(8, (os.cpu_count() or 1) + 1))
    try:
        for batch, results in zip(batches, pool.map(lambda batch: _inspect_files(batch, root), batches), strict=True):
            yield from zip(batch, results, strict=True)
            done += len(batch)
            if progress:
                progress(done, len(files))
    finally:
        pool.shutdown(cancel_futures=True)


def _inspect_files(files: Iterable[FileToInspect], root: Path) -> list[InspectedFile | str]:
    results: list[InspectedFile | str] = []
    for file in files:
        try:
            results.append(_inspect(file, root))
        except BadPicture as error:
            results.append(error.fault)
        except OSError:
            results.append("unreadable")
    return results


def _inspect(file: FileToInspect, root: Path) -> InspectedFile:
    if file.known is not None:
        return InspectedFile(file.name, file.known, animated=False)
    if not file.bytes:
        # not opened: a file of no length may be one of the system's that never ends
        raise BadPicture("empty_file", file.name)
    with file.path.open("rb") as opened:
        start = opened.read(SNIFFED_BYTES)
        kind = sniff(start)
        if kind is None:
            raise BadPicture(refusal(start), file.name)
        if file.bytes > BYTE_LIMITS[kind]:
            raise BadPicture("too_many_bytes", file.name)
        opened.seek(0)
        whole: IO[bytes] = io.BytesIO(opened.read()) if file.bytes <= _READ_WHOLE else opened
        content = file.content or hashlib.file_digest(whole, "sha256").hexdigest()  # type: ignore[arg-type]
        header = picture_header(whole, name=file.name, decode_below=_DECODED_PIXELS)
    where = file.path.relative_to(root).as_posix()
    sample = Sample(file.name, where, 0, None, content, header.width, header.height, file.bytes, file.modified)
    return InspectedFile(file.name, sample, header.animated)
