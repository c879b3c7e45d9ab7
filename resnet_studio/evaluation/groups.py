"""Accuracy by what came with the pictures: the place, the camera, the patient, the folder."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.data.facts import folders, unpacked
from resnet_studio.data.names import natural, shown
from resnet_studio.errors import RunError
from resnet_studio.evaluation.paired_tests import holm
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.evaluation.report import wilson_interval
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.data.dataset import Sample

FEWEST = 5
MOST_VALUES = 50
SIGNIFICANT = 0.05
SHUFFLES, CHUNK = 10_000, 500
NEAR = "near "
"""What groups of near-duplicates are called: they are numbered and mean nothing."""
_JOINED = re.compile(r"^\d+:")


@dataclass(frozen=True)
class Group:
    """The test pictures with one ``value``: ``correct`` of ``count``, with the 95 % interval (Wilson 1927)."""

    value: str
    count: int
    correct: int
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Grouped:
    """A ``column`` of a table, the folders ``inside`` of or ``above`` the classes, or what was kept ``together``.

    ``groups`` are those of at least 5 test pictures, the worst first; ``others`` pictures are in smaller ones.
    ``p_value``: whether so uneven accuracies come by chance, by Fisher's exact test for two groups, else the
    chi-squared test (its statistic over 10,000 shuffles where groups are small); ``p_adjusted`` for the number of
    columns (Holm 1979). ``p_within`` is of shuffles within each class: where it is large, the groups differ because
    their classes do.
    """

    kind: str
    name: str
    groups: tuple[Group, ...]
    others: int
    p_value: float
    p_adjusted: float
    p_within: float

    @property
    def gap(self) -> float:
        """The best accuracy minus the worst."""
        return self.groups[-1].accuracy - self.groups[0].accuracy

    @property
    def verdict(self) -> str:
        """``real``, or ``classes`` where the classes explain it, or ``chance``."""
        if self.p_adjusted >= SIGNIFICANT:
            return "chance"
        return "real" if self.p_within < SIGNIFICANT else "classes"

    def title(self, language: Language = "en") -> str:
        """What the pictures are grouped by."""
        return shown(self.name) if self.kind == "column" else say(f"groups.kind.{self.kind}", language)

    def sentence(self, language: Language = "en") -> str:
        """The gap, and whether it can be chance."""
        worst, best = self.groups[0], self.groups[-1]
        if not self.gap:
            values = {"title": self.title(language), "count": len(self.groups), "share": best.accuracy}
            return say("groups.same", language, **values)
        return say(
            f"groups.{self.verdict}", language, title=self.title(language), worst=shown(worst.value),
            low=worst.accuracy, low_count=worst.count, best=shown(best.value), high=best.accuracy,
            high_count=best.count, p=f"{self.p_adjusted:.2g}",
        )  # fmt: skip


class GroupsPart(Part[tuple[Grouped, ...]]):
    """The accuracy of groups of test pictures, by all that is known of them; the most credible gap first."""

    name = "groups"

    def compute(self, report: RunReport) -> tuple[Grouped, ...] | None:
        """See :class:`Part`; empty where nothing came with the pictures."""
        if report.report is None:
            return None
        try:
            samples = {(each.name, each.file): each for each in report.split.test}
        except RunError:
            return None
        rows = [picture for picture in report.report.pictures if (picture.name, picture.file) in samples]
        right = np.array([row.true == row.predicted for row in rows], bool)
        labels = np.array([row.true for row in rows], np.int64)
        found = [samples[row.name, row.file] for row in rows]
        columns = values_of(found, report.report.classes)
        made = [
            each for (kind, name), values in columns.items() if (each := grouped(kind, name, values, right, labels))
        ]
        return _adjusted(made)

    def to_json(self, value: tuple[Grouped, ...]) -> list[dict[str, Any]]:
        """See :class:`Part`; each with its gap, its verdict and its sentence in English."""
        return [
            {**asdict(each), "gap": each.gap, "verdict": each.verdict, "sentence": each.sentence()} for each in value
        ]

    def from_json(self, stored: Any) -> tuple[Grouped, ...]:
        """See :class:`Part`."""
        names = ("kind", "name", "others", "p_value", "p_adjusted", "p_within")
        return tuple(
            Grouped(
                groups=tuple(Group(**{**each, "interval": tuple(each["interval"])}) for each in row["groups"]),
                **{name: row[name] for name in names},
            )
            for row in stored
        )


GROUPS = GroupsPart()


def values_of(samples: Sequence[Sample], classes: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """For each column, by kind and name, the values of ``samples``; empty where a picture has none."""
    found: dict[tuple[str, str], list[str]] = defaultdict(lambda: [""] * len(samples))
    for place, sample in enumerate(samples):
        for name, value in unpacked(sample.facts).items():
            found["column", name][place] = value
        above, inside = folders(sample.name, classes[sample.label])
        if inside:
            found["inside", ""][place] = inside
        if above:
            found["above", ""][place] = above
        if (kept := _JOINED.sub("", sample.group)) and not kept.startswith(NEAR):
            found["together", ""][place] = kept
    return dict(found)


def grouped(
    kind: str, name: str, values: Sequence[str], right: NDArray[np.bool_], labels: NDArray[np.int64]
) -> Grouped | None:
    """The accuracy for each of the ``values`` [N], where ``right`` [N] are right, of classes ``labels`` [N].

    None with fewer than two groups of 5 pictures, or very many.
    """
    counts = Counter(value for value in values if value)
    names = sorted((value for value, count in counts.items() if count >= FEWEST), key=natural)
    if not 2 <= len(names) <= MOST_VALUES:
        return None
    places = {value: place for place, value in enumerate(names)}
    member = np.array([places.get(value, -1) for value in values])
    known = member >= 0
    of_group, of_right, of_label = member[known], right[known], labels[known]
    total = np.bincount(of_group, minlength=len(names))
    correct = np.bincount(of_group, weights=of_right, minlength=len(names)).astype(int)
    made = [
        Group(value, int(n), int(k), float(k / n), wilson_interval(int(k), int(n)))
        for value, n, k in zip(names, total, correct, strict=True)
    ]
    p_value = _chance(total, correct, of_group, of_right)
    within = _shuffled(of_group, of_right, of_label, len(names)) if p_value < SIGNIFICANT else 1.0
    ordered = tuple(sorted(made, key=lambda each: each.accuracy))
    return Grouped(kind, name, ordered, int(len(values) - known.sum()), p_value, p_value, within)


def _chance(total: NDArray[Any], correct: NDArray[Any], member: NDArray[Any], right: NDArray[np.bool_]) -> float:
    """The p-value of so uneven accuracies."""
    from scipy import stats

    table = np.stack([correct, total - correct])
    if 0 in table.sum(1):  # all right, or all wrong
        return 1.0
    if len(total) == 2:
        return float(stats.fisher_exact(table).pvalue)
    result = stats.chi2_contingency(table, correction=False)
    if result.expected_freq.min() >= FEWEST:
        return float(result.pvalue)
    return _shuffled(member, right, np.zeros(len(right), np.int64), len(total))


def _shuffled(
    member: NDArray[Any], right: NDArray[np.bool_], labels: NDArray[np.int64], count: int, *, seed: int = 0
) -> float:
    """The p-value of the squared deviations of the groups from what their classes let expect, over shuffles of which
    answers are right among the pictures of each class.
    """
    draw, order = np.random.default_rng(seed), np.argsort(labels, kind="stable")
    member, right, labels = member[order], right[order], labels[order]
    means = np.bincount(labels, weights=right) / np.maximum(1, np.bincount(labels))
    expected, total = np.bincount(member, weights=means[labels], minlength=count), np.bincount(member, minlength=count)
    groups = np.eye(count)[member]

    def statistic(drawn: NDArray[Any]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = ((drawn @ groups - expected) ** 2 / np.maximum(1, total)).sum(1)
        return found

    seen, extreme = statistic(right[None].astype(float))[0], 0
    for _ in range(SHUFFLES // CHUNK):
        keys = draw.random((CHUNK, len(right))) + labels  # sorting within a class keeps the classes in their places
        shuffled = right[np.argsort(keys, axis=1)].astype(float)
        extreme += int((statistic(shuffled) >= seen - 1e-9).sum())
    return (1 + extreme) / (1 + SHUFFLES)


def _adjusted(found: Sequence[Grouped]) -> tuple[Grouped, ...]:
    """``found`` with adjusted p-values, the most credible gap first."""
    adjusted = holm([each.p_value for each in found])
    made = [replace(each, p_adjusted=p) for each, p in zip(found, adjusted, strict=True)]
    order = {"real": 0, "classes": 1, "chance": 2}
    return tuple(
        sorted(made, key=lambda each: (order[each.verdict], -each.gap if each.verdict == "real" else each.p_value))
    )
