"""The one way from a run's log to its state: folded once, and read on where it grew."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

from resnet_studio.errors import RunError
from resnet_studio.event_log import parsed, read_lines
from resnet_studio.run_state import RunState, longer, replay

_NUMBER = rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_LOSS = rb"(?:" + _NUMBER + rb"|null)"
PROGRESS = re.compile(
    rb'\{"event": "Progress", "number": \d+, "time": (' + _NUMBER + rb'), "epoch": (\d+), "batch": (\d+), '
    rb'"batches": (\d+), "train_loss": (' + _LOSS + rb'), "train_accuracy": ' + _LOSS + rb', "learning_rate": '
    + _LOSS + rb', "pictures_per_second": ' + _LOSS + rb', "remaining_seconds": ' + _LOSS + rb', "memory_mb": '
    + _LOSS + rb"\}\n"
)  # fmt: skip
"""The line of a ``Progress`` event as this program writes it; any other form is read as JSON, like other events."""


class FoldedLog:
    """The log at ``path``, folded as far as it was written; safe to use from many threads.

    A log is read again from its beginning where it was replaced, cut short, or changed without growing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._state = RunState()
        self._offset = 0
        self._seen: tuple[int, int, int] = (0, 0, 0)

    def state(self) -> RunState:
        """What the events add up to now. Raises :class:`RunError` where the file cannot be read."""
        with self._lock:
            try:
                self._read_on()
            except OSError as error:
                raise RunError("error.run.damaged", file=self.path.name, run=self.path.parent.name) from error
            return self._state

    @property
    def size(self) -> int:
        """Bytes of the file when its state was last read."""
        return self._seen[1]

    def _read_on(self) -> None:
        try:
            found = os.stat(self.path)  # noqa: PTH116 - called often, and Path is slower
        except FileNotFoundError:
            self._state, self._offset, self._seen = RunState(), 0, (0, 0, 0)
            return
        now = (found.st_ino, found.st_size, found.st_mtime_ns)
        if now == self._seen:
            return
        replaced = found.st_ino != self._seen[0] or found.st_size <= self._seen[1]
        if replaced:
            self._state, self._offset = RunState(), 0
        lines = read_lines(self.path, self._offset)
        self._state = folded(lines, self._state)
        self._offset += sum(map(len, lines))
        self._seen = now


def folded(lines: Sequence[bytes], state: RunState) -> RunState:
    """``state`` after the events in ``lines``: what :func:`replay` makes of them, to the bit.

    Nine in ten lines of a log say where a training stands. Of several in a row only the first and the last are built
    as events; what the others add to the durations and to the trail is taken from their text.
    """
    stretch: list[tuple[bytes, re.Match[bytes]]] = []
    for line in lines:
        if (match := PROGRESS.fullmatch(line)) is not None:
            stretch.append((line, match))
            continue
        state = _through(stretch, state)
        stretch = []
        state = _event(line, state)
    return _through(stretch, state)


def _through(stretch: Sequence[tuple[bytes, re.Match[bytes]]], state: RunState) -> RunState:
    if not stretch:
        return state
    state = _event(stretch[0][0], state)
    between = [match.groups() for _, match in stretch[1:-1]]
    if between:
        places = [(int(epoch), int(batch), int(of), _number(loss)) for _, epoch, batch, of, loss in between]
        durations = state.durations.later(float(time) for time, *_ in between)
        state = replace(state, durations=durations, trail=longer(state.trail, places))
    return _event(stretch[-1][0], state) if len(stretch) > 1 else state


def _event(line: bytes, state: RunState) -> RunState:
    event = parsed(line)
    return state if event is None else replay([event], state)


def _number(text: bytes) -> float:
    return math.nan if text == b"null" else float(text)
