"""New pictures in a folder, once each is completely written.

The folder is looked through again and again. Notices of changes (inotify and its kin, by ``watchfiles`` or
``watchdog``) do not come from network drives, where cameras and other machines leave their pictures, nor for what other
systems write to a shared folder, and they do not say when a file is complete: it would have to be looked at again all
the same. A look at 10,000 files takes a tenth of a second of CPU.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from resnet_studio.data.formats import SNIFFED_BYTES, refusal, sniff
from resnet_studio.data.names import is_junk, natural

UNFINISHED = frozenset({".part", ".partial", ".crdownload", ".download", ".tmp", ".temp", ".filepart"})
"""What programs call files that they have not finished."""


@dataclass(frozen=True)
class FileState:
    """What a file is known by: one of the same name, size and time is the same."""

    size: int
    modified: int


@dataclass(frozen=True)
class Arrival:
    """A file called ``name`` (POSIX, in the folder) that has not changed for so many ``seconds``."""

    name: str
    path: Path
    state: FileState
    seconds: float


class Arrivals:
    """Looks for files in ``folder`` and below that have not changed for ``settle`` seconds, by our own ``clock``: those
    of other machines go wrong. The folders and files ``apart`` are not looked at, links to folders not followed.
    """

    def __init__(
        self, folder: Path, *, settle: float, apart: Collection[Path] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = folder
        self.waiting = 0
        self._settle, self._clock = settle, clock
        self._apart = {str(path.resolve()) for path in apart}
        self._known: dict[str, tuple[FileState, float]] = {}
        self._others: dict[str, FileState] = {}

    @property
    def others(self) -> int:
        """The files that are no pictures."""
        return len(self._others)

    def look(self, done: Mapping[str, FileState]) -> list[Arrival]:
        """Those that are complete and not ``done``, in the order in which people count; :attr:`waiting` are not
        complete yet.
        """
        now, before, found = self._clock(), self._known, []
        self._known, self.waiting = {}, 0
        for name, place, state in self._files():
            if done.get(name) == state or self._others.get(name) == state:
                continue
            known, since = before.get(name, (None, now))
            since = since if known == state else now
            self._known[name] = (state, since)
            if now - since < self._settle:
                self.waiting += 1
            elif _is_picture(path := Path(place)):
                found.append(Arrival(name, path, state, now - since))
            else:
                self._others[name] = state
        return sorted(found, key=lambda arrival: natural(arrival.name))

    def _files(self) -> Iterator[tuple[str, str, FileState]]:
        pending = [("", self.folder)]
        while pending:
            prefix, folder = pending.pop()
            try:
                entries, real = list(os.scandir(folder)), str(folder.resolve())
            except OSError:
                continue  # gone, or not to be reached: the next look shows
            for entry in entries:
                if is_junk(entry.name) or os.path.join(real, entry.name) in self._apart:  # noqa: PTH118 - for each file
                    continue
                name = f"{prefix}{entry.name}"
                try:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((f"{name}/", folder / entry.name))
                    elif entry.is_file() and os.path.splitext(name)[1].lower() not in UNFINISHED:  # noqa: PTH122
                        found = entry.stat()
                        yield name, entry.path, FileState(found.st_size, found.st_mtime_ns)
                except OSError:
                    continue


def _is_picture(path: Path) -> bool:
    """Whether ``path`` begins like a picture, or like one that needs another package; an empty one may become one."""
    try:
        with path.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
    except OSError:
        return True  # it will be said why it cannot be read
    return not start or sniff(start) is not None or refusal(start) == "heic"
