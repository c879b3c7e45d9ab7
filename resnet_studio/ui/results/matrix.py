"""The confusion matrix as an HTML table that can be clicked and walked by keyboard, and the worst mix-ups as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resnet_studio.text import Language
from resnet_studio.ui.page.templates import render

WHOLE_UP_TO = 60
MOST_CONFUSED = 30
PAIRS_SHOWN = 12
ALL_UP_TO = 400


@dataclass(frozen=True)
class MixUp:
    """``count`` test pictures of class ``true`` (of ``total``) were taken for ``predicted``."""

    true: int
    predicted: int
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the matrix that is not empty, or one on the diagonal; ``share`` is that of the pictures of its row."""

    predicted: int
    count: int
    share: float

    @property
    def tint(self) -> float:
        """See :func:`tint`."""
        return tint(self.share)


def mix_ups(confusion: Sequence[Sequence[int]]) -> list[MixUp]:
    """The cells off the diagonal that are not empty, the most frequent first, then the largest share."""
    found = [
        MixUp(true, predicted, count, sum(row))
        for true, row in enumerate(confusion)
        for predicted, count in enumerate(row)
        if count and true != predicted
    ]
    return sorted(found, key=lambda pair: (-pair.count, -pair.count / pair.total, pair.true, pair.predicted))


def most_confused(confusion: Sequence[Sequence[int]], count: int) -> list[int]:
    """The ``count`` classes with the most mistakes, made on them or into them, in the order of the classes."""
    columns = [sum(column) for column in zip(*confusion, strict=True)]
    mistakes = [sum(row) + columns[index] - 2 * row[index] for index, row in enumerate(confusion)]
    worst = sorted(range(len(confusion)), key=lambda index: -mistakes[index])[:count]
    return sorted(worst)


def matrix(report: Mapping[str, Any], language: Language, *, whole: bool = False) -> str:
    """The panel with the matrix. Above 60 classes it shows the most confused ones, unless ``whole``."""
    confusion: Sequence[Sequence[int]] = report["confusion"]
    total = len(confusion)
    partial = total > WHOLE_UP_TO and not (whole and total <= ALL_UP_TO)
    shown = most_confused(confusion, MOST_CONFUSED) if partial else list(range(total))
    size = "roomy" if len(shown) <= 12 else "close" if len(shown) <= 30 else "dense"
    return render(
        "results/matrix.html",
        language,
        classes=report["classes"],
        rows=[(true, _cells(confusion[true], true, shown)) for true in shown],
        shown=shown,
        total=total,
        size=size,
        large=total > WHOLE_UP_TO,
        partial=partial,
        switch=not partial or total <= ALL_UP_TO,
    )


def _cells(row: Sequence[int], true: int, shown: Sequence[int]) -> list[Cell | None]:
    total = sum(row) or 1
    return [Cell(index, row[index], row[index] / total) if row[index] or index == true else None for index in shown]


def tint(share: float) -> float:
    """How strongly a cell is coloured: by the root of its share, so that one mix-up in twenty is still seen.

    It jumps where a cell holds more than half of its class: between the two no colour of text has enough contrast
    (WCAG 2.2, 4.5 to 1).
    """
    return 0.94 + 0.06 * share if share > 0.5 else 0.06 + 0.55 * share**0.5


def pairs(report: Mapping[str, Any], language: Language) -> str:
    """The worst mix-ups as a list of buttons."""
    found = mix_ups(report["confusion"])[:PAIRS_SHOWN]
    return render("results/pairs.html", language, pairs=found, classes=report["classes"])
