"""The confusion matrix as an HTML table that can be clicked and walked by keyboard, and the worst mix-ups as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.literal import literal

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
    parts = [
        f'<section class="rs-card res-matrix {size}" aria-labelledby="res-matrix-title">',
        f'<h3 class="rs-h2" id="res-matrix-title">{say("results.matrix.title", language)}</h3>',
        f'<p class="res-help">{say("results.matrix.help", language)}'
        f' <span class="res-keys">{say("results.matrix.keys", language)}</span></p>',
        _choice(total, len(shown), partial, language),
        _table(confusion, report["classes"], shown, language),
        f'<p class="res-scale" aria-hidden="true"><span>0</span><i></i><i class="wrong"></i><span>100%</span>'
        f" {say('results.matrix.scale', language)}</p>",
        "</section>",
    ]
    return "".join(parts)


def _choice(total: int, shown: int, partial: bool, language: Language) -> str:
    """The line that says which classes a large matrix shows, and the button for the others."""
    if total <= WHOLE_UP_TO:
        return ""
    line = say("results.matrix.some", language, shown=shown, total=total) if partial else ""
    key = "results.matrix.all" if partial else "results.matrix.fewer"
    offered = not partial or total <= ALL_UP_TO
    button = f'<button type="button" class="res-link" data-matrix="{"all" if partial else "fewer"}">'
    return f"<p class='res-help'>{line} {f'{button}{say(key, language, total=total)}</button>' if offered else ''}</p>"


def _table(confusion: Sequence[Sequence[int]], classes: Sequence[str], shown: Sequence[int], language: Language) -> str:
    """The table itself; only one cell is a tab stop, arrow keys move it (see ``assets/results.js``)."""
    heads = "".join(
        f'<th scope="col" title="{literal(classes[index])}"><span><bdi>{literal(classes[index])}</bdi></span></th>'
        for index in shown
    )
    rows = "".join(_row(confusion[index], index, classes, shown, language) for index in shown)
    return (
        f'<div class="res-scroll"><table class="res-grid" role="grid" aria-labelledby="res-matrix-title"'
        f' style="max-width: {118 + 76 * len(shown)}px">'
        f'<thead><tr><th class="corner"><span class="said">{say("results.matrix.predicted", language)} →</span>'
        f'<span class="true">{say("results.matrix.true", language)} ↓</span></th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(row: Sequence[int], true: int, classes: Sequence[str], shown: Sequence[int], language: Language) -> str:
    total = sum(row) or 1
    cells = "".join(_cell(row[index], total, true, index, classes, language) for index in shown)
    name = literal(classes[true])
    return f'<tr><th scope="row" title="{name}"><bdi>{name}</bdi></th>{cells}</tr>'


def _cell(count: int, total: int, true: int, predicted: int, classes: Sequence[str], language: Language) -> str:
    """One cell; an empty one carries nothing, so that a thousand of them stay light."""
    kind = "right" if true == predicted else "wrong"
    if not count:
        return f'<td class="{kind}"></td>' if kind == "right" else "<td></td>"
    share = count / total
    words = say("results.matrix.cell", language, true=classes[true], predicted=classes[predicted], count=count)
    return (
        f'<td class="{kind}{" strong" if share > 0.5 else ""}" style="--tint:{tint(share):.2f}" role="gridcell"'
        f' data-true="{true}" data-said="{predicted}" tabindex="-1" title="{literal(words)}"'
        f' aria-label="{literal(words)}">{count}</td>'
    )


def tint(share: float) -> float:
    """How strongly a cell is coloured: by the root of its share, so that one mix-up in twenty is still seen.

    It jumps where a cell holds more than half of its class: between the two no colour of text has enough contrast
    (WCAG 2.2, 4.5 to 1).
    """
    return 0.94 + 0.06 * share if share > 0.5 else 0.06 + 0.55 * share**0.5


def pairs(report: Mapping[str, Any], language: Language) -> str:
    """The worst mix-ups as a list of buttons."""
    found = mix_ups(report["confusion"])[:PAIRS_SHOWN]
    title = f'<h3 class="rs-h2">{say("results.pairs.title", language)}</h3>'
    if not found:
        return f'<section class="rs-card res-pairs">{title}<p>{say("results.pairs.none", language)}</p></section>'
    classes = [literal(name) for name in report["classes"]]
    items = "".join(
        f'<li><button type="button" data-true="{pair.true}" data-said="{pair.predicted}">'
        f"<span><bdi>{classes[pair.true]}</bdi> <b>→</b> <bdi>{classes[pair.predicted]}</bdi></span>"
        f"<small>{say('results.pairs.of', language, count=pair.count, total=pair.total)}</small></button></li>"
        for pair in found
    )
    return f'<section class="rs-card res-pairs">{title}<ol>{items}</ol></section>'
