"""What only the user can know about a data set, and the answers there are; each is one click away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from resnet_studio.data.choices import Choices
from resnet_studio.data.dataset import Dataset
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.finding import Finding, Offer
from resnet_studio.data.names import comparison_key
from resnet_studio.data.part_names import PARTS
from resnet_studio.data.trainable import too_small

_FOLDERS_OFFERED = 3
_NAMES_SHOWN = 4
_COLUMNS_OFFERED = 8
_SINGLE_NAMED = 40
_BETWEEN_LABELS = "|;,+/&"
AS_CLASSES = Offer("offer.classes", {"layout": "classes"})


def questions(dataset: Dataset) -> Iterator[Finding]:
    """Findings on what names do not settle."""
    if dataset.choices != Choices():
        undo = {name: getattr(Choices(), name) for name in dataset.choices.to_json()}
        chosen = tuple(_choice(name, value) for name, value in dataset.choices.to_json().items())
        yield Finding("chosen", "finding.chosen", {"choices": chosen}, (), "info", (Offer("offer.undo", undo),))
    for doubt in dataset.doubts:
        yield _DOUBTS[doubt.kind](doubt)
    yield from _too_small(dataset)
    yield from _similar_names(dataset)
    yield from _several_labels(dataset.classes)
    yield from _missing(dataset)


def _choice(name: str, value: object) -> Offer:
    key = f"choice.layout.{value}" if name == "layout" else f"choice.{name}"
    return Offer(key, {}, {"value": _named(str(value)) if name == "name_encoding" else value})


def guessed_names(dataset: Dataset) -> Iterator[Finding]:
    """In which encoding the names of a zip were taken to be, with what they are in others."""
    for problem in dataset.problems:
        if problem.kind == "guessed_names":
            encoding, *others = problem.about
            some = _sample(problem.files)
            offers = tuple(
                Offer("offer.encoding", {"name_encoding": other}, {"encoding": _named(other), "names": read})
                for other in others
                if (read := _read_as(some, encoding, other))
            )
            values = {"encoding": _named(encoding), "names": some}
            yield Finding("guessed_names", "finding.guessed_names", values, problem.files, "info", offers)


def _named(encoding: str) -> tuple[tuple[str, str], ...]:
    return ((encoding.upper(), f"encoding.{encoding}"),)


def _sample(files: tuple[str, ...]) -> tuple[str, ...]:
    """Names of folders, or of files where these have the letters that are guessed."""
    folders = dict.fromkeys(piece for name in files for piece in name.split("/")[:-1] if not piece.isascii())
    return tuple(folders)[:_NAMES_SHOWN] or tuple(name.rpartition("/")[2] for name in files[:_NAMES_SHOWN])


def _read_as(some: tuple[str, ...], encoding: str, other: str) -> tuple[str, ...]:
    try:
        return tuple(name.encode(encoding).decode(other) for name in some)
    except UnicodeError:
        return ()


def _too_small(dataset: Dataset) -> Iterator[Finding]:
    if len(dataset.classes) == 1:
        yield Finding("one_class", "finding.one_class", {"name": dataset.classes[0]}, dataset.classes)
    small = too_small(dataset.samples, dataset.classes)
    if small.classes:
        enough = len(dataset.classes) - len(small.classes) > 1
        offers = (Offer("offer.leave_out_single", {"leave_out_single": True}),) if enough else ()
        values = {"count": len(small.classes), "classes": small.classes}
        yield Finding("single", "finding.single", values, small.classes, "warning", offers, _SINGLE_NAMED)


def _similar_names(dataset: Dataset) -> Iterator[Finding]:
    """Classes with equivalent names: both in training, or one of them only in another part."""
    spelt: dict[str, set[str]] = defaultdict(set)
    unknown = {name for problem in dataset.problems if problem.kind == "unknown_class" for name in problem.about}
    for name in (*dataset.classes, *unknown):
        spelt[comparison_key(name)].add(name)
    groups = sorted(sorted(names) for names in spelt.values() if len(names) > 1)
    known = [names for names in groups if set(names) & set(dataset.classes)]
    if known:
        pairs = tuple(" / ".join(f"“{name}”" for name in names) for names in known)
        offers = (Offer("offer.join_alike", {"join_alike": True}),)
        files = tuple(name for names in known for name in names)
        yield Finding(
            "alike_classes", "finding.alike_classes", {"count": len(pairs), "pairs": pairs}, files, "warning", offers
        )


def _several_labels(classes: Sequence[str]) -> Iterator[Finding]:
    """Classes such as ``Mass|Nodule`` beside ``Mass`` and ``Nodule``: labels of pictures that show several things."""
    known = {comparison_key(name) for name in classes}
    joined = tuple(
        name for name in classes
        if any(
            len(parts := [comparison_key(part) for part in name.split(sign)]) > 1 and known.issuperset(parts)
            for sign in _BETWEEN_LABELS
        )
    )  # fmt: skip
    if joined:
        values = {"count": len(joined), "classes": joined}
        yield Finding("several_labels", "finding.several_labels", values, joined)


def _missing(dataset: Dataset) -> Iterator[Finding]:
    """Classes that a preset validation or test part has no pictures of, or that only they have."""
    held: Mapping[str, set[int]] = {part: set() for part in PARTS}
    for sample in dataset.samples:
        if sample.part:
            held[sample.part].add(sample.label)
    for part, labels in held.items():
        lacking = tuple(name for label, name in enumerate(dataset.classes) if label not in labels)
        if labels and lacking:
            values = {"count": len(lacking), "classes": lacking, "of": len(dataset.classes)}
            yield Finding(f"missing_in_{part}", f"finding.missing_in_{part}", values, lacking)


def _parts(doubt: Doubt) -> Finding:
    parts = tuple((folder, f"part.{part}") for folder, part in zip(doubt.folders, doubt.inside, strict=True))
    offer = AS_CLASSES if doubt.kind == "parts" else Offer("offer.no_parts", {"layout": "classes"})
    return Finding("layout", f"finding.layout.{doubt.kind}", {"parts": parts}, (), "info", (offer,))


def _folds(doubt: Doubt) -> Finding:
    values = {"folders": doubt.folders, "classes": doubt.inside}
    return Finding("layout", "finding.layout.folds", values, doubt.folders, "info", (AS_CLASSES,))


def _one_fold(doubt: Doubt) -> Finding:
    return Finding(
        "layout", "finding.layout.one_fold", {"folders": doubt.folders}, doubt.folders, "info", _only(doubt.folders)
    )


def _outside(doubt: Doubt) -> Finding:
    values = {"folders": doubt.folders}
    return Finding("layout", "finding.layout.outside", values, doubt.folders, "info", (AS_CLASSES,))


def _again(doubt: Doubt) -> Finding:
    values = {"folders": doubt.folders, "classes": doubt.inside}
    return Finding("layout", "finding.layout.again", values, doubt.folders, "info", (AS_CLASSES, *_only(doubt.folders)))


def _variants(doubt: Doubt) -> Finding:
    inner = Offer("offer.inner", {"layout": "inner"}, {"classes": doubt.inside})
    values = {"folders": doubt.folders, "classes": doubt.inside}
    return Finding(
        "layout",
        "finding.layout.variants",
        values,
        doubt.folders,
        "warning",
        (inner, *_only(doubt.folders), AS_CLASSES),
    )


def _nested(doubt: Doubt) -> Finding:
    inner = Offer("offer.inner", {"layout": "inner"}, {"classes": doubt.inside})
    values = {"folders": doubt.folders, "classes": doubt.inside}
    return Finding("layout", "finding.layout.nested", values, doubt.folders, "info", (inner, AS_CLASSES))


def _train_folder(doubt: Doubt) -> Finding:
    values = {"folders": doubt.folders, "classes": doubt.inside}
    offers = (*_only(doubt.folders), AS_CLASSES)
    return Finding("layout", "finding.layout.train_folder", values, doubt.folders, "warning", offers)


def _only_masks(doubt: Doubt) -> Finding:
    return Finding("layout", "finding.layout.only_masks", {"folders": doubt.folders}, doubt.folders)


def _set_aside(doubt: Doubt) -> Finding:
    offer = Offer("offer.with_unlabelled", {"with_unlabelled": True}, {"folders": doubt.folders})
    return Finding("layout", "finding.layout.set_aside", {"folders": doubt.folders}, doubt.folders, "info", (offer,))


def _from_table(doubt: Doubt) -> Finding:
    return Finding("layout", f"finding.layout.{doubt.kind}", {"names": doubt.folders}, doubt.folders, "info")


def _parts_from_tables(doubt: Doubt) -> Finding:
    offers = (AS_CLASSES,)
    return Finding("layout", "finding.layout.table_parts", {"names": doubt.folders}, doubt.folders, "info", offers)


def _column(doubt: Doubt) -> Finding:
    taken, *others = doubt.inside
    offers = tuple(
        Offer("offer.label_column", {"label_column": each}, {"column": each})
        for each in doubt.inside[:_COLUMNS_OFFERED]
    )
    several = "s" if others else ""
    values = {"table": doubt.folders[0], "column": taken}
    if doubt.kind == "columns":
        return Finding("layout", "finding.layout.columns", values, doubt.inside, "info", offers[1:])
    return Finding("layout", f"finding.layout.column{several}_guessed", values, doubt.inside, "warning", offers)


def _lists(doubt: Doubt) -> Finding:
    offers = tuple(Offer("offer.label_list", {"label_column": each}, {"name": each}) for each in doubt.inside[1:])
    values = {"name": doubt.inside[0], "others": doubt.inside[1:]}
    return Finding("layout", "finding.layout.lists", values, doubt.inside, "warning", offers)


def _table_missing(doubt: Doubt) -> Finding:
    values = {"count": int(doubt.inside[0]), "names": doubt.folders[:_NAMES_SHOWN]}
    return Finding("table_missing", "finding.table_missing", values, doubt.folders)


def _table_conflict(doubt: Doubt) -> Finding:
    return Finding("table_conflict", "finding.table_conflict", {"count": len(doubt.folders)}, doubt.folders)


def _some_parts(doubt: Doubt) -> Finding:
    offer = Offer("offer.parts_inside", {"layout": "parts-inside"}, {"parts": doubt.inside})
    values = {"folders": doubt.folders, "parts": doubt.inside}
    return Finding("layout", "finding.layout.some_parts", values, doubt.folders, "warning", (offer, AS_CLASSES))


def _only(folders: tuple[str, ...]) -> tuple[Offer, ...]:
    return tuple(Offer("offer.folder", {"folder": name}, {"folder": name}) for name in folders[:_FOLDERS_OFFERED])


_DOUBTS: Mapping[str, Callable[[Doubt], Finding]] = {
    "parts": _parts, "parts_in_classes": _parts, "folds": _folds, "one_fold": _one_fold, "outside": _outside,
    "again": _again, "variants": _variants, "nested": _nested, "train_folder": _train_folder,
    "some_parts": _some_parts,
    "only_masks": _only_masks, "table": _from_table, "table_missing": _table_missing, "table_conflict": _table_conflict,
    "table_part": _from_table, "table_parts": _parts_from_tables, "file_names": _from_table, "set_aside": _set_aside,
    "tracks": _from_table, "column": _column, "columns": _column, "lists": _lists,
}  # fmt: skip
