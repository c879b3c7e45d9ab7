"""A folder becomes a data set: every file looked at once, by threads; then names decide what is what."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from resnet_studio.data.dataset import Dataset, Problem, Sample, fingerprint
from resnet_studio.data.formats import BYTE_LIMITS, SNIFFED_BYTES, sniff
from resnet_studio.data.layout import are_bare_parts, understand
from resnet_studio.data.names import is_junk, printable, shown
from resnet_studio.data.pictures import BadPicture, picture_header
from resnet_studio.errors import DataError

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is."""


def phase(progress: Progress | None, index: int, of: int) -> Progress | None:
    """``progress`` for step ``index`` (from 0) of a work of ``of`` steps that take about as long."""
    if progress is None:
        return None
    told = progress
    return lambda done, total: told(index * total + done, of * total)


FILE_LIMIT = 1_000_000
_DECODED_PIXELS = 256 * 256
_READ_WHOLE = 4 * 2**20
_BATCH = 64


@dataclass(frozen=True, slots=True)
class File:
    """A file to look at: its ``name`` for the user, its ``path``, and what is known of it from an earlier look."""

    name: str
    path: Path
    bytes: int
    modified: int = 0
    content: str = ""
    known: Sample | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A usable picture; ``animated`` where only its first frame will be used."""

    name: str
    sample: Sample
    animated: bool


@dataclass
class Listing:
    """What a source holds: ``files`` to look at, ``folders`` seen on the way, and what was left out already."""

    files: list[File] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def scan(
    folder: Path,
    *,
    name: str | None = None,
    progress: Progress | None = None,
    known: Mapping[str, Sample] | None = None,
) -> Dataset:
    """The data set in ``folder``, whose pictures stay where they are.

    ``known`` maps files (POSIX, relative) to samples of an earlier scan, which are trusted where size and time are
    the same. Links are not followed. Raises :class:`DataError` with one sentence.
    """
    root = folder.expanduser().resolve()
    if not printable(str(root)):
        raise DataError("error.data.odd_folder", folder=shown(str(root)))
    listing = list_folder(root, known or {})
    return assemble(listing, root, name=name or root.name or str(root), progress=progress)


def list_folder(root: Path, known: Mapping[str, Sample]) -> Listing:
    """All files below ``root``: no link followed, no device or pipe opened. Raises :class:`DataError`."""
    listing, waiting, seen = Listing(), [""], 0
    while waiting:
        inside = waiting.pop()
        for entry in _entries(root, inside, listing):
            name = f"{inside}{entry.name}"
            seen += 1
            if seen > FILE_LIMIT:
                raise DataError("error.data.too_many_files", folder=shown(root.name), limit=FILE_LIMIT)
            if is_junk(entry.name):
                listing.left_out["junk"].append(shown(name, 255))
            elif not printable(entry.name):
                listing.left_out["odd_name"].append(shown(name, 255))
            elif entry.is_symlink() or _is_junction(entry):
                listing.left_out["link"].append(name)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(f"{name}/")
                listing.folders.append(name)
            else:
                _list_file(root, name, entry, known.get(name), listing)
    return listing


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """A link of Windows between folders; Python 3.11 does not know them."""
    ask: Callable[[], bool] = getattr(entry, "is_junction", lambda: False)
    return ask()


def _entries(root: Path, inside: str, listing: Listing) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(root / inside) as entries:
            return list(entries)
    except OSError as error:
        if not inside:
            raise DataError("error.data.unreadable_folder", folder=shown(str(root))) from error
        listing.left_out["unreadable"].append(inside)
        return []


def _list_file(root: Path, name: str, entry: os.DirEntry[str], known: Sample | None, listing: Listing) -> None:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        listing.left_out["unreadable"].append(name)
        return
    if not stat.S_ISREG(status.st_mode):
        listing.left_out["special"].append(name)
        return
    fresh = known is not None and (known.bytes, known.modified) == (status.st_size, status.st_mtime_ns)
    listing.files.append(File(name, root / name, status.st_size, status.st_mtime_ns, known=known if fresh else None))


def assemble(
    listing: Listing,
    root: Path,
    *,
    name: str,
    source: str = "folder",
    hints: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """The data set made of ``listing``, whose files lie below ``root``. Raises :class:`DataError`."""
    seen, left_out = [], defaultdict(list, {kind: list(files) for kind, files in listing.left_out.items()})
    for file, result in _look_at_all(listing.files, root, progress):
        if isinstance(result, Seen):
            seen.append(result)
        else:
            left_out[result].append(file.name)
    samples, classes = _label(seen, listing, left_out, name)
    content = fingerprint(samples)
    return Dataset(
        id=content[:16],
        name=shown(name, 255),
        root=root,
        classes=classes,
        samples=samples,
        problems=tuple(Problem(kind, tuple(sorted(files))) for kind, files in sorted(left_out.items()) if files),
        hints=dict(hints or {}),
        fingerprint=content,
        source=source,
    )


def _label(
    seen: Sequence[Seen], listing: Listing, left_out: dict[str, list[str]], name: str
) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """The pictures that lie in a class, sorted and labelled, and the classes; the others go to ``left_out``."""
    layout = understand(picture.name for picture in seen)
    places = [(picture, *layout.place(picture.name)) for picture in seen]
    learnt = {kind for _, _, kind, part in places if kind is not None and part in (None, "train")}
    kept = []
    for picture, inner, kind, part in places:
        if kind is None or kind not in learnt:
            left_out["no_class" if kind is None else "unknown_class"].append(inner)
            continue
        kept.append((kind, inner, part, picture))
        if picture.animated:
            left_out["animated"].append(inner)
    classes = tuple(sorted(learnt))
    _check_classes(kept, classes, left_out, name)
    others = {layout.place(f"{folder}/x")[1] for folder in listing.folders}
    others |= {layout.place(file.name)[1] for file in listing.files}
    left_out["empty_class"].extend(other for other in others if other is not None and other not in learnt)
    labels = {kind: label for label, kind in enumerate(classes)}
    samples = [
        replace(picture.sample, name=inner, label=labels[kind], part=part) for kind, inner, part, picture in kept
    ]
    return tuple(sorted(samples, key=lambda sample: (sample.label, sample.name))), classes


def _check_classes(
    kept: Sequence[tuple[str, str, str | None, Seen]],
    classes: Sequence[str],
    left_out: Mapping[str, Sequence[str]],
    name: str,
) -> None:
    """Refuse what nothing can be learnt from."""
    if not kept:
        loose = left_out.get("no_class", ())
        skipped = sum(len(files) for kind, files in left_out.items() if kind != "junk")
        if left_out.get("link") and not loose:
            raise DataError("error.data.only_links", name=shown(name))
        key = "error.data.loose" if loose else "error.data.no_pictures" if skipped else "error.data.empty"
        raise DataError(key, name=shown(name), count=len(loose) or skipped)
    if are_bare_parts(classes):
        raise DataError("error.data.bare_parts", name=shown(name), folders=list(classes))
    if len(classes) == 1:
        raise DataError("error.data.one_class", name=shown(name), found=shown(classes[0]))
    has_validation = any(part == "validation" for _, _, part, _ in kept)
    if has_validation:
        return
    different: dict[str, set[str]] = defaultdict(set)
    pictures: Counter[str] = Counter()
    for kind, _, part, picture in kept:
        if part in (None, "train"):
            different[kind].add(picture.sample.content)
            pictures[kind] += 1
    for kind in classes:
        if len(different[kind]) < 2:
            key = "error.data.single_picture" if pictures[kind] == 1 else "error.data.same_picture"
            raise DataError(key, found=shown(kind), count=pictures[kind])


def _look_at_all(files: Sequence[File], root: Path, progress: Progress | None) -> Iterator[tuple[File, Seen | str]]:
    """Each file with its picture, or with the reason why it is none; in order."""
    batches = [files[start : start + _BATCH] for start in range(0, len(files), _BATCH)]
    done = 0
    pool = ThreadPoolExecutor(min(8, (os.cpu_count() or 1) + 1))
    try:
        for batch, results in zip(batches, pool.map(lambda batch: _look_at(batch, root), batches), strict=True):
            yield from zip(batch, results, strict=True)
            done += len(batch)
            if progress:
                progress(done, len(files))
    finally:
        pool.shutdown(cancel_futures=True)


def _look_at(files: Iterable[File], root: Path) -> list[Seen | str]:
    results: list[Seen | str] = []
    for file in files:
        try:
            results.append(_seen(file, root))
        except BadPicture as error:
            results.append(error.fault)
        except OSError:
            results.append("unreadable")
    return results


def _seen(file: File, root: Path) -> Seen:
    if file.known is not None:
        return Seen(file.name, file.known, animated=False)
    if not file.bytes:
        # not opened: a file of no length may be one of the system's that never ends
        raise BadPicture("empty_file", file.name)
    with file.path.open("rb") as opened:
        kind = sniff(opened.read(SNIFFED_BYTES))
        if kind is None:
            raise BadPicture("not_a_picture", file.name)
        if file.bytes > BYTE_LIMITS[kind]:
            raise BadPicture("too_many_bytes", file.name)
        opened.seek(0)
        whole: IO[bytes] = io.BytesIO(opened.read()) if file.bytes <= _READ_WHOLE else opened
        content = file.content or hashlib.file_digest(whole, "sha256").hexdigest()  # type: ignore[arg-type]
        header = picture_header(whole, name=file.name, decode_below=_DECODED_PIXELS)
    where = file.path.relative_to(root).as_posix()
    sample = Sample(file.name, where, 0, None, content, header.width, header.height, file.bytes, file.modified)
    return Seen(file.name, sample, header.animated)
