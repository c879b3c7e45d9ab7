"""What is known of the runs in a workspace, for the pages and the command line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from resnet_studio import belonging, labels
from resnet_studio.config import TrainConfig
from resnet_studio.data import outside_set
from resnet_studio.data.dataset import Split
from resnet_studio.data.run_split import outside_of, split_of
from resnet_studio.durations import Durations, requested_at
from resnet_studio.errors import RunError, StudioError
from resnet_studio.evaluation.parts import Part, RunReport, Value
from resnet_studio.evaluation.report_format import is_report
from resnet_studio.folder_names import safe_name
from resnet_studio.run_state import RunState
from resnet_studio.service.bounded import Bounded
from resnet_studio.service.folded_runs import Folded, FoldedRuns
from resnet_studio.text import Language, say
from resnet_studio.workspace import Run, Workspace

FILE_BYTES = 32 << 20
"""Of reports and splits that are held; as Python objects they take about eight times as much."""
STAGES = ("near-duplicates", "pictures", "weights", "features")


@dataclass(frozen=True)
class Overview:
    """One run as a page shows it: what was fixed when it was made, and its progress."""

    run: Run
    about: Mapping[str, Any]
    requested: TrainConfig
    config: TrainConfig
    state: RunState

    @property
    def name(self) -> str:
        """The run's name, as the user knows it."""
        return labels.shown(self.about, self.run.id)

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
        return self.state.seconds(self.requested_at)

    @property
    def requested_at(self) -> float | None:
        """When it was requested, seconds since 1970; None for runs of older versions, whose log has the start."""
        return requested_at(self.about)

    @property
    def validation_accuracy(self) -> float | None:
        """Of the best model: from the end of the log, before that from the best epoch so far."""
        best = self.state.finished or self.state.best
        return best.validation_accuracy if best else None

    @property
    def test_accuracy(self) -> float | None:
        """On the test pictures; None before the end, or where there are none."""
        return self.state.finished.test_accuracy if self.state.finished else None


@dataclass(frozen=True)
class Damaged:
    """A run that cannot be read, and the sentence that says why: damaged, or made by a newer version."""

    run: Run
    error: StudioError


class RunData:
    """What a server has read of the runs in a workspace: one for all pages and all tabs; bounded in memory.

    A log is read on from where it was left, anything else again only when it was written again.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folded_runs = FoldedRuns()
        self._files = Bounded(FILE_BYTES)

    def overviews(self) -> list[Overview]:
        """All runs that can be read, the newest first."""
        return [run for run in self.listed() if isinstance(run, Overview)]

    def listed(self) -> list[Overview | Damaged]:
        """All runs that whoever acts here may see, the newest first, those that cannot be read with the reason."""
        found: list[Overview | Damaged] = []
        runs = self.workspace.runs()
        for run in runs:
            try:
                found.append(_overview(self.folded_runs.of(run, transient=True)))
            except RunError as error:
                found.append(Damaged(run, error))
        self.folded_runs.keep_only({run.folder for run in runs})
        return [each for each in found if belonging.sees_run(each.run.folder, about_of(each))]

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
        return _overview(self.folded(run))

    def folded(self, run: Run) -> Folded:
        """As :meth:`of`, as its log says it: without asking whether somebody trains it now."""
        return self.folded_runs.of(run)

    def report(self, run: Run) -> Mapping[str, Any] | None:
        """The run's ``report.json``; None where it was not tested."""

        def read() -> Mapping[str, Any] | None:
            report: Mapping[str, Any] = json.loads(run.report_file.read_text(encoding="utf-8"))
            return report if is_report(report) else None

        try:
            return self._files.get(("report", run.report_file), *_file(run.report_file), read)
        except (OSError, ValueError, RecursionError):
            return None

    def part(self, run: Run, part: Part[Value]) -> Value | None:
        """A part of the run's report; None where the run has not got what that is computed from, or where it takes long
        and was not asked for yet.
        """
        sources = (run.report_file, run.logits_file, run.folder / part.file)
        there = [_file(path) for path in sources if path.is_file()]
        stamp, weight = tuple(stamp for stamp, _ in there), max((size for _, size in there), default=0)
        return self._files.get((part.name, run.folder), stamp, weight, lambda: _value(run, part))

    def split(self, run: Run) -> Split | None:
        """The pictures of each part; None where they cannot be read."""
        file = run.folder / "split.json"
        try:
            return self._files.get(("split", file), *_file(file), lambda: split_of(run))
        except (OSError, RunError):
            return None

    def _outside(self, run: Run) -> Split | None:
        """The other pictures that it is tested on; None where there are none, or they cannot be read."""
        file = run.folder / outside_set.FILE
        try:
            return self._files.get(("outside", file), *_file(file), lambda: outside_of(run))
        except (OSError, RunError):
            return None

    def picture(self, run: Run, part: str, index: int) -> Path | None:
        """The file of picture ``index`` of a part of ``run``; None where there is none."""
        split = self._outside(run) if part == "outside" else self.split(run)
        if split is None or part not in ("train", "validation", "test", "outside"):
            return None
        samples = split.test if part == "outside" else getattr(split, part)
        return split.path(samples[index]) if 0 <= index < len(samples) else None

    def places(self, run: Run, part: Literal["test", "outside"] = "test") -> Mapping[str, str]:
        """For the file of each test picture, or of each one of another set, the address of its thumbnail."""
        split = self._outside(run) if part == "outside" else self.split(run)
        samples = split.test if split else ()
        start = f"studio/runs/{quote(run.id)}/picture/{part}/"
        return {sample.file: f"{start}{index}" for index, sample in enumerate(samples)}


def about_of(listed: Overview | Damaged) -> Mapping[str, Any]:
    """The facts about a run of a list; none where it cannot be read."""
    return listed.about if isinstance(listed, Overview) else {}


def look(run: Run) -> Overview | Damaged:
    """One run as it is now, without a cache of others."""
    try:
        return _overview(FoldedRuns().of(run))
    except RunError as error:
        return Damaged(run, error)


def _overview(folded: Folded) -> Overview:
    settings, run = folded.settings, folded.run
    return Overview(run, settings.about, settings.requested, settings.resolved, run.mark_interrupted(folded.state))


def _value(run: Run, part: Part[Value]) -> Value | None:
    report = RunReport(run)
    return report.get(part) if part.quick else part.load(report)


def _file(path: Path) -> tuple[tuple[int, int], int]:
    """What changes when ``path`` is written again, and its size in bytes. Raises ``OSError`` where there is none."""
    found = path.stat()
    return (found.st_mtime_ns, found.st_size), found.st_size


def format_duration(seconds: float, language: Language) -> str:
    """A duration in words: ``48 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if not math.isfinite(seconds):
        return "–"
    whole = round(seconds)
    if whole < 60:
        return say("runs.time.seconds", language, seconds=whole if seconds >= 10 or not seconds else f"{seconds:.1f}")
    if whole < 3600:
        return say("runs.time.minutes", language, minutes=whole // 60, seconds=whole % 60)
    return say("runs.time.hours", language, hours=whole // 3600, minutes=whole % 3600 // 60)


def format_preparation(durations: Durations, requested_at: float | None, language: Language) -> list[str]:
    """What went into the time of a run besides training, where it took a second at least: preparing, and waiting."""
    stages = {stage: seconds for stage, seconds in durations.prepared(requested_at).items() if seconds >= 0.5}
    said, preparing = [], sum(stages.values())
    if preparing >= 1:
        parts = [
            say(
                f"runs.prepared.{stage if stage in STAGES else 'start'}",
                language,
                time=format_duration(seconds, language),
            )
            for stage, seconds in stages.items()
        ]
        said.append(say("runs.prepared", language, time=format_duration(preparing, language), parts=parts))
    if durations.waiting >= 1:
        said.append(say("runs.waited", language, time=format_duration(durations.waiting, language)))
    return said


def format_timestamp(created: object, language: Language, *, now: datetime | None = None) -> str:
    """A moment in words: the time today, the date before that, in the server's time zone."""
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
