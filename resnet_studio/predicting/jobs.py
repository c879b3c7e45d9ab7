"""A prediction job: which models name which pictures, and the answers so far, in a folder of the workspace.

PREDICTIONS/ID/
  request.json    what was asked for; a folder without it is no job
  pictures.jsonl  the pictures by name and file, once they were looked up
  rows.jsonl      the answers, appended in the order of the pictures (see :mod:`resnet_studio.predicting.rows`)
  files/          what was uploaded or unpacked for it
  stopped         somebody stopped it: it does not go on by itself
  error.json      why it cannot go on
  lock            held by the process that works on it
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from resnet_studio import acting, belonging
from resnet_studio.durable import json_bytes, remove_folder, renamed, replacing, write_json
from resnet_studio.errors import DataError, RunError, StudioError
from resnet_studio.folder_names import safe_name
from resnet_studio.locks import Lock
from resnet_studio.predicting.rows import Rows
from resnet_studio.workspace import Workspace

VERSION = 2
"""Since 2 there may be thresholds; without any, what is written is of version 1."""
Status = Literal["working", "waiting", "done", "stopped", "failed"]
ASKED = ("models", "sources", "drawings", "thresholds")
SourceKind = Literal["folder", "file", "zip"]


@dataclass(frozen=True)
class Source:
    """Where pictures come from: a ``folder`` with all in it, a single ``file``, a ``zip``; ``name`` is how it is shown.

    A relative ``path`` lies in the folder of the job.
    """

    kind: SourceKind
    path: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a job is to do.

    ``models`` are the keys of its models: ``run:ID``, ``import:FILE``, ``file:PATH``; several answer together. The
    answers are of ``classes``; one with a threshold is answered from that probability on. ``title`` is what the
    pictures, ``model_name`` what the models are called; ``started_by`` is who asked, as for runs.
    """

    models: tuple[str, ...]
    model_name: str
    classes: tuple[str, ...]
    title: str
    sources: tuple[Source, ...]
    drawings: bool = False
    thresholds: Mapping[str, float] = field(default_factory=dict)
    started_by: str = ""
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"version": VERSION if self.thresholds else 1, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Request:
        """What :meth:`to_json` wrote. May raise ``LookupError``, ``TypeError`` or ``ValueError`` for anything else."""
        if int(values["version"]) > VERSION:
            raise ValueError("of a newer version")
        return cls(
            models=tuple(map(str, values["models"])),
            model_name=str(values["model_name"]),
            classes=tuple(map(str, values["classes"])),
            title=str(values["title"]),
            sources=tuple(Source(**each) for each in values["sources"]),
            drawings=bool(values["drawings"]),
            thresholds={str(name): float(value) for name, value in dict(values.get("thresholds", {})).items()},
            started_by=str(values["started_by"]),
            created=str(values["created"]),
        )


@dataclass(frozen=True)
class Picture:
    """A picture by the ``name`` that is shown, and its ``file``."""

    name: str
    file: Path


@dataclass(frozen=True)
class Job:
    """One prediction job: a folder."""

    folder: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @cached_property
    def request(self) -> Request:
        """What it is to do; :class:`RunError` where that cannot be read."""
        try:
            return Request.from_json(json.loads((self.folder / "request.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise RunError("error.predictions.damaged", job=self.id) from error

    @property
    def files(self) -> Path:
        """What was uploaded or unpacked for it."""
        return self.folder / "files"

    @property
    def pictures_file(self) -> Path:
        """The pictures, once they were looked up."""
        return self.folder / "pictures.jsonl"

    @property
    def rows_file(self) -> Path:
        """The answers so far."""
        return self.folder / "rows.jsonl"

    @property
    def rows(self) -> Rows:
        """The answers so far, to be read."""
        return Rows(self.rows_file)

    def lock(self) -> Lock:
        """Held by whoever works on it."""
        return Lock(self.folder / "lock")

    def pictures(self) -> list[Picture]:
        """All pictures, in order; none where they were not looked up yet."""
        try:
            lines = self.pictures_file.read_bytes().splitlines()
        except OSError:
            return []
        return [Picture(str(name), self.folder / file) for name, file in map(json.loads, lines)]

    def write_pictures(self, pictures: Sequence[Picture]) -> None:
        """Write which pictures there are; those in the folder of the job by their place in it."""
        with replacing(self.pictures_file) as temporary, temporary.open("wb") as file:
            for each in pictures:
                inside = each.file.is_relative_to(self.folder)
                path = each.file.relative_to(self.folder).as_posix() if inside else str(each.file)
                file.write(json_bytes([each.name, path]) + b"\n")

    @property
    def error(self) -> StudioError | None:
        """Why it cannot go on; None where nothing is wrong."""
        try:
            found = json.loads((self.folder / "error.json").read_text(encoding="utf-8"))
            return StudioError(str(found["key"]), **found["values"])
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def fail(self, error: StudioError) -> None:
        """Write down why it cannot go on."""
        values = {key: value if isinstance(value, (int, float)) else str(value) for key, value in error.values.items()}
        write_json(self.folder / "error.json", {"key": error.key, "values": values})

    @property
    def stopped(self) -> bool:
        """Whether somebody has stopped it."""
        return (self.folder / "stopped").exists()

    def stop(self) -> None:
        """Ask whoever works on it, in whichever process, to end after the pictures at work."""
        with suppress(FileNotFoundError):
            (self.folder / "stopped").touch()

    def ready(self) -> None:
        """Let it go on: forget that it was stopped, and what was wrong."""
        for name in ("stopped", "error.json"):
            (self.folder / name).unlink(missing_ok=True)

    def status(self, done: int, total: int | None) -> Status:
        """What it does, with ``done`` of ``total`` pictures; "waiting" is also one whose program was killed."""
        if total is not None and done >= total:
            return "done"
        if self.error is not None:
            return "failed"
        if self.lock().held():
            return "working"
        return "stopped" if self.stopped else "waiting"


@dataclass(frozen=True)
class Jobs:
    """The jobs of a workspace."""

    workspace: Workspace

    @property
    def folder(self) -> Path:
        """One folder a job; made with the first."""
        return self.workspace.root / "predictions"

    def new(self, request: Request, uploads: Sequence[tuple[str, Path]] = ()) -> Job:
        """A new job; of ``uploads``, pairs of a name and a file, it gets copies, which become sources."""
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
        job = Job(self.folder / f"{stamp}-{secrets.token_hex(8)}")
        job.files.mkdir(parents=True)
        sources = list(request.sources)
        for number, (name, file) in enumerate(uploads):
            ending = Path(name).suffix.lower()
            kind: SourceKind = "zip" if ending == ".zip" else "file"
            target = job.files / f"{number}{ending if ending.isascii() and len(ending) < 10 else ''}"
            _linked(file, target)
            sources.append(Source(kind, target.relative_to(job.folder).as_posix(), name))
        values = {**request.to_json(), "sources": [asdict(source) for source in sources]}
        write_json(job.folder / "request.json", values)
        return job

    def all(self) -> list[Job]:
        """All that whoever acts here may see, the newest first."""
        found = [job for path in self.folder.glob("*/request.json") if _is_visible(job := Job(path.parent))]
        return sorted(found, key=lambda job: job.id, reverse=True)

    def find(self, id: object) -> Job:
        """The job called ``id``, which may come from anywhere; :class:`DataError` where there is none."""
        name = str(id or "")
        folder = self.folder / name
        if not safe_name(name) or not (folder / "request.json").is_file() or not _is_visible(Job(folder)):
            raise DataError("error.predictions.missing")
        return Job(folder)

    def delete(self, job: Job) -> None:
        """Remove ``job`` for good, with what was uploaded for it; refused while somebody works on it.

        :meth:`Bin.put_prediction` of :mod:`resnet_studio.upkeep.bin` moves it into the bin.
        """
        acting.check("delete", thing_of(job))
        if job.lock().held():
            raise DataError("error.predictions.busy")
        (job.folder / "request.json").unlink(missing_ok=True)
        remove_folder(job.folder)

    def same(self, request: Request) -> Iterator[Job]:
        """Jobs that ask for the same as ``request``, the newest first."""
        for job in self.all():
            with suppress(RunError):
                ours = job.request
                if all(getattr(ours, name) == getattr(request, name) for name in ASKED):
                    yield job


def thing_of(job: Job) -> acting.Thing:
    """The job as something that somebody owns; one that cannot be read has no owner."""
    try:
        return belonging.of_job(job.id, job.request.started_by)
    except RunError:
        return belonging.of_job(job.id, "")


def _is_visible(job: Job) -> bool:
    return acting.actor() is None or acting.allowed("see", thing_of(job))


def _linked(file: Path, target: Path) -> None:
    """``target`` as the same file as ``file``, which may then be removed; a copy where the file system has no links."""
    try:
        target.hardlink_to(file)
    except OSError:
        draft = target.with_name(f"{target.name}.part")
        shutil.copyfile(file, draft)
        renamed(draft, target)
