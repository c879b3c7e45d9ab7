"""What is at the other end of a connection from this machine: a browser, or a program that passes on what others send.

Linux lists the owner of each socket; elsewhere, and where a process may not be looked into, nothing is known.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.types import Scope

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
PROCESSES = Path("/proc")
FRESH_SECONDS = 5.0
_ESTABLISHED, _LISTENING = "01", "0A"


@dataclass(frozen=True)
class _Socket:
    """One line of the tables: ports, the state as the kernel writes it, the user and the number of the socket."""

    local: int
    remote: int
    state: str
    owner: int
    inode: int


def same_user(scope: Scope) -> bool:
    """Whether the program at the other end of the connection belongs to the user who started the server.

    A proxy usually runs under an account of its own. Where the owner is not known, nothing speaks against it.
    """
    peer = _peer(scope)
    return peer is None or peer.owner == os.getuid()


def is_proxy(scope: Scope) -> bool:
    """Whether the program at the other end listens for connections itself, as a proxy does and a browser does not.

    False where the program is not known.
    """
    peer = _peer(scope)
    return peer is not None and _of_a_listener(peer.inode)


def _peer(scope: Scope) -> _Socket | None:
    client, server = scope.get("client"), scope.get("server")
    return _found(client[1], server[1], int(time.monotonic() / FRESH_SECONDS)) if client and server else None


@lru_cache(maxsize=256)
def _found(client: int, server: int, _period: int) -> _Socket | None:
    """The socket at the port ``client`` that is connected to the port ``server``; looked for once a period.

    To write the table takes the kernel up to 20 ms, and a page sends several events a second over one connection.
    """
    ends = (client, server, _ESTABLISHED)
    return next((each for each in _sockets() if (each.local, each.remote, each.state) == ends), None)


@lru_cache(maxsize=256)
def _of_a_listener(inode: int) -> bool:
    """Whether the process that holds the socket ``inode``, or its parent of the same program, listens.

    Kept, since a browser uses a connection again and again, and to find its process all have to be looked through.
    """
    listening = {each.inode for each in _sockets() if each.state == _LISTENING}
    for process in PROCESSES.glob("[0-9]*"):
        held = _inodes(process)
        if inode in held:
            return bool((held | _inodes_of_parent(process)) & listening)
    return False


def _inodes_of_parent(process: Path) -> set[int]:
    """Sockets of the parent where that runs the same program: a server with a process for each connection.

    What the studio itself has started is not counted.
    """
    with suppress(OSError, ValueError):
        parent = (
            PROCESSES / (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
        )
        if int(parent.name) != os.getpid() and (process / "exe").readlink() == (parent / "exe").readlink():
            return _inodes(parent)
    return set()


def _inodes(process: Path) -> set[int]:
    """The sockets that ``process`` holds; none where it has ended or belongs to somebody else."""
    found, folder = set(), f"{process}/fd"
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 - thousands of files, and Path is slower
            with suppress(OSError):
                target = os.readlink(f"{folder}/{name}")  # noqa: PTH115
                if target.startswith("socket:["):
                    found.add(int(target[8:-1]))
    return found


def _sockets() -> Iterator[_Socket]:
    for table in TABLES:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            local, remote = (int(fields[at].rpartition(":")[2], 16) for at in (1, 2))
            yield _Socket(local, remote, fields[3], int(fields[7]), int(fields[9]))
