"""A workspace made of a backup, checked byte by byte before it is there."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from resnet_studio import space
from resnet_studio.durable import disk_trouble, forget_drafts, make_folder, renamed, sync, sync_folder, temporary_name
from resnet_studio.upkeep.archive import CHUNK, DAMAGE, OBJECTS, BackupError, Manifest, opened, read_manifest
from resnet_studio.workspace import Workspace

PRIVATE = re.compile(r"[^/]+|audit/.*")
"""Accounts, tokens and who did what are for the user of the server alone, as they were."""
Progress = Callable[[int, int], None]
"""Called with files and bytes so far."""


def check(file: Path, progress: Progress = lambda _, __: None) -> Manifest:
    """What the backup ``file`` holds, with every byte of it read and compared; nothing is written.

    Raises :class:`BackupError` where it is damaged, no backup, of a newer version, or not safe.
    """
    file = file.expanduser()
    with opened(file) as archive:
        manifest, done = read_manifest(archive, file), 0
        for count, (sha256, size) in enumerate(manifest.objects.items(), 1):
            for part in _content(archive, sha256, size, file):
                done += len(part)
            progress(count, done)
    return manifest


def restore(file: Path, root: Path, progress: Progress = lambda _, __: None) -> Manifest:
    """Make the workspace ``root``, which must not exist or be empty, of the backup ``file``.

    It is there once all of it was written and compared; whatever happens before, ``root`` is as it was. Raises
    :class:`BackupError` as :func:`check` does, and where there is something at ``root`` already;
    :class:`StudioError` where the disk has no room for it.
    """
    file, root = file.expanduser(), root.expanduser().resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise BackupError("error.backup.taken", folder=str(root))
    with opened(file) as archive:
        manifest = read_manifest(archive, file)
        make_folder(root.parent)
        space.check_room(root.parent, manifest.size)
        forget_drafts(root)
        draft = root.with_name(temporary_name(root.name))
        try:
            draft.mkdir()
            _write(archive, manifest, draft, file, progress)
            _sign_out(draft / "accounts.sqlite3")
            Workspace.open(draft)
            with suppress(FileNotFoundError):
                root.rmdir()
            renamed(draft, root)
            sync_folder(root.parent)
        except OSError as error:
            raise disk_trouble(error, root) or error from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _write(archive: zipfile.ZipFile, manifest: Manifest, draft: Path, file: Path, progress: Progress) -> None:
    """Write every file of ``manifest``; one content that several have is copied from the first of them."""
    first: dict[str, Path] = {}
    done = 0
    for count, entry in enumerate(manifest.files, 1):
        target = draft.joinpath(*entry.path.split("/"))
        make_folder(target.parent)
        with target.open("xb") as written:
            source = _stored(first[entry.sha256]) if entry.sha256 in first else None
            for part in source or _content(archive, entry.sha256, entry.size, file):
                written.write(part)
            written.flush()
            sync(written.fileno())
        if PRIVATE.fullmatch(entry.path):
            target.chmod(0o600)
        os.utime(target, (entry.modified, entry.modified))
        first.setdefault(entry.sha256, target)
        done += entry.size
        progress(count, done)
    for folder, _, _ in os.walk(draft, topdown=False):
        sync_folder(Path(folder))


def _sign_out(accounts: Path) -> None:
    """End all sessions in the file ``accounts``: some may have been ended after the backup was made."""
    if accounts.is_file():
        with suppress(sqlite3.Error), closing(sqlite3.connect(accounts)) as database, database:  # damaged: said later
            database.execute("DELETE FROM sessions")


def _stored(path: Path) -> Iterator[bytes]:
    with path.open("rb") as read:
        while part := read.read(CHUNK):
            yield part


def _content(archive: zipfile.ZipFile, sha256: str, size: int, file: Path) -> Iterator[bytes]:
    """The content called ``sha256``; :class:`BackupError` at the latest at its end where it is another one."""
    found, left = hashlib.sha256(), size
    try:
        with archive.open(f"{OBJECTS}{sha256}") as read:
            while part := read.read(CHUNK):
                left -= len(part)
                if left < 0:
                    break
                found.update(part)
                yield part
    except (*DAMAGE, KeyError) as error:
        raise BackupError("error.backup.damaged", file=file.name) from error
    if left or found.hexdigest() != sha256:
        raise BackupError("error.backup.damaged", file=file.name)
