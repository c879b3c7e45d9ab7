"""Files that hold either the old or the new content in full after any crash."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from resnet_studio.errors import StudioError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` to write to; synced and renamed over ``path`` when the block ends well.

    After any crash ``path`` holds either the old or the new content in full. A full disk raises
    :class:`StudioError` and leaves the old file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        renamed(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        if is_disk_full(error):
            raise StudioError("error.disk_full") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def renamed(source: Path, target: Path) -> Path:
    """``source`` renamed to ``target``, over a file there; waits a little where Windows lets others keep it open."""
    for pause in (0.05, 0.1, 0.2, 0.4, 0.8) if os.name == "nt" else ():
        try:
            return source.replace(target)
        except PermissionError:
            time.sleep(pause)
    return source.replace(target)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON, durably and atomically."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power loss (a no-op on Windows, which cannot open folders)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_disk_full(error: OSError) -> bool:
    """Whether ``error`` says that no space or no quota is left."""
    return error.errno in {28, 122} or getattr(error, "winerror", None) == 112
