"""What was understood of a data set, as HTML: facts, findings, bars a class, the split, the frame of the gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from resnet_studio import belonging
from resnet_studio.acting import Thing
from resnet_studio.data.editing import base_of
from resnet_studio.text import Language, say, template
from resnet_studio.ui.page import share_button
from resnet_studio.ui.page.frame import dataset_name
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.data.checkup import Finding
    from resnet_studio.data.dataset import Dataset

CLASS_ROWS = 300
IN_ORDER = 12
FILES_SHOWN = 40
NAME_WIDTH = 22


def facts(dataset: Dataset, language: Language) -> str:
    """The name, how many pictures and classes, and how large the pictures are."""
    return render(
        "data/facts.html",
        language,
        name=dataset_name(dataset, language),
        pictures=len(dataset.samples),
        classes=len(dataset.classes),
        side=dataset.median_side,
        share=share_button.button(_shared(dataset), language),
    )


def _shared(dataset: Dataset) -> Thing:
    """The data set in the workspace as something that people own; an edited one is shared with what it is made of."""
    folder = dataset.root.with_name(base_of(dataset.id)) if dataset.id else dataset.root
    return belonging.of_dataset(folder) if folder.is_dir() else Thing("dataset")


def findings(found: Sequence[Finding], language: Language) -> str:
    """One line with the count; the sentences and the files open on demand, warnings first."""
    ordered = sorted(found, key=lambda finding: finding.severity != "warning")
    return render("data/findings.html", language, findings=ordered, most=FILES_SHOWN)


def classes(counts: Mapping[str, int], language: Language) -> str:
    """A bar for each class, that shows its pictures when clicked; of many classes the largest come first."""
    rows = [(label, name, count) for label, (name, count) in enumerate(counts.items())]
    if len(rows) > IN_ORDER:
        rows.sort(key=lambda row: -row[2])
    return render(
        "data/classes.html",
        language,
        rows=rows[:CLASS_ROWS],
        total=len(rows),
        most=max(counts.values(), default=1) or 1,
        name_width=min(max((_width(name) for name in counts), default=1), NAME_WIDTH) + 1,
    )


def _width(name: str) -> int:
    """How many digits wide ``name`` is about; Chinese characters count double."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in name)


def split(parts: Mapping[str, int], shares: Sequence[float], language: Language, *, preset: str | None) -> str:
    """The bar of the split with its counts.

    ``parts`` counts training, validation and test pictures; ``shares`` are the requested fractions, validation and
    test; ``preset`` is the key of the text that says why the bar stands still, None where it can be moved.
    """
    total = sum(parts.values()) or 1
    percent = _exact(parts, total) if preset else _asked(shares)
    return render("data/split.html", language, parts=parts, percent=percent, total=total, preset=preset)


def _exact(parts: Mapping[str, int], total: int) -> dict[str, float]:
    return {name: round(100 * count / total, 1) for name, count in parts.items()}


def _asked(shares: Sequence[float]) -> dict[str, float]:
    validation, test = round(100 * shares[0]), round(100 * shares[1])
    return {"train": 100 - validation - test, "validation": validation, "test": test}


def gallery(dataset: Dataset, language: Language) -> str:
    """The frame that ``studioGallery`` in ``assets/data.js`` fills, with its filters and its paging."""
    present = {sample.part for sample in dataset.samples}
    parts = [(part, say(f"data.split.{part}", language)) for part in ("train", "validation", "test") if part in present]
    return render(
        "data/gallery.html",
        language,
        dataset=dataset,
        name=dataset_name(dataset, language),
        classes=list(enumerate(dataset.classes)),
        parts=parts,
        range_template=template("data.gallery.range", language),
    )


def note(sentence: str, kind: str = "info") -> str:
    """A sentence in a box; ``kind`` is ``info``, ``good``, ``warn`` or ``bad``. Nothing for an empty sentence."""
    return render("data/note.html", sentence=sentence, kind=kind) if sentence else ""


def progress(title: str, done: int = 0, total: int = 0) -> str:
    """A bar with what is going on; without a total the bar only shows that something moves."""
    share = min(1.0, done / total) if total else 0.0
    return render("data/progress.html", title=title, share=share, total=total)
