"""The settings and the folded log of every run that a server looks at: read once, for all pages and all tabs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from resnet_studio import labels
from resnet_studio.run_log import FoldedLog
from resnet_studio.run_settings import FILE as SETTINGS
from resnet_studio.run_settings import RunSettings
from resnet_studio.run_state import RunState
from resnet_studio.workspace import Run

MOST_RUNS = 2_000
"""About 60 MB where each has 50 epochs and has ended. More are listed all the same, their logs read each time."""


@dataclass(frozen=True)
class Folded:
    """A ``run`` at an instant: its ``settings``, the ``state`` that its log of ``size`` bytes says."""

    run: Run
    settings: RunSettings
    state: RunState
    size: int


class _Entry:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.log = FoldedLog(run.log.path)
        self._settings: tuple[object, RunSettings] | None = None
        self._lock = Lock()

    def settings(self) -> RunSettings:
        """Read again where the training settled them or a user gave the run a name."""
        with self._lock:
            stamp = (_written(self.run.folder / SETTINGS), labels.stamp(self.run.folder))
            if self._settings is None or self._settings[0] != stamp:
                self._settings = (stamp, self.run.settings)
            return self._settings[1]


class FoldedRuns:
    """Any number of threads may ask at once; those that ask for the same run wait for one of them to read it."""

    def __init__(self, most: int = MOST_RUNS) -> None:
        self._most = most
        self._entries: OrderedDict[Path, _Entry] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, run: Run, *, transient: bool = False) -> Folded:
        """``run`` as it is now. ``transient``, as for a list of all: no other entry is evicted for it.

        Raises :class:`RunError` where its folder is damaged.
        """
        entry = self._entry(run, transient)
        settings, state = entry.settings(), entry.log.state()
        return Folded(run, settings, state, entry.log.size)

    def keep_only(self, folders: Container[Path]) -> None:
        """Forget the runs that are gone."""
        with self._lock:
            for folder in [folder for folder in self._entries if folder not in folders]:
                del self._entries[folder]

    def _entry(self, run: Run, transient: bool) -> _Entry:
        with self._lock:
            entry = self._entries.get(run.folder)
            if entry is None:
                entry = _Entry(run)
                if transient and len(self._entries) >= self._most:
                    return entry
                self._entries[run.folder] = entry
                while len(self._entries) > self._most:
                    self._entries.popitem(last=False)
            elif not transient:
                self._entries.move_to_end(run.folder)
            return entry


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
