"""Where things are on disk; nothing else knows a path layout.

WORKSPACE/
  datasets/ID/    dataset.json and pictures/ of data sets that were uploaded, picked or downloaded
  runs/ID/        config.json split.json events.jsonl best.safetensors state.pt report.json lock
  imports/        checkpoints from elsewhere
  cache/          decoded pictures and kept features
  temporary/      uploads on their way in
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from resnet_studio.config import TrainConfig
from resnet_studio.durable import write_json
from resnet_studio.errors import RunError
from resnet_studio.events import Event, RunState, from_json, replay, to_json


def default_workspace() -> Path:
    """``$RESNET_STUDIO_WORKSPACE``, else ``resnet-studio`` in the user's home folder."""
    return Path(os.environ.get("RESNET_STUDIO_WORKSPACE") or Path.home() / "resnet-studio")


class EventLog:
    """An append-only file of one JSON object a line. A torn last line, as a crash leaves it, is never read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, offset: int = 0) -> tuple[list[Event], int]:
        """The events that begin at byte ``offset``, and the offset after the last whole line."""
        if not self.path.exists():
            return [], offset
        with self.path.open("rb") as file:
            file.seek(offset)
            lines = file.read().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()
        events = [event for line in lines if (event := _parsed(line)) is not None]
        return events, offset + sum(map(len, lines))

    def append(self, event: Event, number: int, *, durable: bool) -> Event:
        """Write ``event`` with its ``number`` and the time; ``durable`` also syncs it to the disk."""
        event = replace(event, number=number, time=time.time())
        with self._opened() as file:
            file.write(json.dumps(to_json(event), ensure_ascii=False, allow_nan=False).encode() + b"\n")
            file.flush()
            if durable:
                os.fsync(file.fileno())
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
        self._number = max((event.number for event in log.read()[0]), default=0)

    def __call__(self, event: Event, *, durable: bool = True) -> Event:
        """Append ``event``; see :meth:`EventLog.append`."""
        self._number += 1
        return self._log.append(event, self._number, durable=durable)


def _parsed(line: bytes) -> Event | None:
    try:
        return from_json(json.loads(line))
    except (ValueError, TypeError, KeyError):
        return None


@dataclass(frozen=True)
class Run:
    """One training: a folder."""

    folder: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def best(self) -> Path:
        """The checkpoint that is kept: the best by validation."""
        return self.folder / "best.safetensors"

    @property
    def state_file(self) -> Path:
        """What resuming needs: optimiser, schedule, averages and position."""
        return self.folder / "state.pt"

    @property
    def report_file(self) -> Path:
        """The results on the test pictures."""
        return self.folder / "report.json"

    @property
    def cache(self) -> Path:
        """The cache of the workspace that the run lies in."""
        return self.folder.parent.parent / "cache"

    @property
    def log(self) -> EventLog:
        """The run's events."""
        return EventLog(self.folder / "events.jsonl")

    @property
    def config(self) -> TrainConfig:
        """The settings with every automatic choice filled in."""
        return TrainConfig.from_json(self.read_json("config.json")["resolved"])

    @property
    def requested(self) -> TrainConfig:
        """The settings as the user gave them."""
        return TrainConfig.from_json(self.read_json("config.json")["requested"])

    @property
    def about(self) -> dict[str, Any]:
        """Facts fixed when the run was made: ``name``, ``dataset``, ``created``, ``classes``, ``weights_origin``."""
        about: dict[str, Any] = self.read_json("config.json")["about"]
        return about

    @property
    def split(self) -> dict[str, Any]:
        """The pictures of each part, as :class:`resnet_studio.data.dataset.Split` wrote them."""
        return self.read_json("split.json")

    def events(self, after: int = 0) -> list[Event]:
        """The events numbered above ``after``."""
        return [event for event in self.log.read()[0] if event.number > after]

    def append(self, event: Event, *, durable: bool = True) -> Event:
        """Add ``event`` to the log. Only whoever holds :meth:`lock`, or made the run, may call this."""
        return self.recorder()(event, durable=durable)

    def recorder(self) -> Recorder:
        """Appends events with rising numbers, without reading the log again for each."""
        return Recorder(self.log)

    def state(self) -> RunState:
        """What the events add up to; a run that says it is running but that nobody holds was interrupted."""
        return self.judged(replay(self.log.read()[0]))

    def judged(self, state: RunState) -> RunState:
        """``state``, with ``running`` turned into ``interrupted`` where nobody trains the run."""
        if state.status == "running" and not self.held():
            return replace(state, status="interrupted")
        return state

    def lock(self) -> FileLock:
        """Held by the one thread that trains the run; the system lets go of it when that process dies."""
        return FileLock(self.folder / "lock", thread_local=False)

    def held(self) -> bool:
        """Whether someone trains the run at this moment."""
        if not (self.folder / "lock").exists():
            return False
        try:
            with self.lock().acquire(timeout=0):
                return False
        except Timeout:
            return True

    def write_json(self, name: str, value: Any) -> None:
        """Write ``value`` into the run's folder."""
        write_json(self.folder / name, value)

    def read_json(self, name: str) -> dict[str, Any]:
        """Read ``name`` from the run's folder; :class:`RunError` where it is missing or damaged."""
        try:
            content: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError("error.run.damaged", file=name, run=self.id) from error
        return content


@dataclass(frozen=True)
class Workspace:
    """The folder that holds everything the studio keeps."""

    root: Path

    @classmethod
    def open(cls, root: Path | None = None) -> Workspace:
        """The workspace at ``root`` (:func:`default_workspace` by default), made where it is missing."""
        folder = (root or default_workspace()).expanduser().resolve()
        for part in ("datasets", "runs", "imports", "cache", "temporary"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        return cls(folder)

    @property
    def datasets(self) -> Path:
        """One folder a data set."""
        return self.root / "datasets"

    @property
    def imports(self) -> Path:
        """Checkpoints from elsewhere."""
        return self.root / "imports"

    @property
    def cache(self) -> Path:
        """What can be computed again."""
        return self.root / "cache"

    @property
    def temporary(self) -> Path:
        """Uploads on their way in."""
        return self.root / "temporary"

    def new_folder(self, kind: str, name: str) -> Path:
        """A new empty folder ``kind/name``, with a number behind the name where it is taken."""
        stem = slug(name)
        for count in range(1, 100_000):
            folder = self.root / kind / (stem if count == 1 else f"{stem}-{count}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            return folder
        raise RuntimeError(f"no free name for {stem!r}")

    def new_run(
        self,
        name: str,
        *,
        requested: TrainConfig,
        resolved: TrainConfig,
        about: Mapping[str, Any],
        split: Mapping[str, Any],
    ) -> Run:
        """A new run's folder with its settings and its split; nothing is trained yet.

        ``config.json`` is written last: a folder without it is no run.
        """
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        run = Run(self.new_folder("runs", f"{stamp}-{name}"))
        run.write_json("split.json", dict(split))
        created = datetime.now(UTC).isoformat(timespec="seconds")
        run.write_json(
            "config.json",
            {
                "about": {"name": name, "created": created, **about},
                "requested": requested.to_json(),
                "resolved": resolved.to_json(),
            },
        )
        return run

    def runs(self) -> list[Run]:
        """All runs, the newest first."""
        found = [Run(path.parent) for path in (self.root / "runs").glob("*/config.json")]
        return sorted(found, key=lambda run: run.id, reverse=True)

    def run(self, name: str) -> Run:
        """The run called ``name``: its id, its folder, or ``last``. Raises :class:`RunError` where there is none."""
        if name == "last" and (runs := self.runs()):
            return runs[0]
        folder = Path(name) if os.sep in name or "/" in name else self.root / "runs" / name
        if not safe_name(folder.name) or not (folder / "config.json").is_file():
            raise RunError("error.run.missing", run=name)
        return Run(folder)

    def delete_run(self, run: Run) -> None:
        """Remove ``run`` for good; refused while it is being trained."""
        if run.held():
            raise RunError("error.run.busy", run=run.id)
        (run.folder / "config.json").unlink(missing_ok=True)
        shutil.rmtree(run.folder)


def slug(name: str) -> str:
    """``name`` as a folder name: letters, digits, ``-`` and ``_``; at most 60 characters."""
    cleaned = re.sub(r"[^\w]+", "-", name, flags=re.UNICODE).strip("-_")[:60]
    return cleaned or "unnamed"


def safe_name(name: str) -> bool:
    """Whether ``name`` can be one folder of ours (no separator, no dots-only name)."""
    return bool(re.fullmatch(r"[\w][\w.-]*", name))
