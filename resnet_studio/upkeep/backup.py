"""A workspace as one file, also while it is used; see :mod:`resnet_studio.upkeep.archive` for its form."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from resnet_studio.data import library
from resnet_studio.durable import disk_trouble, forget_drafts, json_bytes, replacing
from resnet_studio.upkeep.archive import CHUNK, DEFLATED, MANIFEST, OBJECTS, ArchiveEntry, BackupError, Manifest, digest
from resnet_studio.upkeep.snapshot import Frozen, snapshot
from resnet_studio.version import __version__
from resnet_studio.workspace import Workspace

_EPOCH = (1980, 1, 1, 0, 0, 0)
Progress = Callable[[int, int], None]
"""Called with files and bytes so far."""


@dataclass(frozen=True)
class BackedUp:
    """What was written to ``path``: so many ``files`` with so many different contents; ``size`` is of the backup.

    ``outside`` are data sets whose pictures lie in a folder of this machine, and so are not in it.
    """

    path: Path
    manifest: Manifest
    size: int
    outside: tuple[str, ...]


def back_up(
    workspace: Workspace, target: Path, *, overwrite: bool = False, progress: Progress = lambda _, __: None
) -> BackedUp:
    """Write all that is worth keeping of ``workspace`` to ``target``, which is there in full or not at all.

    Raises :class:`BackupError` where ``target`` exists and is not to be overwritten, or lies in the workspace, and
    :class:`StudioError` where the disk is full.
    """
    target = target.expanduser().resolve()
    if target.is_relative_to(workspace.root):
        raise BackupError("error.backup.inside", file=str(target))
    if target.is_dir() or (target.exists() and not overwrite):
        raise BackupError("error.backup.exists", file=str(target))
    forget_drafts(target)
    try:
        with replacing(target) as temporary:
            temporary.touch(0o600)  # it holds the accounts too, and pictures of people
            with zipfile.ZipFile(temporary, "w", allowZip64=True) as archive, snapshot(workspace) as frozen:
                writer = _Writer(archive)
                for each in frozen:
                    writer.add(each)
                    progress(len(writer.entries), writer.bytes)
                manifest = writer.finish()
    except OSError as error:
        raise disk_trouble(error, target) or error from error
    return BackedUp(target, manifest, target.stat().st_size, _outside(workspace))


@dataclass
class _Writer:
    archive: zipfile.ZipFile
    entries: list[ArchiveEntry] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    bytes: int = 0

    def add(self, frozen: Frozen) -> None:
        """Add one file; a content that is there already is not written again."""
        with frozen.file.open("rb") as read:
            sha256 = digest(read, frozen.size)
            self.entries.append(ArchiveEntry(frozen.path, sha256, frozen.size, frozen.modified))
            self.bytes += frozen.size
            if sha256 in self.known:
                return
            read.seek(0)
            info = _info(f"{OBJECTS}{sha256}", deflated=Path(frozen.path).suffix in DEFLATED)
            info.file_size = frozen.size
            with self.archive.open(info, "w") as written:
                left = frozen.size
                while left and (part := read.read(min(CHUNK, left))):
                    written.write(part)
                    left -= len(part)
        self.known.add(sha256)

    def finish(self) -> Manifest:
        """Write the manifest, which comes last."""
        created = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = Manifest(created, __version__, tuple(self.entries))
        self.archive.writestr(_info(MANIFEST, deflated=True), json_bytes(manifest.to_json()))
        return manifest


def _info(name: str, *, deflated: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    info.external_attr = 0o600 << 16
    return info


def _outside(workspace: Workspace) -> tuple[str, ...]:
    return tuple(each.id for each in library.list_datasets(workspace) if each.root is not None)
