"""What a model card says beside the scores: the confusion matrix, groups, shortcuts, settings, which weights it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resnet_studio.evaluation import html_report
from resnet_studio.evaluation.groups import GROUPS, Grouped
from resnet_studio.evaluation.markdown import heading, plain, row
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.shortcut import SHORTCUT, sentences
from resnet_studio.text import Language, say, say_recorded
from resnet_studio.workspace import Run

MOST_CLASSES = 12
"""Of a confusion matrix that is still read at a glance."""
MOST_GROUPS = 12
ALWAYS = (
    "depth", "family", "weights", "freeze", "epochs", "picture_size", "fit", "batch_size", "optimizer", "learning_rate",
    "schedule", "augmentation", "seed",
)  # fmt: skip
"""Settings that are always listed; others where somebody changed them."""


def matrix(values: Mapping[str, Any], language: Language) -> list[str]:
    """The confusion matrix, true classes by row; nothing for many classes, or without a test."""
    counts: Sequence[Sequence[int]] = values.get("confusion") or ()
    if not 0 < len(counts) <= MOST_CLASSES:
        return []
    names = [plain(name) for name in values["classes"]]
    corner = f"{say('results.matrix.true', language)} ↓ · {say('results.matrix.predicted', language)} →"
    lines = [row([corner, *names]), f"|---|{'---:|' * len(names)}"]
    lines += [row([f"**{name}**", *cells]) for name, cells in zip(names, counts, strict=True)]
    return [*heading("plots.confusion", language), *lines, ""]


def groups(run: Run, language: Language) -> list[str]:
    """The accuracy by what came with the pictures, and whether a gap can be chance; nothing where nothing came."""
    found = RunReport(run).get(GROUPS)
    if not found:
        return []
    tables = [line for each in found for line in _table(each, language)]
    return [*heading("handin.section.groups", language), *tables]


def _table(found: Grouped, language: Language) -> list[str]:
    columns = ("value", "count", "accuracy", "interval")
    lines = [plain(found.sentence(language)), "", row([say(f"groups.head.{name}", language) for name in columns])]
    lines.append("|---|---:|---:|---:|")
    for each in found.groups[:MOST_GROUPS]:
        share = say("results.share", language, share=each.accuracy)
        between = say("handin.range", language, low=each.interval[0], high=each.interval[1])
        lines.append(row([plain(each.value), each.count, share, between]))
    return [*lines, ""]


def shortcuts(run: Run, values: Mapping[str, Any], language: Language) -> list[str]:
    """Whether it looks at the right thing, where that was asked for."""
    found = SHORTCUT.load(RunReport(run))
    if found is None or "classes" not in values:
        return []
    said = [f"- {plain(each)}" for each in sentences(found, tuple(values["classes"]), language)]
    return [*heading("handin.section.shortcut", language), *said, ""]


def settings(run: Run, values: Mapping[str, Any], language: Language) -> list[str]:
    """How it was trained: the main settings and those that were changed, in bold; that it is a mean of weights."""
    lines = [row([say("card.setting", language), say("card.value", language)]), "|---|---|"]
    for name, title, value, changed in html_report.settings_rows(values, language):
        if changed or name in ALWAYS:
            lines.append(row([f"**{plain(title)}**" if changed else plain(title), plain(value)]))
    mean = run.state().mean_note
    kept = [plain(say_recorded(mean.key, language, mean.values)), ""] if mean else []
    return [*heading("handin.settings", language), *kept, *lines, ""]
