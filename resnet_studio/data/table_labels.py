"""Labels that are in a table, where folders say nothing.

Read are CSV, tab-separated values and JSON lines with a column for the file and one for the label, and if there are
such for the part and the group, other columns as facts; Hugging Face's ``metadata.csv`` and ``metadata.jsonl``;
Roboflow's ``_classes.csv`` with one column for each class; Label Studio's exports of choices as CSV, JSON and short
JSON; COCO's JSON, and JSON of files and their labels. What the files are called is read in :mod:`.file_name_labels`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from resnet_studio.data import label_records, tables
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.facts import packed
from resnet_studio.data.layout import Layout, Part, Reason
from resnet_studio.data.named_rows import NamedRows, written_path
from resnet_studio.data.names import shown
from resnet_studio.data.part_names import PARTS, part_named
from resnet_studio.errors import DataError

_MATCHED = 0.5  # of the pictures, from which on a table is about them
_ABSENT, _COLUMNS = 40, 12
_OWN = {"edit", "picture", "before", "after", "why"}
"""Columns of what a saved set says of its edits, see :mod:`.saved_set`: no facts about its pictures."""
_UPLOADED = re.compile(r"^[0-9a-f]{8}-")
_PLACEHOLDER = re.compile(r"(sample|example)[_-]?submission[^/]*$")
"""Tables that show the form of an answer to a contest: their labels mean nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a table says of one picture."""

    label: str
    part: Part | None = None
    group: str = ""
    facts: str = ""


@dataclass(frozen=True)
class TableLayout(Layout):
    """A layout whose classes come from ``rows``, by the names of the pictures."""

    rows: Mapping[str, Row] = field(default_factory=dict)

    def place(self, name: str) -> tuple[str, str | None, Part | None]:
        """See :class:`Layout`."""
        row = self.rows.get(name)
        return (name, None, None) if row is None else (name, row.label, row.part)

    def reason(self, name: str) -> Reason:  # noqa: ARG002
        """Why the picture ``name`` has no class."""
        return "unlabelled"


def by_table(names: Sequence[str], files: Mapping[str, Path]) -> TableLayout | None:
    """The layout that one of the tables ``files`` (by their names) gives the pictures ``names``; None where none does.

    Tables in several folders, as Roboflow has them, count together.
    """
    found: dict[str, Row] = {}
    used: list[str] = []
    missing, absent = 0, list[str]()
    for name in sorted(files, key=lambda each: (each.count("/"), each)):
        if _PLACEHOLDER.search(name.lower()):
            continue
        folder = name.rpartition("/")[0]
        below = [each for each in names if not folder or each.startswith(f"{folder}/")]
        given = _read(files[name])
        rows = _matched(below, name, given)
        if rows and len(rows) >= _MATCHED * _awaiting(below, rows, name) and not found.keys() & rows.keys():
            found |= rows
            used.append(name)
            missing += max(0, len(given) - len(rows))
            absent += _absent(below, folder, given)
    labelled = with_parts({name: row for name, row in found.items() if row.label})
    if len({row.label for row in labelled.values()}) < 2:
        return None
    doubts = [Doubt("table", tuple(used))]
    if missing and absent:
        doubts.append(Doubt("table_missing", tuple(absent[:_ABSENT]), (str(missing),)))
    if conflicts := sorted(found.keys() - labelled.keys()):
        doubts.append(Doubt("table_conflict", tuple(conflicts)))
    return TableLayout("", {}, doubts=tuple(doubts), rows=labelled)


def with_parts(rows: dict[str, Row]) -> dict[str, Row]:
    """``rows`` by pictures with the parts that their folders are called after, as in exports of Roboflow and sets of
    Hugging Face: where all are in such folders, and no table says it.
    """
    parts = {name: _part_of(name) for name in rows}
    if any(row.part for row in rows.values()) or None in parts.values() or not {"train"} < set(parts.values()):
        return rows
    return {name: replace(row, part=parts[name]) for name, row in rows.items()}


def _awaiting(names: Sequence[str], rows: Mapping[str, Row], table: str) -> int:
    """How many of ``names`` a table should have ``rows`` for: all, but for a test that comes without labels; those of
    its part, where it is called after it and about no other.
    """
    part = _called_after(table)
    if part is not None and all(_part_of(name) == part for name in rows):
        return sum(_part_of(name) == part for name in names)
    return sum(name in rows or _part_of(name) != "test" for name in names)


def _part_of(name: str) -> Part | None:
    """The part that the first such folder around the picture ``name`` is called after."""
    named = (part_named(folder) for folder in name.split("/")[:-1])
    meanings = [each.meaning for each in named if each is not None and (each.customary or each.qualified)]
    return next((part for meaning in meanings for part in PARTS if meaning == part), None)


def _absent(names: Sequence[str], folder: str, given: Iterable[str]) -> list[str]:
    """Files of ``given`` that are like none of the pictures ``names``."""
    here = NamedRows((name.removeprefix(f"{folder}/") if folder else name, True) for name in names)
    last = {_bare(name).rpartition(".")[0] for name in names} | {_bare(name) for name in names}
    return [file for file in given if here.of(file) is None and _bare(file) not in last]


def used_tables(files: Mapping[str, Path]) -> set[str]:
    """Those of ``files`` that name pictures, and so are no pictures that were left out."""
    return {name for name, file in files.items() if tables.table_column(label_records.read(file), "file")}


def why_not(names: Sequence[str], files: Mapping[str, Path]) -> DataError | None:
    """Why none of the tables ``files`` gives the pictures ``names`` their labels; None where none was meant to."""
    for name, file in sorted(files.items()):
        if name.lower().endswith(".json"):
            continue
        try:
            records = label_records.named(tables.read_rows(file))
        except DataError as error:
            return error
        columns = [shown(column) for column in records[0]]
        if not tables.table_column(records, "file"):
            return DataError("error.labels.no_file", file=shown(name), columns=columns[:_COLUMNS])
        given = _of_records(records)
        if not given:
            return DataError("error.labels.no_label", file=shown(name), columns=columns[:_COLUMNS])
        rows = _matched(names, name, given)
        labels = {row.label for row in rows.values()}
        if len(rows) < _MATCHED * _awaiting(names, rows, name):
            return DataError("error.labels.few", file=shown(name), found=len(rows), of=len(names))
        if len(labels) == 1:
            return DataError("error.labels.one", file=shown(name), found=shown(labels.pop()))
    return None


def with_table(layout: Layout, samples: Iterable[Any], files: Mapping[str, Path]) -> tuple[Any, ...]:
    """``samples`` with the groups and the facts that a table gives them: the one that has their labels, else one of the
    tables ``files`` beside folders of classes, which has facts alone.
    """
    rows = layout.rows if isinstance(layout, TableLayout) else _beside([each.name for each in samples], files)
    if not rows:
        return tuple(samples)
    none = Row("")
    found = ((each, rows.get(each.name, none)) for each in samples)
    return tuple(replace(each, group=row.group, facts=row.facts) for each, row in found)


def _beside(names: Sequence[str], files: Mapping[str, Path]) -> dict[str, Row]:
    """Facts of the pictures ``names`` that stand in folders of classes; groups there are chosen, see ``--groups``."""
    found: dict[str, Row] = {}
    for name in sorted(files, key=lambda each: (each.count("/"), each)):
        folder = name.rpartition("/")[0]
        records = label_records.read(files[name])
        if records and records[0].keys() >= _OWN:
            continue
        file = tables.table_column(records, "file")
        others = _facts(records, {"file": file, "label": tables.table_column(records, "label"), "part": ""})
        if not file or not others:
            continue
        given = {
            written_path(record.get(file, "")): Row("", facts=packed({key: record.get(key, "") for key in others}))
            for record in records
        }
        below = [each for each in names if not folder or each.startswith(f"{folder}/")]
        found = {**_matched(below, name, given), **found}
    return found


def _matched(names: Sequence[str], table: str, given: Mapping[str, Row]) -> dict[str, Row]:
    """The rows by the pictures' names; a row names a file from the table's folder on, by an end of it, or alone.

    Where several parts have pictures of the same names, the table is about the one that it is called after, or about
    training: ``train/1.jpg`` and ``test/1.jpg`` are two pictures, and ``train.csv`` has the label of one.
    """
    folder = table.rpartition("/")[0]
    inside = {name: name.removeprefix(f"{folder}/") if folder else name for name in names}
    rows = NamedRows(((file, file) for file in given), inside.values())
    said = {name: _agreed(rows.all_of(short), given) for name, short in inside.items()}
    left = given.keys() - said.values()
    bare = NamedRows((_bare(file), file) for file in left)
    said = {name: file or _agreed(bare.all_of(_bare(inside[name])), given) for name, file in said.items()}
    return {name: given[file] for name, file in _of_one_part(said, table).items() if file}


def _agreed(files: Collection[str], given: Mapping[str, Row]) -> str:
    """One of ``files``, where all say the same; else none."""
    return min(files) if len({given[file] for file in files}) == 1 else ""


def _of_one_part(said: Mapping[str, str], table: str) -> Mapping[str, str]:
    """``said``, files of a table by names of pictures, without pictures of other parts than the table is about."""
    parts: dict[str, set[Part | None]] = defaultdict(set)
    for name, file in said.items():
        parts[file].add(_part_of(name))
    if all(len(found) < 2 or not file for file, found in parts.items()):
        return said
    about = _called_after(table) or ("train" if any("train" in found for found in parts.values()) else None)
    return {name: file for name, file in said.items() if (_part_of(file) or about) in (None, _part_of(name))}


def _called_after(table: str) -> Part | None:
    """The part that a table is called after: ``train.csv``, ``test_labels.csv``."""
    named = part_named(table.rpartition("/")[2].rpartition(".")[0])
    return next((part for part in PARTS if named is not None and named.meaning == part), None)


def _bare(file: str) -> str:
    """The name of a file without its folders, and without what Label Studio puts before it."""
    return _UPLOADED.sub("", file.rpartition("/")[2])


def _read(file: Path) -> dict[str, Row]:
    """The rows of a table by the files that they name; none where it is no table of labels."""
    try:
        return _of_records(label_records.read(file))
    except (ValueError, TypeError, LookupError, AttributeError):
        return {}


def _of_records(records: Sequence[Mapping[str, str]]) -> dict[str, Row]:
    records = label_records.with_label(records)
    columns: dict[tables.Meaning, str] = {
        meaning: tables.table_column(records, meaning) for meaning in ("file", "label", "part", "group")
    }
    if not columns["file"]:
        return {}
    found: dict[str, Row] = {}
    others = _facts(records, columns) if columns["label"] else []
    for record in records:
        file = written_path(record.get(columns["file"], ""))
        label = _plain(record.get(columns["label"], "")) if columns["label"] else _one_hot(record, columns["file"])
        if file and label:
            part = part_named(record.get(columns["part"], "")) if columns["part"] else None
            meaning = part.meaning if part else None
            group = record.get(columns["group"], "").strip() if columns["group"] else ""
            facts = packed({name: record.get(name, "") for name in others})
            if file in found and found[file].label != label:
                label = ""  # two labels: it has none
            found[file] = Row(label, meaning if meaning in ("train", "validation", "test") else None, group, facts)
    return found


def _facts(records: Sequence[Mapping[str, str]], columns: Mapping[tables.Meaning, str]) -> list[str]:
    """The columns that say something else of a picture: not of each another thing, and none of one class each."""
    used = {columns["file"], columns["label"], columns["part"]}
    others = [name for name in (records[0] if records else ()) if name not in used]
    values = {name: {record.get(name, "").strip() for record in records} - {""} for name in others}
    return [name for name in others if 2 <= len(values[name]) <= len(records) / 2]


def _plain(label: str) -> str:
    return "".join(letter for letter in label if letter.isprintable()).strip()


def _one_hot(record: Mapping[str, str], file: str) -> str:
    """The one class whose column says 1, where all other columns say 0."""
    values = {name: value.strip() for name, value in record.items() if name != file}
    chosen = [name for name, value in values.items() if value in ("1", "1.0")]
    return chosen[0].strip() if len(chosen) == 1 and set(values.values()) <= {"0", "1", "0.0", "1.0"} else ""
