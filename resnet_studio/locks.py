"""Locks between threads and processes, with their owners. Checking whether one is held never takes it.

The owner of a lock writes its token beside it. A check reads this first: without it nothing is held. Where the
file system has no locks (some network folders and containers), what is written is all there is.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from resnet_studio import owners

WITHOUT_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})
QUIET_SECONDS = 600.0
"""Without locks, a holder on another machine counts as gone where it has written nothing for so long."""


class Lock:
    """The lock ``path``; the system releases it when its process dies. Raises ``filelock.Timeout``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._native = FileLock(path, thread_local=False)
        self._owner = path.with_name(f"{path.name}.owner")
        self._taken = False

    def acquire(self, timeout: float = -1) -> Lock:
        """Take the lock; waits up to ``timeout`` seconds (without limit by default), else raises ``Timeout``."""
        try:
            self._native.acquire(timeout=timeout)
        except Timeout:
            raise
        except (OSError, NotImplementedError) as error:
            if not _has_no_locks(error):
                raise
            self._claim(timeout)
        else:
            self._sign()
        self._taken = True
        return self

    def release(self) -> None:
        """Release the lock."""
        if self._taken:
            with suppress(OSError):
                self._owner.unlink(missing_ok=True)
        self._taken = False
        self._native.release()

    def held(self) -> bool:
        """Whether someone holds the lock at this moment."""
        try:
            owner = self._owner.read_text(encoding="ascii")
        except (OSError, ValueError):
            return False
        alive = owners.is_alive(owner)
        if alive is False:
            return False
        try:
            return not _is_free(self.path)
        except (OSError, NotImplementedError) as error:
            if not _has_no_locks(error):
                return bool(alive)
        return self._recently_written() if alive is None else alive

    def __enter__(self) -> Lock:
        return self if self._taken else self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _sign(self) -> None:
        """Write who holds the lock, at once and as a whole; releases it where that fails."""
        draft = self._owner.with_name(f".{self._owner.name}.{owners.this_process()}.tmp")
        try:
            draft.write_text(owners.this_process(), encoding="ascii")
            draft.replace(self._owner)
        except OSError:
            self._native.release()
            raise
        finally:
            draft.unlink(missing_ok=True)

    def _claim(self, timeout: float) -> None:
        """Take the lock by writing the owner's file, which fails where there is one already."""
        until = time.monotonic() + timeout
        while True:
            try:
                with self._owner.open("x", encoding="ascii") as file:
                    file.write(owners.this_process())
                return
            except FileExistsError:
                if not self.held():
                    self._owner.unlink(missing_ok=True)
                    continue
            if timeout >= 0 and time.monotonic() >= until:
                raise Timeout(str(self.path))
            time.sleep(0.05)

    def _recently_written(self) -> bool:
        """Whether anything in the folder of the lock was written within :data:`QUIET_SECONDS`."""
        newest = 0.0
        for path in self.path.parent.iterdir():
            with suppress(OSError):
                newest = max(newest, path.stat().st_mtime)
        return time.time() - newest < QUIET_SECONDS


def _has_no_locks(error: BaseException) -> bool:
    return isinstance(error, NotImplementedError) or getattr(error, "errno", None) in WITHOUT_LOCKS


def _is_free(path: Path) -> bool:
    """Whether nobody holds the lock ``path``; many can look at once, and none disturbs another."""
    if os.name == "nt":
        trial = FileLock(path, thread_local=False)
        try:
            trial.acquire(timeout=0)
        except Timeout:
            return False
        trial.release()
        return True
    import fcntl

    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # some file systems say EACCES
        return False
    else:
        return True
    finally:
        os.close(handle)
