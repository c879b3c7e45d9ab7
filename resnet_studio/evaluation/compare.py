"""Several runs beside each other: what was set differently, and whether their test pictures can tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio import labels
from resnet_studio.config import TrainConfig
from resnet_studio.durations import requested_at
from resnet_studio.errors import RunError
from resnet_studio.evaluation.paired_tests import grouped_bootstrap, holm, mcnemar, paired_bootstrap, swapped_groups
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.run_state import RunState
from resnet_studio.text import Language, joined, say
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNIFICANT = 0.05
MOST_SHOWN = 100


@dataclass(frozen=True)
class Side:
    """One run; ``accuracy``, ``interval`` (95 %), ``macro_f1`` and ``pictures`` are those of its test, None without."""

    run: str
    name: str
    dataset: str
    accuracy: float | None
    interval: tuple[float, float] | None
    macro_f1: float | None
    pictures: int | None
    validation_accuracy: float | None
    seconds: float
    dataset_id: str = ""
    study: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Disagreement:
    """A test picture that only one of two networks names correctly: the true class and both answers.

    ``file`` is that of the picture in the first run.
    """

    picture: str
    true: str
    first: str
    second: str
    file: str = ""


@dataclass(frozen=True)
class RunPair:
    """Two runs on the ``pictures`` that both were tested on; ``same_test_set`` where these are all.

    ``p_value`` is that of the exact McNemar test (McNemar 1947, two-sided), ``p_adjusted`` corrected for the number of
    pairs (Holm 1979). ``difference`` is the first accuracy minus the second, with the 95 % interval of a paired
    bootstrap (Efron 1979: 10,000 resamples of the pictures, percentiles), or where no answer differs what can go
    unseen. ``disagreements`` are at most 100. Without a shared picture the figures are None.

    Where pictures were kept together there are fewer ``groups`` than pictures, which are right or wrong together: the
    bootstrap then resamples groups (Davison and Hinkley 1997, section 3.8), and the p-value is that of a test which
    swaps the two answers for whole groups (Fisher's randomisation test).
    """

    first: str
    second: str
    pictures: int
    same_test_set: bool
    only_first: int
    only_second: int
    both_right: int
    both_wrong: int
    p_value: float | None
    p_adjusted: float | None
    difference: float | None
    difference_interval: tuple[float, float] | None
    tells_apart: bool
    disagreements: tuple[Disagreement, ...]
    groups: int = 0

    def sentence(self, names: Mapping[str, str], language: Language = "en") -> str:
        """What these pictures say, with what the runs are called."""
        first, second, count = names[self.first], names[self.second], self.pictures
        if self.p_adjusted is None or self.difference is None or self.difference_interval is None:
            return say("compare.none_shared", language, first=first, second=second)
        values: dict[str, Any] = {"first": first, "second": second, "count": count, "p": f"{self.p_adjusted:.2g}"}
        low, high = self.difference_interval
        span = {"low": f"{100 * low:+.1f}", "high": f"{100 * high:+.1f}", "difference": f"{100 * self.difference:+.1f}"}
        if self.tells_apart and self.difference < 0:
            values |= {"first": second, "second": first}
            span = {"low": f"{-100 * high:+.1f}", "high": f"{-100 * low:+.1f}",
                    "difference": f"{-100 * self.difference:+.1f}"}  # fmt: skip
        kind = "better" if self.tells_apart else "chance" if self.only_first or self.only_second else "alike"
        said = say(f"compare.{kind}", language, right=self.both_right, most=f"{100 * high:.1f}", **values, **span)
        other = "" if self.same_test_set else say("compare.other_sets", language, count=count)
        groups = say("compare.groups", language, groups=self.groups) if self.groups < count else ""
        return joined([other, groups, said], language)


@dataclass(frozen=True)
class Comparison:
    """``sides`` in the order given; ``settings``: those that differ, each run's value by its id; all ``pairs``."""

    sides: tuple[Side, ...]
    settings: Mapping[str, Mapping[str, Any]]
    pairs: tuple[RunPair, ...]

    @property
    def names(self) -> dict[str, str]:
        """What the runs are called, by their ids; names that come twice with their id."""
        names = [side.name for side in self.sides]
        return {s.run: s.name if names.count(s.name) == 1 else f"{s.name} ({s.run})" for s in self.sides}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; each pair with its ``verdict`` in English."""
        pairs = [{**asdict(pair), "verdict": pair.sentence(self.names)} for pair in self.pairs]
        return {"runs": [asdict(side) for side in self.sides], "settings": dict(self.settings), "pairs": pairs}


def compare(runs: Sequence[Run], states: Sequence[RunState] | None = None) -> Comparison:
    """Compare two or more ``runs``, whose ``states`` are read unless they are given.

    Raises :class:`RunError` for fewer runs, for one that comes twice, and for one that cannot be read.
    """
    if len({run.folder.resolve() for run in runs}) < max(2, len(runs)):
        raise RunError("error.compare.two")
    reports = [RunReport(run) for run in runs]
    configs = {run.id: run.config for run in runs}
    names = [spec.name for spec in fields(TrainConfig)]
    differing = [name for name in names if len({getattr(config, name) for config in configs.values()}) > 1]
    settings = {name: {run: getattr(config, name) for run, config in configs.items()} for name in differing}
    pairs = [_pair(first, second) for first, second in combinations(reports, 2)]
    states = [run.state() for run in runs] if states is None else states
    return Comparison(tuple(map(_side, reports, states)), settings, _adjusted(pairs))


def _side(report: RunReport, state: RunState) -> Side:
    run, scores = report.run, report.report
    about, best = run.about, state.finished or state.best
    return Side(
        run=run.id,
        name=labels.shown(about, report.run.id),
        dataset=str(about["dataset_name"]),
        accuracy=scores.accuracy if scores else None,
        interval=scores.interval if scores else None,
        macro_f1=scores.macro_f1 if scores else None,
        pictures=scores.count if scores else None,
        validation_accuracy=best.validation_accuracy if best else None,
        seconds=state.seconds(requested_at(about)),
        dataset_id=str(about.get("dataset", "")),
        study=labels.study_part(about),
    )


@dataclass(frozen=True)
class _Answer:
    name: str
    file: str
    true: str
    predicted: str
    group: str

    @property
    def right(self) -> bool:
        return self.true == self.predicted


def _predicted_by_picture(report: RunReport) -> dict[str, _Answer]:
    """The answer for each test picture, by its content (else its data set and name)."""
    if report.report is None:
        return {}
    columns, classes = report.run.split.get("test", {}), report.report.classes
    contents = dict(zip(columns.get("name", ()), columns.get("content", ()), strict=False))
    groups = dict(zip(columns.get("name", ()), columns.get("group", ()), strict=False))
    dataset = report.run.about.get("dataset")
    return {
        contents.get(picture.name) or f"{dataset}/{picture.name}": _Answer(
            picture.name, picture.file, classes[picture.true], classes[picture.predicted],
            groups.get(picture.name) or "",
        )
        for picture in report.report.pictures
    }  # fmt: skip


def _pair(first: RunReport, second: RunReport) -> RunPair:
    ours, theirs = _predicted_by_picture(first), _predicted_by_picture(second)
    shared = [key for key in ours if key in theirs and ours[key].true == theirs[key].true]
    right = [(ours[key].right, theirs[key].right) for key in shared]
    counts = {kind: right.count(kind) for kind in ((True, True), (True, False), (False, True), (False, False))}
    only_first, only_second = counts[True, False], counts[False, True]
    apart = [key for key, (a, b) in zip(shared, right, strict=True) if a != b][:MOST_SHOWN]
    groups = [ours[key].group or theirs[key].group or f"/{key}" for key in shared]
    count, better = len(shared), np.array([int(a) - int(b) for a, b in right])
    p_value, interval = _tested(better, groups)
    return RunPair(
        first=first.run.id,
        second=second.run.id,
        pictures=count,
        same_test_set=bool(ours) and ours.keys() == theirs.keys() and count == len(ours),
        only_first=only_first,
        only_second=only_second,
        both_right=counts[True, True],
        both_wrong=counts[False, False],
        p_value=p_value,
        p_adjusted=None,
        difference=(only_first - only_second) / count if count else None,
        difference_interval=interval,
        tells_apart=False,
        disagreements=tuple(
            Disagreement(ours[key].name, ours[key].true, ours[key].predicted, theirs[key].predicted, ours[key].file)
            for key in apart
        ),
        groups=len(set(groups)),
    )


def _tested(better: NDArray[np.int64], groups: Sequence[str]) -> tuple[float | None, tuple[float, float] | None]:
    """The p-value and the interval of the difference where ``better`` [N] is 1, -1 or 0 for each picture."""
    if not len(better):
        return None, None
    if len(set(groups)) == len(groups):
        first, second = int((better > 0).sum()), int((better < 0).sum())
        return mcnemar(first, second), paired_bootstrap(first, second, len(better))
    return swapped_groups(better, groups), grouped_bootstrap(better, groups)


def _adjusted(pairs: Sequence[RunPair]) -> tuple[RunPair, ...]:
    """``pairs`` with adjusted p-values: with many pairs some small ones come by chance."""
    tested = [at for at, pair in enumerate(pairs) if pair.p_value is not None]
    found = list(pairs)
    for at, p in zip(tested, holm([pair.p_value for pair in pairs if pair.p_value is not None]), strict=True):
        found[at] = replace(pairs[at], p_adjusted=p, tells_apart=p < SIGNIFICANT)
    return tuple(found)
