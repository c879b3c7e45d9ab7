"""Where things are on disk; nothing else knows a path layout.

WORKSPACE/
  datasets/ID/    dataset.json and pictures/ of data sets that were uploaded, picked or downloaded
  runs/ID/        config.json label.json split.json events.jsonl best.safetensors state.pt lock
                  report.json report-PART.json (test results), logits.safetensors (what they follow from)
                  session.json (who works on it), request.json (that it be stopped or paused)
                  ended.json (trained, not tested yet), outside.json (to test on, too), reserve (space for the log)
  predictions/ID/ request.json pictures.jsonl rows.jsonl: answers for many pictures (see predicting/jobs.py)
  watches/ID/     done.jsonl: pictures of a watched folder; imports/: checkpoints from elsewhere
  cache/          decoded pictures, cached features; runtimes/: what runs a model in a browser, for files of HTML
  temporary/      uploads on their way in
  machine.json    how each machine that trained here computes fastest
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from resnet_studio import acting, belonging, labels
from resnet_studio.config import TrainConfig
from resnet_studio.durable import disk_trouble, remove_folder, write_json
from resnet_studio.errors import RunError
from resnet_studio.event_log import EventLog, Recorder
from resnet_studio.events import Event
from resnet_studio.folder_names import safe_name, slug
from resnet_studio.locks import Lock
from resnet_studio.run_log import FoldedLog
from resnet_studio.run_requests import abandoned
from resnet_studio.run_settings import RunSettings
from resnet_studio.run_state import RunState

RESERVE, RESERVE_BYTES = "reserve", 1 << 16


def default_workspace() -> Path:
    """``$RESNET_STUDIO_WORKSPACE``, else ``resnet-studio`` in the user's home folder."""
    return Path(os.environ.get("RESNET_STUDIO_WORKSPACE") or Path.home() / "resnet-studio")


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
        """The checkpoint of the best model by validation."""
        return self.folder / "best.safetensors"

    @property
    def state_file(self) -> Path:
        """What resuming needs: optimiser, schedule, averages and position."""
        return self.folder / "state.pt"

    @property
    def needed_to_resume(self) -> tuple[Path, ...]:
        """Files that have no use any more once the training has ended."""
        names = ("state.pt", "frozen.pt", "start.pt", "simsiam.pt", "ended.json", RESERVE)
        return (*(self.folder / name for name in names), *sorted(self.folder.glob("teacher-*.safetensors")))

    @property
    def report_file(self) -> Path:
        """The results on the test pictures."""
        return self.folder / "report.json"

    @property
    def logits_file(self) -> Path:
        """What the model computed for the validation and test pictures."""
        return self.folder / "logits.safetensors"

    @property
    def cache(self) -> Path:
        """The cache of the workspace that the run lies in."""
        return self.folder.parent.parent / "cache"

    @property
    def machine_file(self) -> Path:
        """How each machine that trained in the workspace computes fastest."""
        return self.folder.parent.parent / "machine.json"

    @property
    def log(self) -> EventLog:
        """The run's events."""
        return EventLog(self.folder / "events.jsonl")

    @property
    def settings(self) -> RunSettings:
        """All that is fixed when the run is made; :class:`RunError` where it is damaged or of a newer version."""
        settings = RunSettings.from_json(self.read_json("config.json"), self.id)
        return replace(settings, about={**settings.about, **labels.read(self.folder)})

    @property
    def config(self) -> TrainConfig:
        """The settings with every automatic choice filled in."""
        return self.settings.resolved

    def write_resolved(self, config: TrainConfig) -> None:
        """Write ``config`` down as the settings of this run, where the machine has filled a choice in."""
        self.write_json("config.json", {**self.read_json("config.json"), "resolved": config.to_json()})

    @property
    def requested(self) -> TrainConfig:
        """The settings as the user gave them."""
        return self.settings.requested

    @property
    def about(self) -> Mapping[str, Any]:
        """What is fixed when it is made: ``name``, ``created``, ``dataset``, ``dataset_name``, ``classes``, ``counts``.

        What the user called it since, and a ``note``, take their place; see :mod:`resnet_studio.labels`.
        """
        return self.settings.about

    @property
    def split(self) -> dict[str, Any]:
        """The pictures of each part, as :class:`resnet_studio.data.dataset.Split` wrote them."""
        return self.read_json("split.json")

    def events(self, after: int = 0) -> list[Event]:
        """The events numbered above ``after``."""
        return [event for event in self.log.read()[0] if event.number > after]

    def append(self, event: Event, *, durable: bool = True) -> Event:
        """Add ``event`` to the log. Only the holder of :meth:`lock`, or the creator of the run, may call this."""
        return self.recorder()(event, durable=durable)

    def recorder(self) -> Recorder:
        """Appends events with rising numbers, without reading the log again for each."""
        return Recorder(self.log)

    def state(self) -> RunState:
        """What the events add up to; a run that says it is running but that nobody holds was interrupted."""
        return self.mark_interrupted(FoldedLog(self.log.path).state())

    def mark_interrupted(self, state: RunState) -> RunState:
        """``state``, with ``running`` turned into ``interrupted`` where nobody trains the run.

        So is a part of a study that had not begun when the process that was to train it ended.
        """
        left = state.status == "queued" and not state.last_number and abandoned(self.folder)
        if left or (state.status == "running" and not self.held()):
            return replace(state, status="interrupted")
        return state

    def lock(self) -> Lock:
        """Held by the one thread that trains the run; the system releases it when that process dies."""
        return Lock(self.folder / "lock")

    def held(self) -> bool:
        """Whether someone trains the run at this moment."""
        return self.lock().held()

    def reserve_space(self) -> None:
        """Reserve disk space, so that a full disk can still be logged."""
        with suppress(OSError):
            if not (reserve := self.folder / RESERVE).exists():
                reserve.write_bytes(bytes(RESERVE_BYTES))

    def release_reserve(self) -> None:
        """Free the space that :meth:`reserve_space` took."""
        with suppress(OSError):
            (self.folder / RESERVE).unlink(missing_ok=True)

    def write_json(self, name: str, value: Any) -> None:
        """Write ``value`` into the run's folder."""
        write_json(self.folder / name, value)

    def write_settings(self, settings: RunSettings) -> None:
        """Write ``config.json``: from here on the folder is a run."""
        self.write_json("config.json", settings.to_json())

    def read_json(self, name: str) -> dict[str, Any]:
        """Read ``name`` from the run's folder; :class:`RunError` where it is missing or damaged."""
        try:
            content = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError("error.run.damaged", file=name, run=self.id) from error
        if not isinstance(content, dict):
            raise RunError("error.run.damaged", file=name, run=self.id)
        return content


@dataclass(frozen=True)
class Workspace:
    """The folder that holds everything the studio keeps."""

    root: Path

    @classmethod
    def open(cls, root: Path | None = None) -> Workspace:
        """The workspace at ``root`` or :func:`default_workspace`, made where missing; else :class:`StudioError`."""
        try:
            folder = (root or default_workspace()).expanduser().resolve()
        except RuntimeError as error:
            raise RunError("error.workspace.no_home") from error
        try:
            for part in ("datasets", "runs", "imports", "cache", "temporary"):
                (folder / part).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise RunError("error.workspace.not_a_folder", path=str(folder)) from error
        except OSError as error:
            raise disk_trouble(error) or error from error
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
        """A new empty folder ``kind/name``, with a number behind the name where it is taken there or in the bin."""
        stem = slug(name)
        for count in range(1, 100_000):
            folder = self.root / kind / (stem if count == 1 else f"{stem}-{count}")
            with suppress(FileExistsError):
                if not (self.root / "bin" / folder.name).exists():  # from where it may come back
                    folder.mkdir(parents=True)
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
        files: Mapping[str, Any] | None = None,
    ) -> Run:
        """A new run's folder: split, more ``files`` and, at last, settings: without ``config.json`` it is no run."""
        run = Run(self.new_folder("runs", f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{name}"))
        for file, content in {"split.json": split, **(files or {})}.items():
            run.write_json(file, content)
        facts = {"name": name, "created": datetime.now(UTC).isoformat(timespec="seconds"), **about, **belonging.facts()}
        run.write_settings(RunSettings(facts, requested, resolved))
        return run

    def runs(self) -> list[Run]:
        """All runs, the newest first."""
        found = (Run(path.parent) for path in (self.root / "runs").glob("*/config.json"))
        return sorted(found, key=lambda run: run.id, reverse=True)

    def run(self, id: str) -> Run:
        """The run of this workspace with that id, never a path; raises :class:`RunError` where there is none."""
        folder = self.root / "runs" / id if safe_name(id) else None
        if folder is None or not (folder / "config.json").is_file() or not belonging.sees_run(folder):
            raise RunError("error.run.missing", run=id)
        return Run(folder)

    def find_run(self, name: str) -> Run:
        """The run that a user of the command line or of the Python interface names: its id, ``last``, or any folder.

        Whatever comes from a page goes to :meth:`run`. Raises :class:`RunError` where there is none.
        """
        if name == "last" and (runs := self.runs()):
            return runs[0]
        if os.sep not in name and "/" not in name:
            return self.run(name)
        folder = Path(name).expanduser()
        if not safe_name(folder.name) or not (folder / "config.json").is_file():
            raise RunError("error.run.missing", run=name)
        return Run(folder)

    def delete_run(self, run: Run) -> None:
        """Remove ``run`` for good; refused while it is being trained."""
        acting.check("delete", belonging.of_run(run.folder))
        if run.held():
            raise RunError("error.run.busy", run=run.id)
        (run.folder / "config.json").unlink(missing_ok=True)
        remove_folder(run.folder)
