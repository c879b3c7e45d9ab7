"""What a user should know about a data set before training: a list of plain sentences, with the files behind each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.text import Language, say

Severity = Literal["info", "warning"]

IMBALANCE = 5
FEW_PICTURES = 20
TINY_SIDE = 16
_NAMED = 5
_ORDER = (
    "unknown_class", "no_class", "empty_class", "truncated", "damaged", "empty_file", "too_large", "too_many_bytes",
    "not_a_picture", "unreadable", "odd_name", "link", "special", "animated", "junk",
)  # fmt: skip
_HARMLESS = {"not_a_picture", "animated", "junk", "link", "special"}


@dataclass(frozen=True)
class Finding:
    """One thing to know. ``files`` are the pictures (or folders) concerned, sorted; ``values`` fill the sentence."""

    kind: str
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    severity: Severity = "warning"

    def sentence(self, language: Language = "en") -> str:
        """The finding in the reader's language."""
        values = {
            name: _listed(value, language) if isinstance(value, tuple) else value for name, value in self.values.items()
        }
        return say(self.key, language, **values)


def inspect(dataset: Dataset) -> tuple[Finding, ...]:
    """All findings on ``dataset``, the gravest first. No file is read."""
    return (*_copies(dataset), *_balance(dataset), *_sizes(dataset), *_left_out(dataset))


def _listed(names: tuple[str, ...], language: Language) -> str:
    """At most five of ``names``, as one writes a list."""
    between = "、" if language == "zh" else ", "
    text = between.join(names[:_NAMED])
    return text if len(names) <= _NAMED else say("finding.and_more", language, names=text, count=len(names) - _NAMED)


def _copies(dataset: Dataset) -> Iterator[Finding]:
    """Byte-identical pictures: in two classes, in two preset parts, or merely twice."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in dataset.samples:
        if sample.content:
            groups[sample.content].append(sample)
    copied = [group for group in groups.values() if len(group) > 1]
    conflicts = [group for group in copied if len({sample.label for sample in group}) > 1]
    leaks = [group for group in copied if len({sample.part for sample in group}) > 1]
    repeated = [group for group in copied if group not in conflicts and group not in leaks]
    if conflicts:
        labels = sorted({sample.label for group in conflicts for sample in group})
        classes = tuple(dataset.classes[label] for label in labels)
        values = {"count": len(conflicts), "classes": classes}
        yield Finding("conflict", "finding.conflict", values, _names(conflicts))
    if leaks:
        yield Finding("leak", "finding.leak", {"count": len(leaks)}, _names(leaks))
    if repeated:
        extra = sum(len(group) - 1 for group in repeated)
        yield Finding("copies", "finding.copies", {"count": extra}, _names(repeated), "info")


def _names(groups: list[list[Sample]]) -> tuple[str, ...]:
    """The names, group by group, so that copies stand next to each other."""
    return tuple(
        name for group in sorted(sorted(sample.name for sample in group) for group in groups) for name in group
    )


def _balance(dataset: Dataset) -> Iterator[Finding]:
    counts = dataset.counts
    few = tuple(name for name, count in counts.items() if count < FEW_PICTURES)
    if few:
        values = {"count": len(few), "classes": few, "wanted": FEW_PICTURES}
        yield Finding("few", "finding.few", values, tuple(few))
    largest, smallest = max(counts, key=lambda name: counts[name]), min(counts, key=lambda name: counts[name])
    if counts[largest] >= IMBALANCE * counts[smallest]:
        values = {"largest": largest, "most": counts[largest], "smallest": smallest, "fewest": counts[smallest]}
        yield Finding("imbalance", "finding.imbalance", values)


def _sizes(dataset: Dataset) -> Iterator[Finding]:
    tiny = sorted(sample.name for sample in dataset.samples if 0 < min(sample.width, sample.height) < TINY_SIDE)
    if tiny:
        yield Finding("tiny", "finding.tiny", {"count": len(tiny), "side": TINY_SIDE}, tuple(tiny))


def _left_out(dataset: Dataset) -> Iterator[Finding]:
    found = {problem.kind: problem.files for problem in dataset.problems}
    for kind in _ORDER:
        if files := found.get(kind):
            severity: Severity = "info" if kind in _HARMLESS else "warning"
            yield Finding(kind, f"finding.{kind}", {"count": len(files)}, files, severity)
