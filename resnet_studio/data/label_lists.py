"""Labels in texts of a picture's name without an ending and its label a line, such as ``1025794 Boeing 707``.

So has FGVC-Aircraft (Maji et al., 2013) them, three times over: ``images_family_train.txt``,
``images_variant_train.txt``, ``images_manufacturer_train.txt``, and again for validation and test.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from resnet_studio.data import tables
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.named_rows import without_ending
from resnet_studio.data.names import natural
from resnet_studio.data.table_labels import TableLayout
from resnet_studio.data.table_rows import TableRow, called_after
from resnet_studio.errors import DataError

_MATCHED = 0.9
_NO_LABELS, _NUMBERED = "train_test_split.txt", "images.txt"
_FLAGS = {"-1", "0", "1"}
_NUMBERS = re.compile(r"[\s\d.,+-]+")
_PART = re.compile(r"[ _-]*(?:train|training|val|valid|validation|test)$")


def by_lists(names: Sequence[str], files: Mapping[str, Path], column: str = "") -> TableLayout | None:
    """The layout by the lists among the tables ``files``: those called as ``column`` but for the part, else those with
    most classes, with a doubt where there are others; None where lists do not label ``names``.

    A list for each class that says whether a picture shows it (1) or not (-1), as Pascal VOC has them, is no answer
    unless it is called ``column``: such pictures show several things.
    """
    found, used = _by_kind(names, files)
    labels = {kind: {row.label for row in rows.values()} for kind, rows in found.items()}
    likely = [kind for kind in found if kind == column or not {"-1"} < labels[kind] <= _FLAGS]
    likely.sort(key=lambda kind: (-len(labels[kind]), natural(kind)))
    taken = column or next(iter(likely), "")
    if taken not in likely or 2 * len(found[taken]) < len(names):
        return None
    doubts = [Doubt("table", tuple(used[taken]))]
    if not column and len(likely) > 1:
        doubts.append(Doubt("lists", tuple(used[taken]), (taken, *(kind for kind in likely if kind != taken))))
    return TableLayout("", {}, doubts=tuple(doubts), rows=found[taken])


def _by_kind(
    names: Sequence[str], files: Mapping[str, Path]
) -> tuple[dict[str, dict[str, TableRow]], dict[str, list[str]]]:
    """What lists of labels say of the pictures ``names``, and which these are, by what they are called but for the
    part; those of a kind have some pictures of each class, together.
    """
    stems: dict[str, list[str]] = defaultdict(list)
    for name in names:
        stems[without_ending(name).rpartition("/")[2]].append(name)
    numbered = {name.lower().rpartition("/")[0] for name in files if name.rpartition("/")[2].lower() == _NUMBERED}
    found: dict[str, dict[str, TableRow]] = defaultdict(dict)
    used: dict[str, list[str]] = defaultdict(list)
    for table in sorted(files):
        folder, _, called = table.lower().rpartition("/")
        numbers = called == _NO_LABELS or folder in numbered
        if called.endswith(".txt") and not numbers and (rows := _rows(stems, table, files[table])):
            kind = _PART.sub("", called.removesuffix(".txt"))
            found[kind] |= rows
            used[kind].append(table)
    few = {kind for kind, rows in found.items() if not 1 < len({row.label for row in rows.values()}) <= len(rows) / 2}
    return {kind: rows for kind, rows in found.items() if kind not in few}, used


def _rows(stems: Mapping[str, Sequence[str]], table: str, file: Path) -> dict[str, TableRow]:
    """What the list ``table`` at ``file`` says of the pictures that are called by ``stems``; several numbers, such as a
    box, are no label.
    """
    try:
        lines = [line.split(None, 1) for line in tables.read_text(file).splitlines() if line.strip()]
    except DataError:
        return {}
    part = called_after(table)
    pairs = {line[0]: line[1].strip() for line in lines if len(line) == 2 and len(stems.get(line[0], ())) == 1}
    if not lines or len(pairs) < _MATCHED * len(lines) or any(map(_are_numbers, pairs.values())):
        return {}
    return {stems[stem][0]: TableRow(label, part) for stem, label in pairs.items()}


def _are_numbers(label: str) -> bool:
    return len(label.split(None, 1)) > 1 and _NUMBERS.fullmatch(label) is not None
