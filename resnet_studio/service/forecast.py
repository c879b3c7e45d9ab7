"""Forecast of a training before it is started: its resolved settings, the network, the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from resnet_studio import belonging
from resnet_studio.config import Freeze, TrainConfig
from resnet_studio.data import library
from resnet_studio.data.dataset import Dataset
from resnet_studio.data.editing import base_of
from resnet_studio.errors import StudioError
from resnet_studio.events import Status
from resnet_studio.model.architecture import Network, get, of
from resnet_studio.service.run_data import Overview, RunData, format_duration
from resnet_studio.text import Language, joined, say
from resnet_studio.training import cost, hardware, plan, speed
from resnet_studio.training.balance import imbalance_of
from resnet_studio.training.cautions import cautions, picture_cautions
from resnet_studio.training.cycles import cycle_at, first_of
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from resnet_studio.workspace import Workspace

RUNS_USED = 5
ENDED: tuple[Status, ...] = ("finished", "stopped")


@dataclass(frozen=True)
class CostForecast:
    """``config`` as requested; ``resolved`` has every automatic choice made, and is None without pictures.

    ``seconds`` is how long it takes unless more comes of a second cycle, ``longest`` how long with that, ``again`` how
    long the same training takes on validation pictures too where that is asked for, else 0. ``timed``: trainings on
    this machine say so; else its speed is assumed.
    """

    config: TrainConfig
    resolved: TrainConfig | None
    dataset: Dataset | None
    seconds: float | None
    longest: float | None = None
    again: float = 0.0
    timed: bool = True

    @property
    def frozen_to_the_end(self) -> Freeze:
        """What stays frozen: gradual unfreezing may run out of epochs before it reaches the freeze level."""
        return _final_freeze(self.resolved or self.config)

    def sentence(self, language: Language) -> str:
        """How long it would take; empty without pictures."""
        if self.resolved is None or self.seconds is None:
            return ""
        first = cycle_at(self.resolved, 0).end
        values = {"epochs": self.resolved.epochs, "size": self.resolved.picture_size, "first": first}
        cycles = ".cycles" if first != self.resolved.epochs else ""
        time, longest = (format_estimate(each, language) for each in (self.seconds, self.longest or self.seconds))
        key = f"train.time{cycles}" if time != longest or not cycles else "train.time.cycles.same"
        said = say(key, language, time=time, longest=longest, **values)
        again = say("train.time.again", language, time=format_estimate(self.again, language)) if self.again else ""
        return joined([said, again, "" if self.timed else say("train.time.not_timed", language)], language)

    def cautions(self, language: Language) -> list[str]:
        """What to think over before training; nothing without pictures."""
        if self.resolved is None or self.dataset is None:
            return []
        notes = (
            *cautions(self.resolved, self.config, imbalance_of(self.dataset)),
            *picture_cautions(self.resolved, self.config, self.dataset),
        )
        return [say(note.key, language, **note.values) for note in notes]


@dataclass(frozen=True)
class Pace:
    """The ``speed`` of trainings in GFLOP a second, and that which is ``assumed`` of the machine; see :mod:`speed`."""

    assumed: float
    speed: float
    timed: bool

    def seconds(self, gflop: float) -> float:
        """How long a training of ``gflop`` takes."""
        return speed.seconds(gflop, self.speed, self.assumed)


class Forecaster:
    """Makes forecasts; caches the last data set, since many calls in a row are about the same one.

    ``in_memory`` gives a data set that is known without being read, or None.
    """

    def __init__(
        self,
        workspace: Workspace,
        runs: RunData | None = None,
        in_memory: Callable[[str], Dataset | None] = lambda _: None,
    ) -> None:
        self._workspace, self._in_memory = workspace, in_memory
        self._runs = runs or RunData(workspace)
        self._cached: tuple[str, float, Dataset] | None = None

    def find_dataset(self, name: str | None) -> Dataset | None:
        """The data set called ``name``; None where there is none, or none any more."""
        if not name:
            return None
        if not belonging.sees_dataset(self._workspace.datasets / base_of(name)):
            return None
        if (known := self._in_memory(name)) is not None:
            return known
        try:
            changed = (self._workspace.datasets / base_of(name) / "dataset.json").stat().st_mtime
            if self._cached is None or self._cached[:2] != (name, changed):
                self._cached = (name, changed, library.find_dataset(self._workspace, name))
        except (OSError, StudioError):
            return None
        return self._cached[2]

    def forecast(self, config: TrainConfig, dataset: Dataset | None) -> CostForecast:
        """The forecast for ``config`` on ``dataset``, resolved as for a run; the first call waits for torch to load.

        Raises :class:`StudioError` for missing weights, and for a device that the machine does not have.
        """
        if dataset is None:
            return CostForecast(config, None, None, None)
        counts = {**part_sizes(dataset, config), "unlabelled": len(dataset.unlabelled)}
        on_gpu = plan.on_gpu(config)
        known = plan.facts(dataset, config, counts["train"], counts["validation"], on_gpu=on_gpu)
        resolved = plan.resolve(config, known)
        pace = self._pace(resolved, on_gpu)
        first = pace.seconds(cost.gflop(first_of(resolved), counts))
        longest = pace.seconds(cost.gflop(resolved, counts))
        again = cost.gflop(first_of(resolved), _joined(counts)) / pace.speed if resolved.final_fit else 0.0
        return CostForecast(config, resolved, dataset, first, longest, again, pace.timed)

    def seconds(self, resolved: TrainConfig, counts: Mapping[str, int]) -> float:
        """How long a training with ``resolved`` settings takes for ``counts`` of pictures, by the last ones here."""
        return self._pace(resolved, plan.on_gpu(resolved)).seconds(cost.gflop(resolved, counts))

    def models(self, network: Network) -> list[Overview]:
        """Trained models of that ``network`` in this workspace, which can be trained on; the newest first."""
        runs = (run for run in self._runs.overviews() if of(run.config) == get(network) and run.state.status in ENDED)
        return [run for run in runs if run.run.best.is_file()][:RUNS_USED]

    def knowing(self, classes: Sequence[str]) -> list[Overview]:
        """Trained models of this workspace that know exactly these ``classes``; the newest first."""
        wanted = set(classes)
        runs = (run for run in self._runs.overviews() if run.state.status in ENDED and set(run.classes) == wanted)
        return [run for run in runs if run.run.best.is_file()]

    def _pace(self, resolved: TrainConfig, on_gpu: bool) -> Pace:
        """That of the last trainings here on such a device, else what is assumed of the machine."""
        file = Run(self._workspace.temporary / "forecast").machine_file
        assumed = speed.assumed(resolved.precision, on_gpu=on_gpu, file=file)
        runs = [run for run in self._runs.overviews()[:20] if _ran_on_gpu(run) == on_gpu]
        alike = [run for run in runs if run.config.family == resolved.family]  # grouped convolutions are slower
        speeds = [found for run in alike if (found := _speed(run, assumed)) is not None]
        speeds = speeds or [found for run in runs if (found := _speed(run, assumed)) is not None]
        return Pace(assumed, median(speeds[:RUNS_USED]) if speeds else assumed, bool(speeds))


def part_sizes(dataset: Dataset, config: TrainConfig) -> dict[str, int]:
    """How many pictures each part would get, near enough for a forecast."""
    parts = {part: sum(sample.part == part for sample in dataset.samples) for part in ("train", "validation", "test")}
    free = len(dataset.samples) - sum(parts.values())
    if parts["train"] and not parts["validation"]:
        validation = round(parts["train"] * config.validation_fraction)
        return {**parts, "train": parts["train"] - validation, "validation": validation}
    validation, test = round(free * config.validation_fraction), round(free * config.test_fraction)
    return {
        "train": max(1, parts["train"] + free - validation - test),
        "validation": parts["validation"] + validation,
        "test": parts["test"] + test,
    }


def _ran_on_gpu(run: Overview) -> bool:
    return run.state.started is not None and hardware.is_gpu(run.state.started.device)


def _final_freeze(config: TrainConfig) -> Freeze:
    """What stays frozen to the end: gradual unfreezing may run out of epochs before it reaches the freeze level."""
    if config.freeze == "auto" and config.features == "layer3+layer4":
        return "layer4"
    if config.freeze == "auto" or config.epochs is None:
        return config.freeze
    return plan.freeze_in(config, config.epochs - 1)


def _speed(run: Overview, assumed: float) -> float | None:
    """GFLOP a second of a run that ended well and took long enough to tell."""
    finished, counts = run.state.finished, run.about.get("counts")
    if run.state.status != "finished" or finished is None or not counts or run.seconds < 1:
        return None
    if finished.epochs_run < 1 or run.config.epochs is None or run.config.picture_size is None:
        return None
    done = run.config.replace(epochs=finished.epochs_run)
    twice = run.config.final_fit and finished.reason != "stopped"
    again = cost.gflop(done, _joined(counts)) if twice else 0.0
    return speed.measured(cost.gflop(done, counts) + again, run.seconds, assumed)


def _joined(counts: Mapping[str, int]) -> dict[str, int]:
    """The pictures of a training on those for validation too."""
    return {**counts, "train": counts["train"] + counts["validation"], "validation": 0}


def format_estimate(seconds: float, language: Language) -> str:
    """A guess in words, without the seconds or minutes that rounding left at nought."""
    rounded = round(_rounded(seconds))
    if rounded >= 3600 and rounded % 3600 == 0:
        return say("train.time.hours", language, count=rounded // 3600)
    if 60 <= rounded < 3600 and rounded % 60 == 0:
        return say("train.time.minutes", language, count=rounded // 60)
    return format_duration(rounded, language)


def _rounded(seconds: float) -> float:
    """Two digits at most, and ten seconds at least: a guess knows no better."""
    for step, below in ((5, 120), (30, 900), (60, 3600), (600, 36000)):
        if seconds < below:
            return max(10.0, round(seconds / step) * float(step))
    return round(seconds / 3600) * 3600.0
