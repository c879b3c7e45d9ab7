"""Classes that a model never answers, which its accuracy does not show where they are rare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.text import Language, say


def never_predicted(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Those of ``classes`` that have pictures in ``confusion`` [true, predicted], and that are never predicted."""
    taken_for = [sum(row[label] for row in confusion) for label in range(len(classes))]
    return tuple(name for name, row, count in zip(classes, confusion, taken_for, strict=True) if sum(row) and not count)


class NeverPredicted(Part[tuple[str, ...]]):
    """The classes that the model of a run predicted for no test picture."""

    name = "never_predicted"

    def compute(self, report: RunReport) -> tuple[str, ...] | None:
        """See :class:`Part`."""
        tested = report.report
        return None if tested is None else never_predicted(tested.classes, tested.confusion)

    def to_json(self, value: tuple[str, ...]) -> list[str]:
        """See :class:`Part`."""
        return list(value)

    def from_json(self, stored: Any) -> tuple[str, ...]:
        """See :class:`Part`."""
        return tuple(map(str, stored))


NEVER_PREDICTED = NeverPredicted()


def sentence(classes: Sequence[str], language: Language = "en") -> str:
    """That ``classes`` are never predicted, and what helps; empty without any."""
    return say("results.reading.never", language, count=len(classes), names=list(classes)) if classes else ""
