"""Which column of a table may have the labels, where none is called so, or several are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from resnet_studio.data import label_records, tables
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.label_lists import by_lists
from resnet_studio.data.names import shown
from resnet_studio.data.table_labels import TableLayout, by_table
from resnet_studio.data.table_rows import in_words, is_called
from resnet_studio.errors import DataError

_MOST_CLASSES, _LONGEST = 1000, 60
_WHOLE, _FRACTION = re.compile(r"[+-]?\d+"), re.compile(r"[+-]?\d*[.,]\d+(?:e[+-]?\d+)?", re.IGNORECASE)
_FEW_NUMBERS = 20


def by_chosen_column(names: Sequence[str], files: Mapping[str, Path], column: str) -> TableLayout:
    """The layout by the ``column`` of the tables ``files``; :class:`DataError` where that gives ``names`` no labels."""
    if (listed := by_lists(names, files, column)) is not None:
        return listed
    columns = {each.strip() for file in files.values() for each in next(iter(label_records.read(file)), {})} - {""}
    named = any(is_called(each, column) for each in columns)
    if named and (found := by_table(names, files, column)) is not None:
        return found
    if not columns:
        raise DataError("error.labels.no_columns", column=shown(column))
    known = sorted(shown(each) for each in columns if not is_called(each, column))
    raise DataError(f"error.labels.{'column' if named else 'no_column'}", column=shown(column), known=known)


def by_likely_column(names: Sequence[str], files: Mapping[str, Path]) -> TableLayout | None:
    """The layout by the likeliest column of a table that has none called as labels are, with a doubt that says so."""
    for table in sorted(files, key=lambda each: (each.count("/"), each)):
        columns = _likely(label_records.read(files[table]))
        for column in columns:
            if (found := by_table(names, {table: files[table]}, column)) is not None:
                others = (each for each in columns if each != column)
                return replace(found, doubts=(*found.doubts, Doubt("column", (table,), (column, *others))))
    return None


def with_other_columns(layout: TableLayout, files: Mapping[str, Path]) -> TableLayout:
    """``layout`` by tables, with a doubt where one has more columns that are called as labels are and say otherwise."""
    for table in next((doubt.folders for doubt in layout.doubts if doubt.kind == "table"), ()):
        records = label_records.with_label(label_records.read(files[table]))
        called = tables.columns_called(records, "label")
        taken = in_words(records, called[0]) if called else ""
        others = [each for each in called if each != taken and _differ(records, taken, each)]
        if others:
            return replace(layout, doubts=(*layout.doubts, Doubt("columns", (table,), (taken, *others))))
    return layout


def _differ(records: Sequence[Mapping[str, str]], one: str, other: str) -> bool:
    """Whether the column ``other`` has classes, and others than ``one`` under other names."""
    pairs = {(record.get(one, "").strip(), record.get(other, "").strip()) for record in records}
    firsts, seconds = {first for first, _ in pairs}, {second for _, second in pairs}
    return _has_classes(records, other) and not len(pairs) == len(firsts) == len(seconds)


def _likely(records: Sequence[Mapping[str, str]]) -> list[str]:
    """The columns of ``records`` that may have labels, words before numbers."""
    file = tables.table_column(records, "file")
    used = {file, *(tables.table_column(records, meaning) for meaning in ("part", "group"))} if file else set()
    found = [name for name in (records[0] if file else ()) if name not in used and _has_classes(records, name)]
    return sorted(found, key=lambda name: all(_WHOLE.fullmatch(record.get(name, "").strip()) for record in records))


def _has_classes(records: Sequence[Mapping[str, str]], name: str) -> bool:
    """Whether the column ``name`` says a few things of many pictures: no measurements, names or descriptions."""
    values = [value for record in records if (value := record.get(name, "").strip())]
    kinds = set(values)
    if not name.strip() or 2 * len(values) < len(records) or not 2 <= len(kinds) <= min(_MOST_CLASSES, len(values) / 2):
        return False
    if any(_FRACTION.fullmatch(kind) for kind in kinds) or max(map(len, kinds)) > _LONGEST:
        return False
    return len(kinds) <= _FEW_NUMBERS or not all(map(_WHOLE.fullmatch, kinds))
