"""Parts that lists beside folders of classes give: ``train.txt`` and ``test.txt``, or tables that are called so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from resnet_studio.data import label_records, tables
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.layout import Layout, Part
from resnet_studio.data.named_rows import NamedRows, written_path
from resnet_studio.data.table_rows import called_after, folder_of


def with_listed_parts(layout: Layout, names: Sequence[str], files: Mapping[str, Path]) -> Layout:
    """``layout`` with the parts that lists (``files`` by their names) give, where folders say none.

    They count where one is of training pictures, another is not, and every picture is in the lists of one part alone.
    """
    placed = {name: place for name in names if (place := layout.place(name))[1] is not None}
    of_tables = {table: part for table in sorted(files) if (part := called_after(table))}
    if layout.kind != "classes" or any(part for _, _, part in placed.values()) or not {"train"} < {*of_tables.values()}:
        return layout
    listed: dict[str, Part] = {}
    used: list[str] = []
    for table, part in of_tables.items():
        here = _listed(list(placed), table, files[table])
        if any(listed.get(name, part) != part for name in here):
            return layout
        listed |= dict.fromkeys(here, part)
        used += [table] if here else []
    if len(listed) < len(placed) or not {"train"} < set(listed.values()):
        return layout
    return replace(layout, listed=listed, doubts=(*layout.doubts, Doubt("table_parts", tuple(used))))


def _listed(names: Sequence[str], table: str, file: Path) -> list[str]:
    """Those of the pictures ``names`` that the list ``table`` at ``file`` names."""
    folder = folder_of(names, table)
    below = {name: name.removeprefix(f"{folder}/") for name in names if not folder or name.startswith(f"{folder}/")}
    rows = NamedRows([(written_path(each), each) for each in _files(file)], below.values())
    return [name for name, short in below.items() if rows.all_of(short)]


def _files(file: Path) -> list[str]:
    """What a table, or a text with a name a line, names."""
    records = label_records.read(file)
    if column := tables.table_column(records, "file"):
        return [record.get(column, "") for record in records]
    if records and len(records[0]) == 1:
        (first,) = records[0]
        return [first, *(record.get(first, "") for record in records)]
    return []
