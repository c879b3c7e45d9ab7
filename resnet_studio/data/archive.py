"""An uploaded zip becomes files in one folder, safely.

Nothing in a zip is trusted: names are checked before anything is written and never become paths (pictures are stored
under the SHA-256 of their bytes), sizes are counted while inflating, and whatever is no picture is not inflated past
its first bytes. Any doubt refuses the whole archive with one sentence.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import IO, Literal, cast

from resnet_studio.data import names
from resnet_studio.data.formats import EXTENSIONS, PICTURE_ENDINGS, SNIFFED_BYTES, Format, refusal, sniff
from resnet_studio.data.tables import is_too_large, may_be_table
from resnet_studio.data.zip_entries import Inflated, check_directory, checked_entries, inflated
from resnet_studio.data.zip_names import Guess
from resnet_studio.durable import is_disk_full, renamed
from resnet_studio.errors import DataError, StudioError

# everything that the zip module was seen to raise on mutated archives
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError,
    RuntimeError, LookupError, TypeError, OverflowError, MemoryError,
)  # fmt: skip
_CHUNK = 1 << 16
_TABLE = ".table"
_USUAL_BYTES = 40_000


@dataclass(frozen=True)
class ArchiveLimits:
    """How much an archive may hold: ``ratio`` of inflated to packed bytes counts only past ``ratio_from`` bytes."""

    entries: int = 200_000
    total_bytes: int = 20 * 2**30
    picture_bytes: int = 256 * 2**20
    ratio: int = 100
    ratio_from: int = 100 * 10**6


@dataclass(frozen=True)
class Unpacked:
    """``pictures`` pairs names inside the archive with stored files; ``left_out`` groups the other names by reason.

    ``guess`` is set where the archive does not say in which encoding its names are.
    """

    pictures: tuple[tuple[str, Path], ...]
    folders: tuple[str, ...] = ()
    left_out: dict[str, list[str]] = field(default_factory=dict)
    guess: Guess | None = None


def unpack(
    archive: Path,
    into: Path,
    *,
    limits: ArchiveLimits | None = None,
    encoding: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Unpacked:
    """Store the pictures of ``archive`` as ``into/pictures/ab/abcdef….jpg``.

    Where it holds nothing but zips, as sets of contests do, those are unpacked too, each as a folder of its name.

    ``encoding`` is that of names that do not say theirs. Junk and what does not begin like a picture is left out by
    name. Raises :class:`DataError` for an archive that is none, is damaged, encrypted or unsafe; what is in ``into``
    then is for the caller to remove.
    """
    limits = limits or ArchiveLimits()
    with ExitStack() as stack:
        with _refuse_damaged(archive.name):
            file = stack.enter_context(archive.open("rb"))
            check_directory(file, archive.name, limits.entries)
            opened = stack.enter_context(zipfile.ZipFile(file))
            entries, guess = checked_entries(opened, file, archive.name, encoding)
        budget = _Budget(archive, limits)
        stored = replace(_stored(opened, entries, into, budget, progress), guess=guess)
        if any(file.suffix != _TABLE for _, file in stored.pictures):
            return stored
        for name, info in entries:
            if name.lower().endswith(".zip") and not names.is_junk(name):
                stored = _with_inner(stored, _inner(opened, name, info, into, budget, encoding, progress), name)
        names.check((name for name, _ in stored.pictures), "zip")  # a.zip and a.ZIP may hold the same ones
        return stored


def _with_inner(stored: Unpacked, inner: Unpacked, archive: str) -> Unpacked:
    """``stored`` with what is in the zip ``archive`` inside, as if that were a folder called so."""
    folder = archive[: -len(".zip")]
    left_out = {kind: [name for name in files if name != archive] for kind, files in stored.left_out.items()}
    for kind, files in inner.left_out.items():
        left_out.setdefault(kind, []).extend(f"{folder}/{name}" for name in files)
    return Unpacked(
        (*stored.pictures, *((f"{folder}/{name}", file) for name, file in inner.pictures)),
        tuple(sorted({*stored.folders, *(f"{folder}/{name}" for name in inner.folders)})),
        {kind: files for kind, files in left_out.items() if files},
        inner.guess or stored.guess,
    )


def _inner(
    opened: zipfile.ZipFile,
    name: str,
    info: zipfile.ZipInfo,
    into: Path,
    budget: _Budget,
    encoding: str,
    progress: Callable[[int, int], None] | None,
) -> Unpacked:
    """What is in the zip ``name`` that lies in another, within the same ``budget``; zips in that stay closed."""
    temporary = into / "inner.part"
    with ExitStack() as stack:
        with _refuse_damaged(name):
            with inflated(opened, info, cast("IO[bytes]", opened.fp)) as packed, temporary.open("wb") as copy:
                for chunk in _chunks(b"", packed, info.file_size, budget):
                    copy.write(chunk)
            stack.callback(temporary.unlink)
            file = stack.enter_context(temporary.open("rb"))
            check_directory(file, name, budget.entries_left)
            inside = stack.enter_context(zipfile.ZipFile(file))
            entries, guess = checked_entries(inside, file, name, encoding)
        return replace(_stored(inside, entries, into, budget, progress), guess=guess)


def foreseen(archive: Path, limits: ArchiveLimits | None = None) -> tuple[int, int]:
    """How many pictures ``archive`` probably holds and their bytes, by its directory alone; 0 where that cannot be
    read, which is said by whoever unpacks it.
    """
    try:
        with _refuse_damaged(archive.name), archive.open("rb") as file:
            check_directory(file, archive.name, (limits or ArchiveLimits()).entries)
            with zipfile.ZipFile(file) as opened:
                found = [info for info in opened.infolist() if _sounds_like_a_picture(info.filename)]
                if not found:  # of zips inside the size is known, and how much of it pictures usually take
                    zips = sum(info.file_size for info in opened.infolist() if info.filename.lower().endswith(".zip"))
                    return zips // _USUAL_BYTES, 2 * zips
    except StudioError:
        return 0, 0
    return len(found), sum(info.file_size for info in found)


def _sounds_like_a_picture(name: str) -> bool:
    return name.lower().endswith(PICTURE_ENDINGS) and not any(map(names.is_junk, name.split("/")))


@contextmanager
def _refuse_damaged(name: str) -> Iterator[None]:
    """Turn whatever a damaged archive raises into one sentence."""
    try:
        yield
    except StudioError:
        raise
    except OSError as error:
        if is_disk_full(error):
            raise DataError("error.data.disk_full") from error
        raise DataError("error.zip.damaged", name=names.shown(name)) from error
    except _BROKEN as error:
        raise DataError("error.zip.damaged", name=names.shown(name)) from error


class _Budget:
    """Counts the bytes that really come out."""

    def __init__(self, archive: Path, limits: ArchiveLimits) -> None:
        self.archive = archive.name
        self._packed = max(1, archive.stat().st_size)
        self.limits = limits
        self._total = 0
        self.entries_left = limits.entries

    def spend(self, count: int) -> None:
        """``count`` more bytes; raises :class:`DataError` where that is too much."""
        self._total += count
        limits = self.limits
        if self._total > limits.total_bytes:
            raise DataError("error.zip.too_large", name=names.shown(self.archive), limit=limits.total_bytes // 2**30)
        if self._total > limits.ratio_from and self._total > limits.ratio * self._packed:
            raise DataError("error.zip.ratio", name=names.shown(self.archive), limit=limits.ratio)


def _stored(
    opened: zipfile.ZipFile,
    entries: Sequence[tuple[str, zipfile.ZipInfo]],
    into: Path,
    budget: _Budget,
    progress: Callable[[int, int], None] | None,
) -> Unpacked:
    budget.entries_left -= len(entries)
    pictures, folders = [], set()
    left_out: dict[str, list[str]] = defaultdict(list)
    for done, (name, info) in enumerate(entries, 1):
        if names.is_junk(name.rstrip("/")):
            left_out["junk"].append(names.shown(name, 255))
        elif name.endswith("/"):
            folders.add(name.rstrip("/"))
        elif is_too_large(name, info.file_size):
            left_out["large_table"].append(name)
        elif info.file_size > budget.limits.picture_bytes:
            left_out["too_many_bytes"].append(name)
        else:
            with _refuse_damaged(budget.archive):
                found = _store_entry(opened, info, into, budget)
            if isinstance(found, Path):
                pictures.append((name, found))
            else:
                left_out[found].append(name)
                folders.add(name.rpartition("/")[0])
        if progress and (done % 64 == 0 or done == len(entries)):
            progress(done, len(entries))
    return Unpacked(tuple(pictures), tuple(sorted(folders - {""})), dict(left_out))


def _store_entry(opened: zipfile.ZipFile, info: zipfile.ZipInfo, into: Path, budget: _Budget) -> Path | str:
    """The stored file, or why there is none."""
    if not info.file_size:
        return "empty_file"
    file = cast("IO[bytes]", opened.fp)
    with inflated(opened, info, file) as packed:
        start = packed.read(SNIFFED_BYTES)
        kind: Format | Literal["TABLE"] | None = sniff(start)
        if kind is None and may_be_table(info.filename, info.file_size):
            kind = "TABLE"
        if kind is None:
            if info.compress_type == zipfile.ZIP_BZIP2:
                # the first byte costs a whole block, so that what is no picture counts too
                for _ in _chunks(start, packed, info.file_size, budget):
                    pass
            return refusal(start)
        return store(_chunks(start, packed, info.file_size, budget), kind, into)


def _chunks(start: bytes, packed: Inflated, size: int, budget: _Budget) -> Iterator[bytes]:
    chunk = start + packed.read(_CHUNK)
    while chunk:
        size -= len(chunk)
        if size < 0:
            raise zipfile.BadZipFile("more came out than was declared")
        budget.spend(len(chunk))
        yield chunk
        chunk = packed.read(_CHUNK)
    if size:
        raise zipfile.BadZipFile("less came out than was declared")


def store(chunks: Iterator[bytes], kind: Format | Literal["TABLE"], into: Path) -> Path:
    """Write ``chunks`` below ``into/pictures`` under the SHA-256 of their bytes; equal pictures are stored once.

    ``into`` must belong to the caller alone.
    """
    pictures = into / "pictures"
    first, second = next(chunks, b""), next(chunks, b"")
    if not second:
        return write_new(first, _target(pictures, hashlib.sha256(first).hexdigest(), kind))
    pictures.mkdir(exist_ok=True)
    temporary = pictures / "incoming.part"
    digest = hashlib.sha256()
    with temporary.open("wb") as file:
        for chunk in chain((first, second), chunks):
            digest.update(chunk)
            file.write(chunk)
    target = _target(pictures, digest.hexdigest(), kind)
    target.parent.mkdir(exist_ok=True)
    renamed(temporary, target)
    return target


def _target(pictures: Path, content: str, kind: Format | Literal["TABLE"]) -> Path:
    return pictures / content[:2] / f"{content}{EXTENSIONS[kind] if kind != 'TABLE' else _TABLE}"


def write_new(data: bytes, target: Path) -> Path:
    """Write the entry of a zip to ``target``, which must not be there yet."""
    try:
        with target.open("xb") as file:
            file.write(data)
    except FileExistsError:
        pass
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        return write_new(data, target)
    return target
