"""An uploaded zip becomes files in one folder, safely.

Nothing in a zip is trusted: names are checked before anything is written and never become paths (pictures are stored
under the SHA-256 of their bytes), sizes are counted while inflating, and whatever is no picture is not inflated past
its first bytes. Any doubt refuses the whole archive with one sentence.
"""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO

from resnet_studio.data import names
from resnet_studio.data.formats import EXTENSIONS, SNIFFED_BYTES, Format, sniff
from resnet_studio.durable import is_disk_full, renamed
from resnet_studio.errors import DataError, StudioError

# everything that the zip module was seen to raise on mutated archives
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError,
    RuntimeError, LookupError, TypeError, OverflowError, MemoryError,
)  # fmt: skip
_CHUNK = 1 << 16
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY_BYTES = 46


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold: ``ratio`` of inflated to packed bytes counts only past ``ratio_from`` bytes."""

    entries: int = 200_000
    total_bytes: int = 20 * 2**30
    picture_bytes: int = 256 * 2**20
    ratio: int = 100
    ratio_from: int = 100 * 10**6


@dataclass(frozen=True)
class Unpacked:
    """``pictures`` pairs names inside the archive with stored files; ``left_out`` groups the other names by reason."""

    pictures: tuple[tuple[str, Path], ...]
    folders: tuple[str, ...] = ()
    left_out: dict[str, list[str]] = field(default_factory=dict)


def unpack(
    archive: Path, into: Path, *, limits: Limits | None = None, progress: Callable[[int, int], None] | None = None
) -> Unpacked:
    """Store the pictures of ``archive`` as ``into/pictures/ab/abcdef….jpg``.

    Junk and what does not begin like a picture is left out by name. Raises :class:`DataError` for an archive that is
    none, is damaged, encrypted or unsafe; what is in ``into`` then is for the caller to remove.
    """
    limits = limits or Limits()
    with ExitStack() as stack:
        with _refusing(archive.name):
            file = stack.enter_context(archive.open("rb"))
            _check_directory(file, archive.name, limits)
            opened = stack.enter_context(zipfile.ZipFile(file))
            entries = _checked_entries(opened, file, archive.name)
        return _stored(opened, entries, into, _Budget(archive, limits), progress)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
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


def _check_directory(file: IO[bytes], name: str, limits: Limits) -> None:
    """Count the entries before the zip module makes an object of each: a directory can be large."""
    start = file.read(4)
    size = file.seek(0, 2)
    tail_at = max(0, size - (1 << 16) - _END.size)
    file.seek(tail_at)
    tail = file.read()
    at = len(tail) - _END.size
    if at < 0 or tail[at : at + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + _END.size:
        key = "incomplete" if start.startswith(b"PK") or not size else "not_a_zip"
        raise DataError(f"error.zip.{key}", name=names.shown(name))
    length = _END.unpack_from(tail, at)[5]
    end = tail_at + at
    if end >= _LOCATOR_64.size + _END_64.size:
        file.seek(end - _LOCATOR_64.size)
        if file.read(4) == b"PK\6\7":
            end -= _LOCATOR_64.size + _END_64.size
            file.seek(end)
            fields = _END_64.unpack(file.read(_END_64.size))
            length = fields[8] if fields[0] == b"PK\6\6" else length
    if length > end:
        raise DataError("error.zip.damaged", name=names.shown(name))
    file.seek(end - length)
    if _count(file, length, limits.entries) > limits.entries:
        raise DataError("error.zip.entries", name=names.shown(name), limit=limits.entries)
    file.seek(0)


def _count(file: IO[bytes], length: int, limit: int) -> int:
    """How many entries the directory of ``length`` bytes at the position of ``file`` has; stops above ``limit``."""
    count = 0
    while length >= _ENTRY_BYTES and count <= limit:
        header = file.read(_ENTRY_BYTES)
        if len(header) < _ENTRY_BYTES or header[:4] != b"PK\1\2":
            break
        rest = sum(struct.unpack("<3H", header[28:34]))
        file.seek(rest, 1)
        length -= _ENTRY_BYTES + rest
        count += 1
    return count


def _checked_entries(opened: zipfile.ZipFile, file: IO[bytes], name: str) -> list[tuple[str, zipfile.ZipInfo]]:
    """Each entry with its name, after every check that needs no inflating."""
    entries = [(entry_name(info), info) for info in opened.infolist()]
    if not entries:
        raise DataError("error.zip.empty", name=names.shown(name))
    for entry, info in entries:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DataError("error.zip.link", entry=names.shown(entry))
        if info.flag_bits & 0x2041:
            raise DataError("error.zip.encrypted", name=names.shown(name))
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # the others can take memory without bound, and no common tool writes them unasked
            raise DataError("error.zip.method", name=names.shown(name), entry=names.shown(entry))
    names.check((entry for entry, _ in entries), "zip")
    _check_overlap([info for _, info in entries], file, opened, name)
    return entries


def _check_overlap(infos: Sequence[zipfile.ZipInfo], file: IO[bytes], opened: zipfile.ZipFile, name: str) -> None:
    """Refuse entries that share bytes, by which a small archive expands without end."""
    free_from = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < free_from:
            raise DataError("error.zip.overlap", name=names.shown(name))
        file.seek(info.header_offset)
        header = file.read(30)
        if len(header) < 30 or header[:4] != b"PK\3\4":
            raise DataError("error.zip.damaged", name=names.shown(name))
        free_from = info.header_offset + 30 + sum(struct.unpack("<2H", header[26:30])) + info.compress_size
    if free_from > opened.start_dir:
        raise DataError("error.zip.overlap", name=names.shown(name))


def entry_name(info: zipfile.ZipInfo) -> str:
    """The name of an entry as it was meant: tools write UTF-8, and Chinese Windows GBK, without saying so.

    The part behind a NUL, which the zip module cuts off, is kept, so that the name is refused.
    """
    name = info.orig_filename
    if info.flag_bits & 0x800 or name.isascii():
        return name
    raw = name.encode("cp437")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if re.fullmatch(rb"(?:[\x00-\x7f]|[\xa1-\xa9\xb0-\xf7][\xa1-\xfe])*", raw):
        return raw.decode("gbk", errors="strict")
    return name


class _Budget:
    """Counts the bytes that really come out."""

    def __init__(self, archive: Path, limits: Limits) -> None:
        self.archive = archive.name
        self._packed = max(1, archive.stat().st_size)
        self.limits = limits
        self._total = 0

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
    pictures, folders = [], set()
    left_out: dict[str, list[str]] = defaultdict(list)
    for done, (name, info) in enumerate(entries, 1):
        if names.is_junk(name.rstrip("/")):
            left_out["junk"].append(names.shown(name, 255))
        elif name.endswith("/"):
            folders.add(name.rstrip("/"))
        elif info.file_size > budget.limits.picture_bytes:
            left_out["too_many_bytes"].append(name)
        else:
            with _refusing(budget.archive):
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
    with opened.open(info) as packed:
        start = packed.read(SNIFFED_BYTES)
        kind = sniff(start)
        if kind is None:
            return "not_a_picture"
        return store(_chunks(start, packed, info.file_size, budget), kind, into)


def _chunks(start: bytes, packed: IO[bytes], size: int, budget: _Budget) -> Iterator[bytes]:
    chunk = start + packed.read(_CHUNK)
    while chunk:
        size -= len(chunk)
        budget.spend(len(chunk))
        yield chunk
        chunk = packed.read(_CHUNK)
    if size:
        raise zipfile.BadZipFile("less came out than was declared")


def store(chunks: Iterator[bytes], kind: Format, into: Path) -> Path:
    """Write ``chunks`` below ``into/pictures`` under the SHA-256 of their bytes; equal pictures are stored once.

    ``into`` must belong to the caller alone.
    """
    pictures = into / "pictures"
    first, second = next(chunks, b""), next(chunks, b"")
    if not second:
        return _written(first, _target(pictures, hashlib.sha256(first).hexdigest(), kind))
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


def _target(pictures: Path, content: str, kind: Format) -> Path:
    return pictures / content[:2] / f"{content}{EXTENSIONS[kind]}"


def _written(data: bytes, target: Path) -> Path:
    try:
        with target.open("xb") as file:
            file.write(data)
    except FileExistsError:
        pass
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        return _written(data, target)
    return target
