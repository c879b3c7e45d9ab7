"""The entries of a zip, checked before anything is inflated; nothing in a zip is trusted."""

from __future__ import annotations

import bz2
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from typing import IO, Protocol, cast

from resnet_studio.data import names
from resnet_studio.data.zip_names import Guess, entry_names
from resnet_studio.errors import DataError

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY_BYTES = 46
_CHUNK = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)


class Inflated(Protocol):
    """What comes out of an entry, at most ``size`` bytes at a time, nothing at the end."""

    def read(self, size: int, /) -> bytes:
        """The next bytes."""


def check_directory(file: IO[bytes], name: str, most: int) -> None:
    """Count the entries before the zip module makes an object of each: a directory can be large.

    Raises :class:`DataError` for more than ``most``, and for what is no zip.
    """
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
    if _count(file, length, most) > most:
        raise DataError("error.zip.entries", name=names.shown(name), limit=most)
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


def checked_entries(
    opened: zipfile.ZipFile, file: IO[bytes], name: str, encoding: str
) -> tuple[list[tuple[str, zipfile.ZipInfo]], Guess | None]:
    """Each entry with its name, after every check that needs no inflating, and what of the names is a guess.

    Raises :class:`DataError`.
    """
    infos = opened.infolist()
    if not infos:
        raise DataError("error.zip.empty", name=names.shown(name))
    try:
        read, guess = entry_names(infos, encoding)
    except UnicodeDecodeError as error:
        if encoding == "auto":
            raise
        raise DataError("error.zip.encoding", name=names.shown(name), encoding=encoding) from error
    entries = list(zip(read, infos, strict=True))
    for entry, info in entries:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DataError("error.zip.link", entry=names.shown(entry))
        if info.flag_bits & 0x2041:
            raise DataError("error.zip.encrypted", name=names.shown(name))
        if info.compress_type not in _METHODS or not _is_bzip2(info, file):
            # the others can take memory without bound, and no common tool writes them unasked
            raise DataError("error.zip.method", name=names.shown(name), entry=names.shown(entry))
    entries = _distinct(entries)
    names.check((entry for entry, _ in entries), "zip")
    _check_overlap(infos, file, opened, name)
    return entries, guess


def _distinct(entries: Sequence[tuple[str, zipfile.ZipInfo]]) -> list[tuple[str, zipfile.ZipInfo]]:
    """``entries`` without those that were put in twice: equal in name, size and checksum, and each with its own bytes.

    A first entry ``./`` for the folder itself is left out too.
    """
    first: dict[tuple[str, int, int], int] = {}
    kept = []
    for name, info in entries:
        if not name and info.orig_filename in ("./", ".\\"):
            continue
        if first.setdefault((name, info.file_size, info.CRC), info.header_offset) == info.header_offset:
            kept.append((name, info))
    return kept


def _is_bzip2(info: zipfile.ZipInfo, file: IO[bytes]) -> bool:
    """Whether an entry that claims to be bzip2 begins like it."""
    if info.compress_type != zipfile.ZIP_BZIP2 or not info.compress_size:
        return True
    file.seek(_data_at(info, file))
    return file.read(3) == b"BZh"


def _data_at(info: zipfile.ZipInfo, file: IO[bytes]) -> int:
    """Where the packed bytes of an entry begin."""
    file.seek(info.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\3\4":
        raise zipfile.BadZipFile("no local header")
    name, extra = struct.unpack("<2H", header[26:30])
    return int(info.header_offset) + 30 + int(name) + int(extra)


def _check_overlap(infos: Sequence[zipfile.ZipInfo], file: IO[bytes], opened: zipfile.ZipFile, name: str) -> None:
    """Refuse entries that share bytes, by which a small archive expands without end."""
    free_from = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < free_from:
            raise DataError("error.zip.overlap", name=names.shown(name))
        free_from = _data_at(info, file) + info.compress_size
    if free_from > opened.start_dir:
        raise DataError("error.zip.overlap", name=names.shown(name))


def inflated(opened: zipfile.ZipFile, info: zipfile.ZipInfo, file: IO[bytes]) -> AbstractContextManager[Inflated]:
    """What is packed in an entry; checksums are verified at the end."""
    if info.compress_type == zipfile.ZIP_BZIP2:
        return closing(_Bunzipped(info, file))
    return cast("AbstractContextManager[Inflated]", opened.open(info))


class _Bunzipped:
    """Unpacks bzip2 in small pieces: the zip module would take in whatever 4 KB inflate to, which has no bound."""

    def __init__(self, info: zipfile.ZipInfo, file: IO[bytes]) -> None:
        self._file, self._at, self._left = file, _data_at(info, file), info.compress_size
        self._checksum, self._wanted = 0, info.CRC
        self._inflate = bz2.BZ2Decompressor()

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; fewer only at the end."""
        pieces, missing = [], size
        while missing and not self._inflate.eof:
            piece = self._inflate.decompress(self._more(), missing)
            if not piece and self._inflate.needs_input and not self._left:
                raise zipfile.BadZipFile("cut short")
            pieces.append(piece)
            missing -= len(piece)
        data = b"".join(pieces)
        self._checksum = zlib.crc32(data, self._checksum)
        if self._inflate.eof and missing and self._checksum != self._wanted:
            raise zipfile.BadZipFile("checksum")
        return data

    def _more(self) -> bytes:
        if not self._inflate.needs_input:
            return b""
        self._file.seek(self._at)
        data = self._file.read(min(_CHUNK, self._left))
        self._at += len(data)
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Nothing is held."""
