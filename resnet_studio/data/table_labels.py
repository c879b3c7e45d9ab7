"""Labels that are in a table, where folders say nothing.

Read are CSV, tab-separated values and JSON lines with a column for the file and one for the label, and if there are
such for the part and the group, other columns as facts; Hugging Face's ``metadata.csv`` and ``metadata.jsonl``;
Roboflow's ``_classes.csv`` with one column for each class; Label Studio's exports of choices as CSV, JSON and short
JSON; COCO's JSON, and JSON of files and their labels. What the files are called is read in :mod:`.file_name_labels`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from resnet_studio.data import label_records, tables
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.facts import packed
from resnet_studio.data.layout import Layout, Part, Reason
from resnet_studio.data.named_rows import NamedRows, written_path
from resnet_studio.data.names import shown
from resnet_studio.data.table_rows import (
    TableRow,
    bare,
    called_after,
    folder_of,
    matched_rows,
    of_records,
    other_columns,
    part_of,
    rows_of,
)
from resnet_studio.errors import DataError

_MATCHED = 0.5  # of the pictures, from which on a table is about them
WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
_ABSENT, _COLUMNS = 40, 12
_OWN = {"edit", "picture", "before", "after", "why"}
"""Columns of what a saved set says of its edits, see :mod:`.saved_set`: no facts about its pictures."""
_PLACEHOLDER = re.compile(r"(sample|example)[_-]?submission[^/]*$")
"""Tables that show the form of an answer to a contest: their labels mean nothing."""


@dataclass(frozen=True)
class TableLayout(Layout):
    """A layout whose classes come from ``rows``, by the names of the pictures; ``prefix`` is the folder chosen."""

    rows: Mapping[str, TableRow] = field(default_factory=dict)

    def place(self, name: str) -> tuple[str, str | None, Part | None]:
        """See :class:`Layout`."""
        row = self.rows.get(name)
        return (name, None, None) if row is None else (name, row.label, row.part)

    def reason(self, name: str) -> Reason:
        """Why the picture ``name`` has no class."""
        return "unlabelled" if name.startswith(self.prefix) else "outside"


def by_table(names: Sequence[str], files: Mapping[str, Path], column: str = "") -> TableLayout | None:
    """The layout that the tables ``files`` (by their names) give the pictures ``names``, by their ``column`` of that
    name or the one that is called as labels are; None where they do not.

    Tables in several folders, as Roboflow has them, count together, and so do ``train.csv`` and ``test.csv``, which say
    the part.
    """
    order = sorted(files, key=lambda each: (each.count("/"), each))
    given = {name: rows_of(files[name], column) for name in order if not _PLACEHOLDER.search(name.lower())}
    matched = {name: rows for name, each in given.items() if (rows := matched_rows(_below(names, name), name, each))}
    parts = _parts_by_tables(matched)
    without = _without_labels(names, {name: files[name] for name, each in given.items() if not each})
    found: dict[str, TableRow] = {}
    used: list[str] = []
    for name, rows in matched.items():
        below = [each for each in _below(names, name) if each in rows or each not in without]
        if len(rows) < _MATCHED * (len(given[name]) if name in parts else _awaiting(below, rows, name)):
            continue
        if name in parts:
            of_part = {each: replace(row, part=row.part or parts[name]) for each, row in rows.items()}
            found |= {each: row for each, row in of_part.items() if found.get(each, row).label == row.label}
        elif not found.keys() & rows.keys():
            found |= rows
        else:
            continue
        used.append(name)
    labelled = with_parts({name: row for name, row in found.items() if row.label})
    few = bool(parts) and len(found) < _MATCHED * len(set(names) - without)
    if few or len({row.label for row in labelled.values()}) < 2:
        return None
    doubts = (Doubt("table", tuple(used)), *_doubts(names, used, given, matched))
    if conflicts := sorted(found.keys() - labelled.keys()):
        doubts = (*doubts, Doubt("table_conflict", tuple(conflicts)))
    return TableLayout("", {}, doubts=doubts, rows=labelled)


def labels_of(names: Sequence[str], table: str, file: Path) -> Mapping[str, str]:
    """The labels that ``table``, at ``file``, gives those of the pictures ``names`` that it is about."""
    given = {} if _PLACEHOLDER.search(table.lower()) else rows_of(file)
    rows = matched_rows(_below(names, table), table, given) if given else {}
    return {name: row.label for name, row in rows.items()}


def _doubts(
    names: Sequence[str],
    used: Sequence[str],
    given: Mapping[str, Mapping[str, TableRow]],
    matched: Mapping[str, Mapping[str, TableRow]],
) -> tuple[Doubt, ...]:
    """What says that tables name files that are not here."""
    missing = sum(max(0, len(given[table]) - len(matched[table])) for table in used)
    absent = [
        file for table in used for file in _absent(_below(names, table), folder_of(names, table), given[table])
    ] if missing else []  # fmt: skip
    return (Doubt("table_missing", tuple(absent[:_ABSENT]), (str(missing),)),) if absent else ()


def _below(names: Sequence[str], table: str) -> list[str]:
    """Those of ``names`` that lie where ``table`` does, or below."""
    folder = folder_of(names, table)
    return [each for each in names if not folder or each.startswith(f"{folder}/")]


def _parts_by_tables(matched: Mapping[str, Mapping[str, TableRow]]) -> dict[str, Part]:
    """The parts that tables are called after where folders say none: one is for training, and another is not."""
    found = {
        table: part for table, rows in matched.items() if (part := called_after(table)) and not any(map(part_of, rows))
    }
    return found if {"train"} < set(found.values()) else {}


def _without_labels(names: Sequence[str], files: Mapping[str, Path]) -> set[str]:
    """Pictures that tables list which have no labels, as ``test.csv`` often has none."""
    found: set[str] = set()
    for table, file in files.items():
        records = label_records.read(file)
        column = tables.table_column(records, "file")
        rows = {written_path(record.get(column, "")): TableRow("") for record in records} if column else {}
        found |= matched_rows(_below(names, table), table, rows).keys()
    return found


def with_parts(rows: dict[str, TableRow]) -> dict[str, TableRow]:
    """``rows`` by pictures with the parts that their folders are called after, as in exports of Roboflow and sets of
    Hugging Face: where all are in such folders, and no table says it.
    """
    parts = {name: part_of(name) for name in rows}
    if any(row.part for row in rows.values()) or None in parts.values() or not {"train"} < set(parts.values()):
        return rows
    return {name: replace(row, part=parts[name]) for name, row in rows.items()}


def _awaiting(names: Sequence[str], rows: Mapping[str, TableRow], table: str) -> int:
    """How many of ``names`` a table should have ``rows`` for: all, but for a test that comes without labels; those of
    its part, where it is called after it and about no other.
    """
    part = called_after(table)
    if part is not None and all(part_of(name) == part for name in rows):
        return sum(part_of(name) == part for name in names)
    return sum(name in rows or part_of(name) != "test" for name in names)


def _absent(names: Sequence[str], folder: str, given: Iterable[str]) -> list[str]:
    """Files of ``given`` that are like none of the pictures ``names``."""
    here = NamedRows((name.removeprefix(f"{folder}/") if folder else name, True) for name in names)
    last = {bare(name).rpartition(".")[0] for name in names} | {bare(name) for name in names}
    return [file for file in given if here.of(file) is None and not {bare(file), bare(file).rpartition(".")[0]} & last]


def used_tables(files: Mapping[str, Path]) -> set[str]:
    """Those of ``files`` that name pictures, and so are no pictures that were left out; lists without labels are."""
    return {
        name for name, file in files.items()
        if tables.table_column(records := label_records.read(file), "file")
        and (not name.lower().endswith(".txt") or of_records(records))
    }  # fmt: skip


def why_not(names: Sequence[str], files: Mapping[str, Path]) -> DataError | None:
    """Why none of the tables ``files`` gives the pictures ``names`` their labels; None where none was meant to."""
    for name, file in sorted(files.items()):
        if name.lower().endswith((".json", ".txt")):
            continue
        try:
            records = label_records.named(tables.read_rows(file))
        except DataError as error:
            return error
        columns = [shown(column) for column in records[0]]
        if not tables.table_column(records, "file"):
            return DataError("error.labels.no_file", file=shown(name), columns=columns[:_COLUMNS])
        given = of_records(records)
        if not given:
            return DataError("error.labels.no_label", file=shown(name), columns=columns[:_COLUMNS])
        rows = matched_rows(names, name, given)
        labels = {row.label for row in rows.values()}
        if len(rows) < _MATCHED * _awaiting(names, rows, name):
            return DataError("error.labels.few", file=shown(name), found=len(rows), of=len(names))
        if len(labels) == 1:
            return DataError("error.labels.one", file=shown(name), found=shown(labels.pop()))
    return None


def workbook(names: Iterable[str]) -> DataError | None:
    """Why no table among files called ``names`` is read: it is a spreadsheet's own file; None where there is none."""
    found = next((name for name in sorted(names) if name.lower().endswith(WORKBOOKS)), None)
    return DataError("error.labels.workbook", file=shown(found)) if found else None


def too_large(names: Iterable[str]) -> DataError | None:
    """Why tables called ``names`` are not read: each is larger than tables may be; None where there is none."""
    found = next(iter(sorted(names)), None)
    return DataError("error.labels.large", file=shown(found), limit=tables.LARGEST // 2**20) if found else None


def with_table(layout: Layout, samples: Iterable[Any], files: Mapping[str, Path]) -> tuple[Any, ...]:
    """``samples`` with the groups and the facts that a table gives them: the one that has their labels, else one of the
    tables ``files`` beside folders of classes, which has facts alone.
    """
    rows = layout.rows if isinstance(layout, TableLayout) else _beside([each.name for each in samples], files)
    if not rows:
        return tuple(samples)
    none = TableRow("")
    found = ((each, rows.get(each.name, none)) for each in samples)
    return tuple(replace(each, group=row.group, facts=row.facts) for each, row in found)


def _beside(names: Sequence[str], files: Mapping[str, Path]) -> dict[str, TableRow]:
    """Facts of the pictures ``names`` that stand in folders of classes; groups there are chosen, see ``--groups``."""
    found: dict[str, TableRow] = {}
    for name in sorted(files, key=lambda each: (each.count("/"), each)):
        records = label_records.read(files[name])
        if records and records[0].keys() >= _OWN:
            continue
        file = tables.table_column(records, "file")
        others = other_columns(records, {"file": file, "label": tables.table_column(records, "label"), "part": ""})
        if not file or not others:
            continue
        given = {
            written_path(record.get(file, "")): TableRow("", facts=packed({key: record.get(key, "") for key in others}))
            for record in records
        }
        below = _below(names, name)
        found = {**matched_rows(below, name, given), **found}
    return found
