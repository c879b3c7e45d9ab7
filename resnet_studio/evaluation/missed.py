"""Classes that a model never answers, which its accuracy does not show where they are rare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from resnet_studio.workspace import Run


def never_predicted(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Those of ``classes`` that have pictures in ``confusion`` [true, predicted], and that no picture was taken for."""
    taken_for = [sum(row[label] for row in confusion) for label in range(len(classes))]
    return tuple(name for name, row, count in zip(classes, confusion, taken_for, strict=True) if sum(row) and not count)


def never_predicted_by(run: Run) -> tuple[str, ...]:
    """The classes that the model of ``run`` took no test picture for; none where there are no test pictures."""
    if not run.report_file.exists():
        return ()
    report = run.read_json(run.report_file.name)
    return never_predicted(report["classes"], report["confusion"])


def sentence(classes: Sequence[str], language: Language = "en") -> str:
    """That ``classes`` are never predicted, and what helps; empty without any."""
    return say("results.reading.never", language, count=len(classes), names=list(classes)) if classes else ""
