"""What a table says of pictures: its rows, and which row is about which picture."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from resnet_studio.data import label_records, tables
from resnet_studio.data.facts import packed
from resnet_studio.data.named_rows import NamedRows, written_path
from resnet_studio.data.names import composed
from resnet_studio.data.part_names import PARTS, Part, part_named

_UPLOADED = re.compile(r"^[0-9a-f]{8}-")
_MISSING = ("nan", "null", "n/a", "#n/a", "<na>")
"""What programs write into a cell that says nothing."""
_ENDING = re.compile(r"\.(?=\w*[A-Za-z])\w{2,5}$")
_YES, _NO = ("1", "1.0", "true"), ("0", "0.0", "false")


@dataclass(frozen=True, slots=True)
class TableRow:
    """What a table says of one picture."""

    label: str
    part: Part | None = None
    group: str = ""
    facts: str = ""


def matched_rows(names: Sequence[str], table: str, given: Mapping[str, TableRow]) -> dict[str, TableRow]:
    """The rows by the pictures' names; a row names a file from the table's folder on, by an end of it, or alone.

    Where several parts have pictures of the same names, the table is about the one that it is called after, or about
    training: ``train/1.jpg`` and ``test/1.jpg`` are two pictures, and ``train.csv`` has the label of one.
    """
    folder = folder_of(names, table)
    inside = {name: name.removeprefix(f"{folder}/") if folder else name for name in names}
    rows = NamedRows(((file, file) for file in given), inside.values())
    said = {name: _agreed(rows.all_of(short), given) for name, short in inside.items()}
    left = given.keys() - said.values()
    alone = NamedRows((bare(file), file) for file in left)
    said = {name: file or _agreed(alone.all_of(bare(inside[name])), given) for name, file in said.items()}
    for reading in (_without_picture_ending, _number) if not any(said.values()) else ():
        said = said if any(said.values()) else _read_as(reading, inside, given)
    return {name: given[file] for name, file in _of_one_part(said, table).items() if file}


def folder_of(names: Sequence[str], table: str) -> str:
    """The folder whose pictures a table is about: its own, or the nearest above it where there are any of ``names``, as
    in ``annotations/train.json`` beside ``train``.
    """
    folder = table.rpartition("/")[0]
    while folder and not any(name.startswith(f"{folder}/") for name in names):
        folder = folder.rpartition("/")[0]
    return folder


def _read_as(reading: Callable[[str], str], inside: Mapping[str, str], given: Mapping[str, TableRow]) -> dict[str, str]:
    """The files that are the same as the pictures ``inside`` by a ``reading`` of both, where one picture alone is."""
    rows = NamedRows(((read, file) for file in given if (read := reading(file))), map(reading, inside.values()))
    taken = Counter(map(reading, inside.values()))
    once = {name: read for name, short in inside.items() if taken[read := reading(short)] == 1}
    return {name: _agreed(rows.all_of(once[name]), given) if once.get(name) else "" for name in inside}


def _without_picture_ending(file: str) -> str:
    """``a/1`` for ``a/1.dcm``: pictures that were converted have another ending than the table says."""
    return _ENDING.sub("", file)


def _number(file: str) -> str:
    """``1`` for ``00001.jpg`` and for ``1.0``, as spreadsheets make of it; nothing for what is no number."""
    found = re.fullmatch(r"0*(\d+)(?:\.0)?", _ENDING.sub("", bare(file)))
    return found[1] if found else ""


def _agreed(files: Collection[str], given: Mapping[str, TableRow]) -> str:
    """One of ``files``, where all say the same; else none."""
    return min(files) if len({given[file] for file in files}) == 1 else ""


def _of_one_part(said: Mapping[str, str], table: str) -> Mapping[str, str]:
    """``said``, files of a table by names of pictures, without pictures of other parts than the table is about."""
    parts: dict[str, set[Part | None]] = defaultdict(set)
    for name, file in said.items():
        parts[file].add(part_of(name))
    if all(len(found) < 2 or not file for file, found in parts.items()):
        return said
    about = called_after(table) or ("train" if any("train" in found for found in parts.values()) else None)
    return {name: file for name, file in said.items() if (part_of(file) or about) in (None, part_of(name))}


def called_after(table: str) -> Part | None:
    """The part that a table is called after: ``train.csv``, ``test_labels.csv``."""
    named = part_named(table.rpartition("/")[2].rpartition(".")[0])
    return next((part for part in PARTS if named is not None and named.meaning == part), None)


def part_of(name: str) -> Part | None:
    """The part that the first such folder around the picture ``name`` is called after."""
    named = (part_named(folder) for folder in name.split("/")[:-1])
    meanings = [each.meaning for each in named if each is not None and (each.customary or each.qualified)]
    return next((part for meaning in meanings for part in PARTS if meaning == part), None)


def bare(file: str) -> str:
    """The name of a file without its folders, and without what Label Studio puts before it."""
    return _UPLOADED.sub("", file.rpartition("/")[2])


def rows_of(file: Path, column: str = "") -> dict[str, TableRow]:
    """The rows of a table by the files that they name, labelled by its ``column`` of that name where one is given; none
    where it has none, or is no table of labels.
    """
    try:
        return of_records(label_records.read(file), column)
    except (ValueError, TypeError, LookupError, AttributeError):
        return {}


def is_called(name: str, column: str) -> bool:
    """Whether a column ``name`` is the ``column`` that was chosen, however its letters are encoded."""
    wanted = composed(column.strip())
    return bool(wanted) and composed(name.strip()) == wanted


def of_records(records: Sequence[Mapping[str, str]], column: str = "") -> dict[str, TableRow]:
    """What the ``records`` of a table say of the files that they name, see :func:`rows_of`."""
    chosen = next((name for name in (records[0] if records else ()) if is_called(name, column)), "")
    if column.strip() and not chosen:
        return {}
    records = records if chosen else label_records.with_label(records)
    columns: dict[tables.Meaning, str] = {
        meaning: tables.table_column(records, meaning) for meaning in ("file", "label", "part", "group")
    }
    if not columns["file"] or columns["file"] == chosen:
        return {}
    columns |= {meaning: "" for meaning, name in columns.items() if chosen and name == chosen}
    columns["label"] = chosen or in_words(records, columns["label"])
    found: dict[str, TableRow] = {}
    others = other_columns(records, columns) if columns["label"] else []
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
            found[file] = TableRow(label, meaning if meaning in ("train", "validation", "test") else None, group, facts)
    return found


def other_columns(records: Sequence[Mapping[str, str]], columns: Mapping[tables.Meaning, str]) -> list[str]:
    """The columns that say something else of a picture: not of each another thing, and none of one class each."""
    used = {columns["file"], columns["label"], columns["part"]}
    others = [name for name in (records[0] if records else ()) if name not in used]
    values = {name: {record.get(name, "").strip() for record in records} - {""} for name in others}
    return [name for name in others if 2 <= len(values[name]) <= len(records) / 2]


def in_words(records: Sequence[Mapping[str, str]], column: str) -> str:
    """The ``column`` of labels, or another that says the same in words where it has numbers alone, such as
    ``benign_malignant`` beside ``target``.
    """
    if not column or not all(record.get(column, "").strip().isdecimal() for record in records):
        return column
    for other in dict.fromkeys([*tables.columns_called(records, "label"), *records[0]]):
        pairs = {(record.get(column, "").strip(), record.get(other, "").strip()) for record in records}
        words = {word for _, word in pairs}
        if len(pairs) == len(words) == len(dict(pairs)) and not any(word.isdecimal() or not word for word in words):
            return other
    return column


def _plain(label: str) -> str:
    plain = "".join(letter for letter in label if letter.isprintable()).strip()
    return "" if plain.casefold() in _MISSING else plain


def _one_hot(record: Mapping[str, str], file: str) -> str:
    """The one class whose column says 1, where all other columns say 0."""
    values = {name: value.strip().lower() for name, value in record.items() if name != file}
    chosen = [name for name, value in values.items() if value in _YES]
    return chosen[0].strip() if len(chosen) == 1 and set(values.values()) <= {*_YES, *_NO} else ""
