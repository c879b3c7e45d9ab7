"""What the pages read of runs, kept for as long as the files behind it do not change."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from resnet_studio import labels
from resnet_studio.config import TrainConfig
from resnet_studio.data.dataset import Split
from resnet_studio.data.run_split import split_of
from resnet_studio.durations import Durations, asked_at
from resnet_studio.errors import RunError, StudioError
from resnet_studio.evaluation.parts import Part, RunReport, Value
from resnet_studio.evaluation.report_format import is_report
from resnet_studio.event_log import parsed
from resnet_studio.events import Event
from resnet_studio.run_settings import RunSettings
from resnet_studio.run_state import RunState, replay
from resnet_studio.text import Language, say
from resnet_studio.workspace import Run, Workspace, safe_name

KEPT = 4
STAGES = ("pictures", "weights", "features")
PROGRESS = b'{"event": "Progress"'


@dataclass(frozen=True)
class Overview:
    """One run as a page sees it: what was fixed when it was made, and how far it is."""

    run: Run
    about: Mapping[str, Any]
    requested: TrainConfig
    config: TrainConfig
    state: RunState

    @property
    def name(self) -> str:
        """The run's name, as the user knows it."""
        return str(self.about.get("name", self.run.id))

    @property
    def note(self) -> str:
        """What the user wrote about it."""
        return str(self.about.get("note", ""))

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the model's outputs."""
        return tuple(self.about.get("classes", ()))

    @property
    def seconds(self) -> float:
        """How long it took so far, from the click on, without waiting for other runs."""
        return self.state.seconds(self.asked)

    @property
    def asked(self) -> float | None:
        """When it was asked for, seconds since 1970; None for runs of older versions, whose log says when it began."""
        return asked_at(self.about)

    @property
    def validation_accuracy(self) -> float | None:
        """Of the model that is kept: the end says it, before that the best epoch so far."""
        kept = self.state.finished or self.state.best
        return kept.validation_accuracy if kept else None

    @property
    def test_accuracy(self) -> float | None:
        """On the test pictures; None before the end, or where there are none."""
        return self.state.finished.test_accuracy if self.state.finished else None


@dataclass(frozen=True)
class Damaged:
    """A run that cannot be read, and the sentence that says why: damaged, or made by a newer version."""

    run: Run
    error: StudioError


@dataclass
class _Folded:
    """A run's log up to a byte offset."""

    settings: RunSettings
    state: RunState = field(default_factory=RunState)
    offset: int = 0
    size: int = 0
    labelled: int = 0


class RunData:
    """Reads runs for the pages. A log is read on from where it was left, a report again only when it was rewritten."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._folded: dict[str, _Folded] = {}
        self._reports: OrderedDict[Path, tuple[int, Mapping[str, Any]]] = OrderedDict()
        self._parts: OrderedDict[tuple[Path, str], tuple[int, Any]] = OrderedDict()
        self._splits: OrderedDict[str, Split] = OrderedDict()
        self._lock = Lock()

    def overviews(self) -> list[Overview]:
        """All runs that can be read, the newest first."""
        return [run for run in self.listed() if isinstance(run, Overview)]

    def listed(self) -> list[Overview | Damaged]:
        """All runs, the newest first, those that cannot be read with the reason."""
        found: list[Overview | Damaged] = []
        for run in self.workspace.runs():
            try:
                found.append(self.of(run))
            except RunError as error:
                found.append(Damaged(run, error))
        kept = {listed.run.id for listed in found}
        with self._lock:
            self._folded = {name: folded for name, folded in self._folded.items() if name in kept}
        return found

    def find(self, name: str | None) -> Overview | None:
        """The run called ``name``; None where there is none, or none that can be read."""
        if not name:
            return None
        try:
            return self.of(self.workspace.run(name))
        except RunError:
            return None

    def run_id(self, name: object) -> str | None:
        """``name`` where a run is called so; it may come from anywhere."""
        return name if isinstance(name, str) and safe_name(name) and self.find(name) else None

    def of(self, run: Run) -> Overview:
        """``run`` as it is now. Raises :class:`RunError` where its folder is damaged."""
        with self._lock:
            folded = self._folded.get(run.id)
            labelled = labels.stamp(run.folder)
            if folded is None:
                folded = self._folded[run.id] = _Folded(run.settings, labelled=labelled)
            elif folded.labelled != labelled:
                folded.settings, folded.labelled = run.settings, labelled
            try:
                self._read_on(run, folded)
            except OSError as error:
                raise RunError("error.run.damaged", file=run.log.path.name, run=run.id) from error
            state, settings = folded.state, folded.settings
        return Overview(run, settings.about, settings.requested, settings.resolved, run.judged(state))

    def report(self, run: Run) -> Mapping[str, Any] | None:
        """The run's ``report.json``; None where it was not tested."""
        try:
            written = run.report_file.stat().st_mtime_ns
            with self._lock:
                kept = self._reports.get(run.report_file)
                if kept and kept[0] == written:
                    self._reports.move_to_end(run.report_file)
                    return kept[1]
            report: Mapping[str, Any] = json.loads(run.report_file.read_text(encoding="utf-8"))
            if not is_report(report):
                return None
        except (OSError, ValueError, RecursionError):
            return None
        with self._lock:
            self._reports[run.report_file] = (written, report)
            while len(self._reports) > KEPT:
                self._reports.popitem(last=False)
        return report

    def part(self, run: Run, part: Part[Value]) -> Value | None:
        """A part of the run's report; None where the run has not got what that is computed from."""
        try:
            written = run.report_file.stat().st_mtime_ns
        except OSError:
            return None
        with self._lock:
            kept = self._parts.get((run.folder, part.name))
        if kept is None or kept[0] != written:
            kept = (written, RunReport(run).get(part))
        with self._lock:
            self._parts[run.folder, part.name] = kept
            self._parts.move_to_end((run.folder, part.name))
            while len(self._parts) > KEPT:
                self._parts.popitem(last=False)
        found: Value | None = kept[1]
        return found

    def split(self, run: Run) -> Split | None:
        """The pictures of each part; None where they cannot be read."""
        with self._lock:
            if run.id in self._splits:
                self._splits.move_to_end(run.id)
                return self._splits[run.id]
        try:
            split = split_of(run)
        except RunError:
            return None
        with self._lock:
            self._splits[run.id] = split
            while len(self._splits) > KEPT:
                self._splits.popitem(last=False)
        return split

    def picture(self, run: Run, part: str, index: int) -> Path | None:
        """The file of picture ``index`` of a part of ``run``; None where there is none."""
        split = self.split(run)
        if split is None or part not in ("train", "validation", "test"):
            return None
        samples = getattr(split, part)
        return split.path(samples[index]) if 0 <= index < len(samples) else None

    def places(self, run: Run) -> Mapping[str, str]:
        """For the file of each test picture, the address of its thumbnail."""
        split = self.split(run)
        samples = split.test if split else ()
        start = f"studio/runs/{quote(run.id)}/picture/test/"
        return {sample.file: f"{start}{index}" for index, sample in enumerate(samples)}

    @staticmethod
    def _read_on(run: Run, folded: _Folded) -> None:
        path = run.log.path
        size = path.stat().st_size if path.exists() else 0
        if size == folded.size:
            return
        if size < folded.offset:
            folded.state, folded.offset = RunState(), 0
        events, folded.offset = read_without_progress(path, folded.offset)
        folded.state, folded.size = replay(events, folded.state), size


def read_without_progress(path: Path, offset: int) -> tuple[list[Event], int]:
    """The events of a log from byte ``offset`` on, and the offset after the last whole line.

    Of the many lines that say where a training stands only the latest is read: nine in ten of a log are such lines.
    """
    with path.open("rb") as file:
        file.seek(offset)
        lines = file.read().splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].startswith(PROGRESS)), None)
    kept = [line for at, line in enumerate(lines) if at == last or not line.startswith(PROGRESS)]
    events = [event for line in kept if (event := parsed(line)) is not None]
    return events, offset + sum(map(len, lines))


def spell_time(seconds: float, language: Language) -> str:
    """A length of time as a person says it: ``48 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if not math.isfinite(seconds):
        return "–"
    whole = round(seconds)
    if whole < 60:
        return say("runs.time.seconds", language, seconds=whole if seconds >= 10 or not seconds else f"{seconds:.1f}")
    if whole < 3600:
        return say("runs.time.minutes", language, minutes=whole // 60, seconds=whole % 60)
    return say("runs.time.hours", language, hours=whole // 3600, minutes=whole % 3600 // 60)


def spell_parts(durations: Durations, asked: float | None, language: Language) -> list[str]:
    """What went into the time of a run besides training, where it took a second at least: preparing, and waiting."""
    stages = {stage: seconds for stage, seconds in durations.prepared(asked).items() if seconds >= 0.5}
    said, preparing = [], sum(stages.values())
    if preparing >= 1:
        parts = [
            say(f"runs.prepared.{stage if stage in STAGES else 'start'}", language, time=spell_time(seconds, language))
            for stage, seconds in stages.items()
        ]
        said.append(say("runs.prepared", language, time=spell_time(preparing, language), parts=parts))
    if durations.waiting >= 1:
        said.append(say("runs.waited", language, time=spell_time(durations.waiting, language)))
    return said


def spell_when(created: object, language: Language, *, now: datetime | None = None) -> str:
    """When something was, as a person says it: the time today, the date before that, in the server's time zone."""
    try:
        then = datetime.fromisoformat(str(created)).astimezone()
    except ValueError:
        return ""
    today = (now or datetime.now()).astimezone().date()
    time = f"{then:%H:%M}"
    if then.date() == today:
        return say("runs.when.today", language, time=time)
    if then.date() == today - timedelta(days=1):
        return say("runs.when.yesterday", language, time=time)
    return f"{then:%Y-%m-%d %H:%M}"
