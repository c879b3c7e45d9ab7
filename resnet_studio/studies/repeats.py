"""The same training several times, each with another seed: how much of a result is chance.

The seed decides how the head begins, in which order pictures come, what augmentation does to them and, where the data
set brings no parts of its own, which pictures are trained on, validated with and tested on.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from resnet_studio.errors import ConfigError, RunError
from resnet_studio.folder_names import slug

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.events import Finished
    from resnet_studio.workspace import Run, Workspace

KIND = "seeds"
FEWEST, MOST = 2, 50


@dataclass(frozen=True)
class Figure:
    """An accuracy over several runs; ``interval`` is the 95% confidence interval of its mean, None for a single run."""

    values: tuple[float, ...]
    mean: float
    interval: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        interval = None if self.interval is None else list(self.interval)
        return {"mean": self.mean, "interval": interval, "values": list(self.values)}

    def sentence(self) -> str:
        """The figure for people who read English."""
        if self.interval is None:
            return f"{self.mean:.1%}"
        low, high = self.interval
        return f"{self.mean:.1%} (95% confidence interval {low:.1%} to {high:.1%}) over {len(self.values)} seeds"


@dataclass(frozen=True)
class StudyPart:
    """A run of a study: what its ``about`` and its settings say, and how it ended so far."""

    run: Run
    about: Mapping[str, Any]
    seed: int
    status: str
    finished: Finished | None


@dataclass(frozen=True)
class Repeats:
    """What the runs of one study came to; ``redrawn`` where each drew its own split. A figure is None without a run."""

    group: str
    parts: tuple[StudyPart, ...]
    redrawn: bool
    validation: Figure | None
    test: Figure | None

    @property
    def done(self) -> int:
        """How many parts came to their end; only these count."""
        return sum(part.status == "finished" for part in self.parts)

    @property
    def stopped(self) -> bool:
        """Whether it was ended by a stop, which keeps the best model of the part that was at work."""
        return any(part.status == "stopped" for part in self.parts)


def new_repeats(
    dataset: Dataset,
    config: TrainConfig,
    workspace: Workspace,
    seeds: int,
    *,
    run_name: str | None = None,
    started_by: str = "program",
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Run, ...]:
    """``seeds`` runs of ``config`` on ``dataset``, from its seed upwards: the parts of one study, nothing trained yet.
    ``facts`` are about each of them; a ``name`` among them is followed by the seed.

    Raises :class:`ConfigError` for a number that is not allowed, and as :func:`resnet_studio.training.plan.new_run`.
    """
    from resnet_studio.data.dataset import split
    from resnet_studio.training.plan import new_run

    if isinstance(seeds, bool) or not FEWEST <= seeds <= MOST:
        raise ConfigError("error.study.seeds", value=seeds, low=FEWEST, high=MOST)
    group = f"{slug(dataset.name)}-{KIND}-{secrets.token_hex(4)}"
    settings = [config.replace(seed=config.seed + part) for part in range(seeds)]
    new_split = not split(dataset, validation=config.validation_fraction, test=config.test_fraction).preset
    runs: list[Run] = []
    try:
        for part, each in enumerate(settings, 1):
            study = {"kind": KIND, "part": part, "of": seeds, "new_split": new_split}
            name = {"name": f"{facts['name']} (seed {each.seed})"} if "name" in facts else {}
            about = {**facts, **name, "group": group, "study": study}
            runs.append(
                new_run(
                    dataset, each, workspace, run_name=run_name, started_by=started_by, facts=about,
                    suffix=f"seed-{each.seed}",
                )
            )  # fmt: skip
    except BaseException:
        for run in runs:  # half a study answers nothing
            workspace.delete_run(run)
        raise
    return tuple(runs)


def summary(runs: Sequence[Run]) -> Repeats:
    """What ``runs``, the parts of one study, came to so far."""
    if not runs:
        raise RunError("error.study.empty")
    states = [run.state() for run in runs]
    return summed_up(
        [
            StudyPart(run, run.about, run.config.seed, state.status, state.finished)
            for run, state in zip(runs, states, strict=True)
        ]
    )


def summed_up(parts: Sequence[StudyPart]) -> Repeats:
    """What ``parts``, at least one, came to so far."""
    ended = [(part.about, part.finished) for part in parts if part.status == "finished" and part.finished]
    study = parts[0].about.get("study")
    redrawn = isinstance(study, Mapping) and study.get("new_split") is True
    counts = [about["counts"] for about, _ in ended]
    tests = [done.test_accuracy for _, done in ended if done.test_accuracy is not None]
    return Repeats(
        group=str(parts[0].about.get("group", "")),
        parts=tuple(parts),
        redrawn=redrawn,
        validation=figure([done.validation_accuracy for _, done in ended], _overlap(counts, "validation", redrawn)),
        test=figure(tests, _overlap(counts, "test", redrawn)),
    )


def figure(values: Sequence[float], overlap: float = 0.0, level: float = 0.95) -> Figure | None:
    """Mean of ``values`` with Student's interval of it; None where there are none.

    ``overlap`` is the number of pictures scored for each one trained on, where every run drew its own split: the runs
    then share pictures, and their spread alone says too little (Nadeau and Bengio, Inference for the Generalization
    Error, 2003: the corrected resampled t-test). The interval stays within 0 to 1.
    """
    from scipy import stats

    if not values:
        return None
    count, mean = len(values), fmean(values)
    if count == 1:
        return Figure(tuple(values), mean, None)
    error = stdev(values) * math.sqrt(1 / count + overlap)
    reach = float(stats.t.ppf((1 + level) / 2, count - 1)) * error
    return Figure(tuple(values), mean, (max(0.0, mean - reach), min(1.0, mean + reach)))


def _overlap(counts: Sequence[Mapping[str, int]], part: str, redrawn: bool) -> float:
    if not redrawn or not counts:
        return 0.0
    return fmean(each.get(part, 0) / max(1, each.get("train", 1)) for each in counts)
