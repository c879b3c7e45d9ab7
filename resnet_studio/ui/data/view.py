"""What was understood of a data set, as HTML: facts, findings, bars a class, the split, the frame of the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from resnet_studio.text import Language, say, template
from resnet_studio.ui.page.frame import dataset_name

if TYPE_CHECKING:
    from resnet_studio.data.checkup import Finding
    from resnet_studio.data.dataset import Dataset

CLASS_ROWS = 300
IN_ORDER = 12
FILES_SHOWN = 40
NAME_WIDTH = 22


def facts(dataset: Dataset, language: Language) -> str:
    """The name, how many pictures and classes, and how large the pictures are."""
    line = say(
        "data.facts.side",
        language,
        pictures=len(dataset.samples),
        classes=len(dataset.classes),
        side=dataset.median_side,
    )
    name = escape(dataset_name(dataset, language))
    return f'<h2 class="rs-h">{name}</h2><p class="rs-muted rs-number">{escape(line)}</p>'


def findings(found: Sequence[Finding], language: Language) -> str:
    """One line with the count; the sentences and the files open on demand, warnings first."""
    if not found:
        return f'<p class="rs-findings-none">{escape(say("data.findings.none", language))}</p>'
    ordered = sorted(found, key=lambda finding: finding.severity != "warning")
    kind = "warn" if ordered[0].severity == "warning" else "info"
    count = escape(say("data.findings.count", language, count=len(found)))
    items = "".join(_finding(finding, language) for finding in ordered)
    return (
        f'<details class="rs-findings rs-findings-{kind}"><summary>{count}</summary>'
        f'<ul class="rs-findings-list">{items}</ul></details>'
    )


def _finding(finding: Finding, language: Language) -> str:
    sentence = f'<span class="rs-finding-{finding.severity}">{escape(finding.sentence(language))}</span>'
    if not finding.files:
        return f"<li>{sentence}</li>"
    more = len(finding.files) - FILES_SHOWN
    files = "".join(f"<li>{escape(name)}</li>" for name in finding.files[:FILES_SHOWN])
    if more > 0:
        files += f"<li>{escape(say('data.findings.more', language, count=more))}</li>"
    return f"<li><details><summary>{sentence}</summary><ul class='rs-files'>{files}</ul></details></li>"


def classes(counts: Mapping[str, int], language: Language) -> str:
    """A bar for each class, that shows its pictures when clicked; of many classes the largest come first."""
    most = max(counts.values(), default=1) or 1
    rows = list(enumerate(counts.items()))
    if len(rows) > IN_ORDER:
        rows.sort(key=lambda row: -row[1][1])
    bars = "".join(_bar(label, name, count, most, language) for label, (name, count) in rows[:CLASS_ROWS])
    more = len(rows) - CLASS_ROWS
    rest = f'<p class="rs-small">{escape(say("data.classes.more", language, count=more))}</p>' if more > 0 else ""
    title = escape(say("data.classes", language))
    wide = min(max((_width(name) for name in counts), default=1), NAME_WIDTH)
    return (
        f'<div class="rs-card-head"><h3 class="rs-h2">{title}</h3>'
        f'<span class="rs-small rs-number">{len(counts):,}</span></div>'
        f'<div class="rs-classes" style="--name:{wide + 1}ch">{bars}{rest}</div>'
    )


def _width(name: str) -> int:
    """How many digits wide ``name`` is about; Chinese characters count double."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in name)


def _bar(label: int, name: str, count: int, most: int, language: Language) -> str:
    told = escape(say("data.classes.show", language, name=name, pictures=count, count=count), quote=True)
    return (
        f'<button type="button" class="rs-class" data-class="{label}" aria-pressed="false" title="{told}">'
        f'<span class="rs-class-name" title="{escape(name, quote=True)}">{escape(name)}</span>'
        f'<span class="rs-class-bar"><span style="width:{100 * count / most:.1f}%"></span></span>'
        f'<span class="rs-class-count">{count:,}</span></button>'
    )


def split(parts: Mapping[str, int], shares: Sequence[float], language: Language, *, preset: str | None) -> str:
    """The bar of the split with its counts.

    ``parts`` counts training, validation and test pictures; ``shares`` are the fractions asked for, validation and
    test; ``preset`` is the text that says why the bar stands still, None where it can be moved.
    """
    total = sum(parts.values()) or 1
    percent = _exact(parts, total) if preset else _asked(shares)
    head = f'<div class="rs-card-head"><h3 class="rs-h2">{escape(say("data.split", language))}</h3></div>'
    style = f"--train:{percent['train']}%;--validation:{percent['validation']}%"
    bar = (
        f'<div class="rs-split-bar" style="{style}" data-total="{total}" data-validation="{percent["validation"]}" '
        f'data-test="{percent["test"]}"><span class="rs-part-train"></span><span class="rs-part-validation"></span>'
        f'<span class="rs-part-test"></span>{"" if preset else _handles(percent, language)}</div>'
    )
    legend = "".join(_part(name, parts[name], percent[name], language, fixed=bool(preset)) for name in parts)
    words = escape(say(preset or "data.split.help", language))
    return f'{head}{bar}<div class="rs-split-legend">{legend}</div><p class="rs-small">{words}</p>'


def _exact(parts: Mapping[str, int], total: int) -> dict[str, float]:
    return {name: round(100 * count / total, 1) for name, count in parts.items()}


def _asked(shares: Sequence[float]) -> dict[str, float]:
    validation, test = round(100 * shares[0]), round(100 * shares[1])
    return {"train": 100 - validation - test, "validation": validation, "test": test}


def _handles(percent: Mapping[str, float], language: Language) -> str:
    boundaries = (("train", percent["train"]), ("test", percent["train"] + percent["validation"]))
    return "".join(
        f'<span class="rs-split-handle" role="slider" tabindex="0" data-handle="{which}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{at:g}" '
        f'aria-label="{escape(say(f"data.split.boundary_{name}", language), quote=True)}"></span>'
        for which, (name, at) in enumerate(boundaries)
    )


def _part(name: str, count: int, percent: float, language: Language, *, fixed: bool) -> str:
    title = escape(say(f"data.split.{name}", language))
    if fixed or name == "train":
        share = f'<output data-share="{name}">{percent:g}%</output>'
    else:
        told = escape(say(f"data.split.{name}_share", language), quote=True)
        low = 1 if name == "validation" else 0
        share = (
            f'<span class="rs-share"><input type="number" inputmode="numeric" data-share="{name}" min="{low}" max="80" '
            f'step="1" value="{percent:g}" aria-label="{told}">%</span>'
        )
    return (
        f'<div class="rs-part"><span class="rs-part-name rs-part-{name}">{title}</span>'
        f'<span class="rs-part-count" data-count="{name}">{count:,}</span>{share}</div>'
    )


def gallery(dataset: Dataset, language: Language) -> str:
    """The frame that ``studioGallery`` in ``assets/data.js`` fills, with its filters and its paging."""
    every = [(str(label), name) for label, name in enumerate(dataset.classes)]
    select = _select("label", "class", say("data.gallery.all", language), every, language)
    present = {sample.part for sample in dataset.samples}
    named = [(part, say(f"data.split.{part}", language)) for part in ("train", "validation", "test") if part in present]
    if len(named) > 1:
        select += _select("part", "part", say("data.gallery.parts", language), named, language)
    data = {
        "dataset": dataset.id,
        "source": dataset.source,
        "name": dataset_name(dataset, language),
        "range": template("data.gallery.range", language),
        "none": say("data.gallery.none", language),
    }
    attributes = " ".join(f'data-{name}="{escape(value, quote=True)}"' for name, value in data.items())
    return f"""
<div class="rs-gallery" {attributes}>
  <div class="rs-card-head"><h3 class="rs-h2">{escape(say("data.gallery", language))}</h3>{select}
    <span class="rs-gallery-paging"><span class="rs-small rs-number rs-gallery-range" role="status"></span>
      <button type="button" class="rs-icon-button" data-go="back" disabled
        aria-label="{escape(say("data.gallery.back", language), quote=True)}">‹</button>
      <button type="button" class="rs-icon-button" data-go="on" disabled
        aria-label="{escape(say("data.gallery.on", language), quote=True)}">›</button></span></div>
  <div class="rs-gallery-grid" data-zoom-group></div>
</div>"""


def _select(name: str, kind: str, every: str, options: Iterable[tuple[str, str]], language: Language) -> str:
    told = escape(say(f"data.gallery.{kind}", language), quote=True)
    listed = "".join(f'<option value="{escape(value, quote=True)}">{escape(text)}</option>' for value, text in options)
    listed = f'<option value="">{escape(every)}</option>{listed}'
    return f'<select name="{name}" class="rs-select" aria-label="{told}">{listed}</select>'


def note(sentence: str, kind: str = "info") -> str:
    """A sentence in a box; ``kind`` is ``info``, ``good``, ``warn`` or ``bad``. Nothing for an empty sentence."""
    if not sentence:
        return ""
    return f'<div class="rs-note rs-{kind}" role="{"alert" if kind == "bad" else "status"}">{escape(sentence)}</div>'


def progress(title: str, done: int = 0, total: int = 0) -> str:
    """A bar with what is going on; without a total the bar only shows that something moves."""
    share = min(1.0, done / total) if total else 0.0
    value = f' aria-valuenow="{100 * share:.0f}" aria-valuemin="0" aria-valuemax="100"' if total else ""
    amount = f" {100 * share:.0f}%" if total else "…"
    moving = "" if total else " rs-progress-unknown"
    return (
        f'<p class="rs-h2 rs-number" role="status">{escape(title)}{amount}</p>'
        f'<div class="rs-progress{moving}" role="progressbar" aria-label="{escape(title, quote=True)}"{value}>'
        f'<span style="width:{100 * share:.1f}%"></span></div>'
    )
