"""What a user should know about a data set before training: a list of plain sentences, with the files behind each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import median

from resnet_studio.data import views
from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.finding import Finding, Offer, Severity
from resnet_studio.data.groups import keys_of, preview, suggested
from resnet_studio.data.mirroring import mirrored_pairs
from resnet_studio.data.problem import Problem
from resnet_studio.data.questions import AS_CLASSES, guessed_names, questions

__all__ = ["Finding", "Offer", "inspect"]

IMBALANCE = 5
FEW_PICTURES = 20
TINY_SET, FOLDS = 100, 5
TINY_SIDE = 16
WIDE_SHARE = 0.1  # of the pictures, from which on their proportions are worth a word
LEFT_OUT_ORDER = (
    "unknown_class", "single_class", "no_class", "outside", "link", "empty_class", "heic", "truncated", "damaged",
    "unsupported", "empty_file", "too_large", "too_many_bytes", "not_a_picture", "unreadable", "odd_name", "special",
    "large_table", "mask", "unlabelled", "repeated", "animated", "junk",
)  # fmt: skip
_HARMLESS = {
    "not_a_picture", "animated", "junk", "special", "single_class", "mask", "unlabelled", "repeated", "outside",
    "large_table",
}  # fmt: skip
_OFFERS = {"mask": Offer("offer.masks", {"masks": True}), "unlabelled": AS_CLASSES}


def inspect(dataset: Dataset) -> tuple[Finding, ...]:
    """All findings on ``dataset``, the gravest first. No file is read."""
    return (
        *questions(dataset),
        *_copies(dataset),
        *_balance(dataset),
        *_sizes(dataset),
        *_mirrored(dataset),
        *_series(dataset),
        *guessed_names(dataset),
        *_left_out(dataset),
    )


def _copies(dataset: Dataset) -> Iterator[Finding]:
    """Byte-identical pictures: in two classes, in two preset parts, or merely twice."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in dataset.samples:
        if sample.content:
            groups[sample.content].append(sample)
    conflicts, leaks, repeated = [], [], []
    for group in groups.values():
        if len(group) < 2:
            continue
        conflict = len({sample.label for sample in group}) > 1
        leak = len({sample.part for sample in group}) > 1
        if conflict:
            conflicts.append(group)
        if leak:
            leaks.append(group)
        if not conflict and not leak:
            repeated.append(group)
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
        yield Finding("few", "finding.few.folds" if _wants_folds(dataset) else "finding.few", values, tuple(few))
    largest, smallest = max(counts, key=lambda name: counts[name]), min(counts, key=lambda name: counts[name])
    if counts[largest] >= IMBALANCE * counts[smallest]:
        values = {"largest": largest, "most": counts[largest], "smallest": smallest, "fewest": counts[smallest]}
        yield Finding("imbalance", "finding.imbalance", values)


def _wants_folds(dataset: Dataset) -> bool:
    """Whether so few pictures would be tested that a cross-validation, which tests each once, is worth a word."""
    preset = any(sample.part in ("validation", "test") for sample in dataset.samples)
    return not preset and len(dataset.samples) <= TINY_SET and max(dataset.counts.values()) >= FOLDS


def _sizes(dataset: Dataset) -> Iterator[Finding]:
    tiny = sorted(sample.name for sample in dataset.samples if 0 < min(sample.width, sample.height) < TINY_SIDE)
    if tiny:
        yield Finding("tiny", "finding.tiny", {"count": len(tiny), "side": TINY_SIDE}, tuple(tiny))
    yield from _proportions(dataset)


def _proportions(dataset: Dataset) -> Iterator[Finding]:
    """Long pictures, where they are not just a few: the middle square is little of them."""
    aspects = {sample.name: views.aspect_of(sample) or 1.0 for sample in dataset.samples}
    wide = {name: aspect for name, aspect in aspects.items() if aspect > views.WIDE}
    if len(wide) < WIDE_SHARE * len(aspects) or not wide:
        return
    values = {"count": len(wide), "limit": views.WIDE, "share": 1 / median(wide.values())}
    severity: Severity = "warning" if dataset.median_aspect > views.WIDE else "info"
    yield Finding("wide", "finding.wide", values, tuple(sorted(wide)), severity)


def _mirrored(dataset: Dataset) -> Iterator[Finding]:
    if pairs := mirrored_pairs(dataset.classes):
        values = {"pairs": tuple(f"{one} / {other}" for one, other in pairs)}
        yield Finding("mirrored", "finding.mirrored", values, severity="info")


def _series(dataset: Dataset) -> Iterator[Finding]:
    """Names that show series, which a split by picture would put on both sides."""
    free = not all(sample.part or sample.group for sample in dataset.samples)
    if free and (proposal := suggested(dataset)):
        seen = preview(dataset, keys_of(dataset, proposal))
        values = {"groups": seen.groups, "pictures": seen.pictures, "by": str(proposal)}
        yield Finding("series", f"finding.series.{proposal.kind}", values, severity="info")


def _left_out(dataset: Dataset) -> Iterator[Finding]:
    found = {problem.kind: problem for problem in dataset.problems}
    unknown = set(found["unknown_class"].about) if "unknown_class" in found else set()
    for kind in LEFT_OUT_ORDER:
        problem = found.get(kind, Problem(kind, ()))
        # a folder of pictures whose class is not learnt is not without pictures
        files = tuple(name for name in problem.files if kind != "empty_class" or name not in unknown)
        if not files:
            continue
        severity: Severity = "info" if kind in _HARMLESS else "warning"
        key = f"finding.{kind}.named" if problem.about else f"finding.{kind}"
        values = {"count": len(files), **({"classes": problem.about} if problem.about else {})}
        aside = any(doubt.kind == "set_aside" for doubt in dataset.doubts)  # which has an offer of its own
        asked = kind == "mask" or (
            kind == "unlabelled" and not dataset.preset and dataset.choices.layout == "auto" and not aside
        )
        offers = (_OFFERS[kind],) if asked else ()
        yield Finding(kind, key, values, files, severity, offers)
