"""Files that hold either the old or the new content in full after any crash."""

from __future__ import annotations

import errno
import glob
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from resnet_studio import owners
from resnet_studio.errors import StudioError

CHUNK = 1 << 20
IN_THE_WAY = ("error.disk.not_a_folder", "error.disk.is_a_folder")
"""The errors of :func:`replacing` for what lies where the file or its folder should."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FULL_ON_WINDOWS = frozenset({39, 112})
FULL_IN_WORDS = re.compile(r"\(os error (28|39|112|122)\)|No space left on device|Disk quota exceeded")
READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
CANNOT_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
CANNOT_RESERVE = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENODEV})


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` to write to; synced and renamed over ``path`` when the block ends well.

    After any crash ``path`` holds either the old or the new content in full. Where the disk is full, cannot be written
    to or reports an error, or a folder is where the file should be or the other way round, :class:`StudioError` is
    raised and the old file is left.
    """
    temporary = path.with_name(temporary_name(path.name))
    try:
        make_folder(path.parent)
        if path.is_dir():
            raise StudioError("error.disk.is_a_folder", path=str(path))
        yield temporary
        with temporary.open("rb+") as file:
            sync(file.fileno())
        renamed(temporary, path)
        sync_folder(path.parent)
    except Exception as error:
        if (said := disk_trouble(error, path)) is not None:
            raise said from error
        raise
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it. Raises :class:`StudioError` where a file is in the way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise StudioError("error.disk.not_a_folder", path=str(folder)) from error


def temporary_name(name: str) -> str:
    """A name for a file that becomes ``name``, or is cleaned up once the process that makes it has ended."""
    return f".{name}.{owners.this_process()}.{secrets.token_hex(4)}.tmp"


def forget_drafts(path: Path) -> None:
    """Remove what programs that were killed left of making ``path``, beside it."""
    for draft in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        token = owners.TOKEN.search(draft.name)
        if token and owners.is_alive(token[0]) is False:
            with suppress(OSError):
                shutil.rmtree(draft) if draft.is_dir() else draft.unlink()


def renamed(source: Path, target: Path) -> Path:
    """``source`` renamed to ``target``, over a file there; waits a little where Windows lets others keep it open."""
    for pause in (0.05, 0.1, 0.2, 0.4, 0.8) if os.name == "nt" else ():
        try:
            return source.replace(target)
        except PermissionError:
            time.sleep(pause)
    return source.replace(target)


def remove_folder(folder: Path) -> None:
    """Remove ``folder``; what a crash leaves of it is cleaned up later."""
    with suppress(OSError):  # on Windows a file in it may be open
        folder = renamed(folder, folder.with_name(temporary_name(folder.name)))
    shutil.rmtree(folder)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON, durably and atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(json_bytes(value, indent=1))


def json_bytes(value: Any, *, indent: int | None = None) -> bytes:
    """``value`` as JSON in UTF-8; names of files that are not UTF-8 are written as escapes, so that they come back."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, allow_nan=False).encode()


def sync(handle: int) -> None:
    """Bring an open file or folder to the disk, where the file system can do that at all."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in CANNOT_SYNC:
            raise


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power loss (a no-op on Windows, which cannot open folders)."""
    if os.name == "nt":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written to and not be listed
        return
    try:
        sync(handle)
    finally:
        os.close(handle)


def reserve(path: Path) -> None:
    """Reserve disk space for every byte of the file ``path``, which may have holes; its content stays.

    Writing into a hole through a memory map on a full disk would end the whole process (SIGBUS).
    """
    if os.name == "nt":  # files have no holes unless asked for
        return
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        try:
            os.posix_fallocate(file.fileno(), 0, size)
            return
        except AttributeError:  # macOS has no such call
            pass
        except OSError as error:
            if error.errno not in CANNOT_RESERVE:
                raise
        for start in range(0, size, CHUNK):
            file.seek(start)
            content = file.read(CHUNK)
            file.seek(start)
            file.write(content)


def is_disk_full(error: BaseException) -> bool:
    """Whether ``error``, or what led to it, says that no space or no quota is left.

    torch and safetensors raise errors of their own, with that of the system in their text or behind them.
    """
    return any(_says_full(each) for each in _with_causes(error))


def disk_trouble(error: BaseException, path: Path | None = None) -> StudioError | None:
    """What to tell the user where ``error`` comes from the disk: it is full, cannot be written to, or is broken.

    ``path`` is what was being written, for an error that does not say so itself.
    """
    if is_disk_full(error):
        return StudioError("error.disk_full")
    for each in _with_causes(error):
        if isinstance(each, OSError) and (each.errno in READ_ONLY or each.errno == errno.EIO):
            key = "error.disk.read_only" if each.errno in READ_ONLY else "error.disk.broken"
            named = each.filename or path
            return StudioError(key, path=str(named)) if named else StudioError(f"{key}_somewhere")
    return None


def place_trouble(error: OSError, given: Iterable[Path]) -> StudioError | None:
    """What to tell the user where one of the places that they have ``given`` cannot be used: it cannot be made, or is
    no folder. None where ``error`` is about another place, or where the disk is full or broken.
    """
    if is_disk_full(error) or error.errno == errno.EIO:
        return None
    names = [name for name in (error.filename, error.filename2) if isinstance(name, (str, Path))]
    for place in (each.absolute() for each in given):
        for name in (Path(each).absolute() for each in names):
            if name.is_relative_to(place) or place.is_relative_to(name) or _beside(name, place):
                return StudioError("error.disk.place", path=str(place), reason=error.strerror or type(error).__name__)
    return None


def _beside(name: Path, place: Path) -> bool:
    """Whether ``name`` is a temporary file that ``place`` is written by way of."""
    return name.parent == place.parent and place.name in name.name


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _says_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and (error.errno in FULL or getattr(error, "winerror", None) in FULL_ON_WINDOWS):
        return True
    return not isinstance(error, StudioError) and FULL_IN_WORDS.search(str(error)) is not None
