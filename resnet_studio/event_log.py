"""Events on disk: one JSON object a line, only ever appended."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from resnet_studio.durable import disk_trouble, json_bytes, sync
from resnet_studio.errors import RunError
from resnet_studio.events import Event, Unreadable, from_json, to_json

_TAIL_BYTES = 2**14


class EventLog:
    """An append-only file of one JSON object a line. A torn last line, as a crash leaves it, is never read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, offset: int = 0) -> tuple[list[Event], int]:
        """The events that begin at byte ``offset``, and the offset after the last whole line.

        Raises :class:`RunError` where the file cannot be read.
        """
        try:
            lines = read_lines(self.path, offset)
        except FileNotFoundError:
            return [], offset
        except OSError as error:
            raise RunError("error.run.damaged", file=self.path.name, run=self.path.parent.name) from error
        events = [event for line in lines if (event := parsed(line)) is not None]
        return events, offset + sum(map(len, lines))

    def backwards(self) -> Iterator[Event]:
        """The events that can be read, the last one first; of a long log only as much is read as is asked for.

        Raises :class:`RunError` where the file cannot be read.
        """
        try:
            for line in _lines_backwards(self.path):
                event = parsed(line)
                if event is not None and not isinstance(event, Unreadable):
                    yield event
        except FileNotFoundError:
            return
        except OSError as error:
            raise RunError("error.run.damaged", file=self.path.name, run=self.path.parent.name) from error

    def append(self, event: Event, number: int, *, durable: bool) -> Event:
        """Write ``event`` with its ``number`` and the time; ``durable`` also syncs it to the disk.

        Raises :class:`StudioError` where the disk is full or cannot be written to.
        """
        event = replace(event, number=number, time=time.time())
        line = json_bytes(to_json(event)) + b"\n"
        try:
            with self._opened() as file:
                file.write(line)
                file.flush()
                if durable:
                    sync(file.fileno())
        except OSError as error:
            if (said := disk_trouble(error, self.path)) is not None:
                raise said from error
            raise
        return event

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        """The file, positioned after its last whole line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    file.seek(0)
                    file.truncate(file.read().rfind(b"\n") + 1)
                file.seek(0, os.SEEK_END)
            yield file


class Recorder:
    """Writes a run's events, numbered on from the last one in the log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._number = next((event.number for event in log.backwards()), 0)

    def __call__(self, event: Event, *, durable: bool = True) -> Event:
        """Append ``event``; see :meth:`EventLog.append`."""
        written = self._log.append(event, self._number + 1, durable=durable)
        self._number += 1
        return written


def read_lines(path: Path, offset: int) -> list[bytes]:
    """The whole lines of a log from byte ``offset`` on; a torn last line, as a crash leaves it, is not among them."""
    with path.open("rb") as file:
        file.seek(offset)
        lines = file.read().splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    return lines


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """The whole lines of a log, the last one first, read in blocks from the end."""
    with path.open("rb") as file:
        start, rest, torn = file.seek(0, os.SEEK_END), b"", True
        while start:
            size = min(_TAIL_BYTES, start)
            start = file.seek(start - size)
            rest, *lines = (file.read(size) + rest).split(b"\n")
            if torn and lines:  # what stands behind the last line break
                lines.pop()
                torn = False
            yield from reversed(lines)
        if not torn:
            yield rest


def parsed(line: bytes) -> Event | None:
    """The event in a ``line``: :class:`Unreadable` where it is damaged, None of a kind from a newer version."""
    try:
        return from_json(json.loads(line))
    except (ValueError, RecursionError):
        return Unreadable()
