"""Several runs beside each other: what was set differently, and whether their test pictures can tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from resnet_studio.config import TrainConfig
from resnet_studio.durations import requested_at
from resnet_studio.errors import RunError
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.run_state import RunState
from resnet_studio.text import Language, say
from resnet_studio.workspace import Run

SIGNIFICANT = 0.05
RESAMPLES = 10_000
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


@dataclass(frozen=True)
class Disagreement:
    """A test picture that only one of two networks names correctly: the true class and both answers."""

    picture: str
    true: str
    first: str
    second: str


@dataclass(frozen=True)
class Pair:
    """Two runs on the ``pictures`` that both were tested on; ``same_test_set`` where these are all.

    ``p_value`` is that of the exact McNemar test (McNemar 1947, two-sided), ``p_adjusted`` corrected for the number of
    pairs (Holm 1979). ``difference`` is the first accuracy minus the second, with the 95 % interval of a paired
    bootstrap (Efron 1979: 10,000 resamples of the pictures, percentiles). ``disagreements`` are at most 100. Without a
    shared picture the figures are None.
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
        said = say(f"compare.{'better' if self.tells_apart else 'chance'}", language, **values, **span)
        note = "" if self.same_test_set else say("compare.other_sets", language, count=count) + " "
        return note + said


@dataclass(frozen=True)
class Comparison:
    """``sides`` in the order given; ``settings``: those that differ, each run's value by its id; all ``pairs``."""

    sides: tuple[Side, ...]
    settings: Mapping[str, Mapping[str, Any]]
    pairs: tuple[Pair, ...]

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
        name=str(about["name"]),
        dataset=str(about["dataset_name"]),
        accuracy=scores.accuracy if scores else None,
        interval=scores.interval if scores else None,
        macro_f1=scores.macro_f1 if scores else None,
        pictures=scores.count if scores else None,
        validation_accuracy=best.validation_accuracy if best else None,
        seconds=state.seconds(requested_at(about)),
    )


def _predicted_by_picture(report: RunReport) -> dict[str, tuple[str, str, str]]:
    """For each test picture, by its content (else its data set and name): name, true class and answer."""
    if report.report is None:
        return {}
    columns, classes = report.run.split.get("test", {}), report.report.classes
    contents = dict(zip(columns.get("name", ()), columns.get("content", ()), strict=False))
    dataset = report.run.about.get("dataset")
    return {
        contents.get(picture.name) or f"{dataset}/{picture.name}": (
            picture.name, classes[picture.true], classes[picture.predicted],
        )
        for picture in report.report.pictures
    }  # fmt: skip


def _pair(first: RunReport, second: RunReport) -> Pair:
    ours, theirs = _predicted_by_picture(first), _predicted_by_picture(second)
    shared = [key for key in ours if key in theirs and ours[key][1] == theirs[key][1]]
    right = [(ours[key][1] == ours[key][2], theirs[key][1] == theirs[key][2]) for key in shared]
    counts = {kind: right.count(kind) for kind in ((True, True), (True, False), (False, True), (False, False))}
    only_first, only_second = counts[True, False], counts[False, True]
    apart = [key for key, (a, b) in zip(shared, right, strict=True) if a != b][:MOST_SHOWN]
    count = len(shared)
    return Pair(
        first=first.run.id,
        second=second.run.id,
        pictures=count,
        same_test_set=bool(ours) and ours.keys() == theirs.keys() and count == len(ours),
        only_first=only_first,
        only_second=only_second,
        both_right=counts[True, True],
        both_wrong=counts[False, False],
        p_value=mcnemar(only_first, only_second) if count else None,
        p_adjusted=None,
        difference=(only_first - only_second) / count if count else None,
        difference_interval=paired_bootstrap(only_first, only_second, count) if count else None,
        tells_apart=False,
        disagreements=tuple(Disagreement(*ours[key], theirs[key][2]) for key in apart),
    )


def _adjusted(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """``pairs`` with Holm's adjusted p-values: with many pairs some small ones come by chance."""
    ordered = sorted((pair.p_value, at) for at, pair in enumerate(pairs) if pair.p_value is not None)
    found, highest = list(pairs), 0.0
    for rank, (p, at) in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - rank) * p))
        found[at] = replace(pairs[at], p_adjusted=highest, tells_apart=highest < SIGNIFICANT)
    return tuple(found)


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of the exact McNemar test (McNemar 1947; binomial form) for two models on one test set.

    The arguments count the pictures on which only one of the two is right.

    >>> mcnemar(0, 6)
    0.03125
    """
    total = only_first + only_second
    tail = sum(comb(total, k) for k in range(min(only_first, only_second) + 1))
    return float(min(1.0, 2 * tail / 2**total))


def paired_bootstrap(only_first: int, only_second: int, count: int, *, seed: int = 0) -> tuple[float, float]:
    """The 95 % percentile interval of the difference in accuracy over resamples of ``count`` pictures.

    A resample depends only on how many pictures of each kind it draws, and these numbers are multinomial.
    """
    shares = np.array([only_first, only_second, count - only_first - only_second]) / count
    drawn = np.random.default_rng(seed).multinomial(count, shares, RESAMPLES)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / count, [2.5, 97.5])
    return float(low), float(high)
