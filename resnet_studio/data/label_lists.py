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
_PART = re.compile(r"[ _-]*(?:train|training|val|valid|validation|test)$")


def by_lists(names: Sequence[str], files: Mapping[str, Path], column: str = "") -> TableLayout | None:
    """The layout by the lists among the tables ``files``: those called as ``column`` but for the part, else those with
    most classes, with a doubt where there are others; None where lists do not label ``names``.
    """
    stems: dict[str, list[str]] = defaultdict(list)
    for name in names:
        stems[without_ending(name).rpartition("/")[2]].append(name)
    found: dict[str, dict[str, TableRow]] = defaultdict(dict)
    used: dict[str, list[str]] = defaultdict(list)
    for table in sorted(files):
        if rows := _rows(stems, table, files[table]):
            kind = _PART.sub("", table.rpartition("/")[2].lower().removesuffix(".txt"))
            found[kind] |= rows
            used[kind].append(table)
    counts = {kind: len({row.label for row in rows.values()}) for kind, rows in found.items()}
    likely = sorted((kind for kind in found if counts[kind] > 1), key=lambda kind: (-counts[kind], natural(kind)))
    taken = column or next(iter(likely), "")
    if taken not in likely or 2 * len(found[taken]) < len(names):
        return None
    doubts = [Doubt("table", tuple(used[taken]))]
    if not column and len(likely) > 1:
        doubts.append(Doubt("lists", tuple(used[taken]), (taken, *(kind for kind in likely if kind != taken))))
    return TableLayout("", {}, doubts=tuple(doubts), rows=found[taken])


def _rows(stems: Mapping[str, Sequence[str]], table: str, file: Path) -> dict[str, TableRow]:
    """What the list ``table`` at ``file`` says of the pictures that are called by ``stems``."""
    if not table.lower().endswith(".txt"):
        return {}
    try:
        lines = [line.split(None, 1) for line in tables.read_text(file).splitlines() if line.strip()]
    except DataError:
        return {}
    part = called_after(table)
    pairs = {line[0]: line[1].strip() for line in lines if len(line) == 2 and len(stems.get(line[0], ())) == 1}
    if not lines or len(pairs) < _MATCHED * len(lines) or len(set(pairs.values())) > len(pairs) / 2:
        return {}
    return {stems[stem][0]: TableRow(label, part) for stem, label in pairs.items()}
