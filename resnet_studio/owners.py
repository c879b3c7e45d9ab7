"""Which process something in the workspace belongs to, and whether that process still lives.

A token names the machine (more exactly, its last boot and its container), the process and when the process began, so
that a process number that was given again is not taken for the old process.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

TOKEN = re.compile(r"[0-9a-f]{8}-[0-9]+-[0-9]+")


def this_process() -> str:
    """The token of the process that asks."""
    return f"{_machine()}-{os.getpid()}-{_began(os.getpid()) or 0}"


def is_alive(token: str) -> bool | None:
    """Whether the process behind ``token`` lives; None where that cannot be seen from here, as of another machine."""
    if not TOKEN.fullmatch(token):
        return None
    machine, process, began = token.split("-")
    if machine != _machine():
        return None
    if not _exists(int(process)):
        return False
    now = _began(int(process))
    return None if now is None else now == int(began)


@cache
def _machine() -> str:
    """Eight hexadecimal digits for the boot of this machine and the container that we are in."""
    marks = [platform.node()]
    with suppress(OSError):  # other systems have no such files
        marks.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        marks.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.blake2b("\n".join(marks).encode(errors="replace"), digest_size=4).hexdigest()


def _began(process: int) -> int | None:
    """When ``process`` began, in clock ticks since the boot; None where the system does not say."""
    try:
        status = Path(f"/proc/{process}/stat").read_bytes()
        return int(status.rpartition(b")")[2].split()[19])  # field 22 of proc(5); the name before may hold blanks
    except (OSError, ValueError, IndexError):
        return None


def _exists(process: int) -> bool:
    if os.name == "nt":
        return _exists_on_windows(process)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it is someone else's
        return True
    return True


def _exists_on_windows(process: int) -> bool:
    import ctypes

    query, still_active = 0x1000, 259
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(query, False, process)
    if not handle:
        return bool(kernel.GetLastError() == 5)  # access denied: it is someone else's
    code = ctypes.c_ulong()
    known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return bool(not known or code.value == still_active)
