"""The one file of a backup: a zip of contents named by their SHA-256, each once, and of ``manifest.json``.

The manifest lists which file of the workspace has which content. What is compressed already is stored as it is.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from resnet_studio.errors import StudioError

MANIFEST, OBJECTS = "manifest.json", "objects/"
FORMAT = 1
CHUNK = 1 << 20
MOST_FILES = 20_000_000
MOST_MANIFEST_BYTES = 1 << 30
DEFLATED = frozenset({".json", ".jsonl", ".csv", ".md", ".txt", ".log"})
LONGEST_PART = 255
_HASH = re.compile(r"[0-9a-f]{64}")
_UNSAFE = re.compile(r'[\x00-\x1f\\:*?"<>|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)
"""What reading a damaged or hostile zip raises."""


class BackupError(StudioError):
    """A backup cannot be written, or what is given is none that can be restored."""


@dataclass(frozen=True)
class ArchiveEntry:
    """One file of the workspace: its path (POSIX), and what is in it."""

    path: str
    sha256: str
    size: int
    modified: float


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: ``created`` in ISO 8601 by the ``version`` of this program."""

    created: str
    version: str
    files: tuple[ArchiveEntry, ...]

    @property
    def objects(self) -> dict[str, int]:
        """The contents, with the size of each."""
        return {entry.sha256: entry.size for entry in self.files}

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.size for entry in self.files)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"format": FORMAT, "created": self.created, "version": self.version,
                "files": [asdict(entry) for entry in self.files]}  # fmt: skip

    @classmethod
    def from_json(cls, values: object, file: Path) -> Manifest:
        """Read what :meth:`to_json` wrote. Raises :class:`BackupError` where it makes no sense or is not safe."""
        if not isinstance(values, Mapping):
            raise BackupError("error.backup.damaged", file=file.name)
        if values.get("format") != FORMAT:
            raise BackupError("error.backup.newer", file=file.name)
        try:
            entries = tuple(_entry(each) for each in values["files"])
            created, version = str(values["created"]), str(values["version"])
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise BackupError("error.backup.damaged", file=file.name) from error
        _check_paths(entries, file)
        return cls(created, version, entries)


def _entry(values: Mapping[str, Any]) -> ArchiveEntry:
    entry = ArchiveEntry(values["path"], values["sha256"], values["size"], float(values["modified"]))
    numbers = type(entry.size) is int and entry.size >= 0 and 0 <= entry.modified < 1e11
    if not (isinstance(entry.path, str) and isinstance(entry.sha256, str) and numbers):
        raise ValueError(entry)
    if not _HASH.fullmatch(entry.sha256):
        raise ValueError(entry.sha256)
    return entry


def is_safe(path: str) -> bool:
    """Whether ``path`` (POSIX) stays inside of the folder it is put into, on any system."""
    parts = path.split("/")
    return len(path.encode("utf-8", "surrogatepass")) < 4096 and all(
        part not in ("", ".", "..") and len(part.encode("utf-8", "surrogatepass")) <= LONGEST_PART
        and not _UNSAFE.search(part) and not _RESERVED.fullmatch(part)
        for part in parts
    )  # fmt: skip


def _check_paths(entries: tuple[ArchiveEntry, ...], file: Path) -> None:
    paths = {entry.path for entry in entries}
    folders = {entry.path[:at] for entry in entries for at, sign in enumerate(entry.path) if sign == "/"}
    sizes: dict[str, int] = {}
    sound = len(paths) == len(entries) <= MOST_FILES and not paths & folders and all(map(is_safe, paths))
    if not sound or any(sizes.setdefault(entry.sha256, entry.size) != entry.size for entry in entries):
        raise BackupError("error.backup.unsafe", file=file.name)


def opened(file: Path) -> zipfile.ZipFile:
    """The zip ``file``. Raises :class:`BackupError` where there is none, or where it is damaged."""
    if not file.is_file():
        raise BackupError("error.backup.missing", file=str(file))
    try:
        return zipfile.ZipFile(file)
    except PermissionError:
        raise
    except (*DAMAGE, OSError) as error:
        raise BackupError("error.backup.damaged", file=file.name) from error


def read_manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    """What the open ``archive`` says that it holds, where that is what lies in it.

    Raises :class:`BackupError` where it is damaged, no backup, of a newer version, or not safe.
    """
    infos = {info.filename: info for info in archive.infolist()}
    if MANIFEST not in infos:
        raise BackupError("error.backup.none", file=file.name)
    if infos[MANIFEST].file_size > MOST_MANIFEST_BYTES or len(infos) != len(archive.infolist()):
        raise BackupError("error.backup.unsafe", file=file.name)
    try:
        with archive.open(MANIFEST) as read:
            content = read.read(MOST_MANIFEST_BYTES + 1)
        values = json.loads(content)
    except (*DAMAGE, RecursionError, OSError) as error:
        raise BackupError("error.backup.damaged", file=file.name) from error
    manifest = Manifest.from_json(values, file)
    held = {name.removeprefix(OBJECTS): info.file_size for name, info in infos.items() if name != MANIFEST}
    if held != manifest.objects:
        raise BackupError("error.backup.damaged", file=file.name)
    return manifest


def digest(file: IO[bytes], size: int) -> str:
    """The SHA-256 of the next ``size`` bytes of ``file``."""
    found = hashlib.sha256()
    while size > 0 and (part := file.read(min(CHUNK, size))):
        found.update(part)
        size -= len(part)
    return found.hexdigest()
