"""The rows of a table of labels, whichever form it has: CSV with or without a line of names, JSON lines, JSON."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from resnet_studio.data import tables
from resnet_studio.data.formats import PICTURE_ENDINGS
from resnet_studio.data.part_names import part_named
from resnet_studio.errors import DataError

Record = Mapping[str, str]
_VAGUE = ("", "id", "name")
"""Columns that may name the pictures, or something else beside them."""
_KNOWN: tuple[tables.Meaning, ...] = ("file", "label", "part", "group")


def read(file: Path) -> Sequence[Record]:
    """The rows of a table by column; none where ``file`` is no table."""
    try:
        text = tables.read_text(file)
        if text.lstrip()[:1] in ("[", "{"):
            return _with_all_columns(_of_json(text))
        return named(tables.rows_in(text, "rows.csv"))
    except (OSError, ValueError, DataError, TypeError, LookupError, AttributeError, RecursionError):
        return ()


def _with_all_columns(records: Sequence[Record]) -> Sequence[Record]:
    """``records``, the first of which, by which columns are known, has all that any has: JSON may leave out keys."""
    every = dict.fromkeys(chain.from_iterable(records), "")
    return [{**every, **records[0]}, *records[1:]] if records else ()


def named(records: Sequence[Record]) -> Sequence[Record]:
    """``records`` where a first line that is no names, but a file and what is said of it, is a row as well."""
    columns = list(records[0]) if records else []
    first = next((column for column in columns if column.strip().lower().endswith(PICTURE_ENDINGS)), None)
    if first is None:
        return _with_files(records)
    if any(tables.table_column(records, meaning) for meaning in _KNOWN):
        return records
    every = [dict(zip(columns, columns, strict=True)), *records]
    parts = next((column for column in columns if column != first and _are_parts(each[column] for each in every)), None)
    names = {first: "file", **({parts: "part"} if parts is not None else {})}
    others = [column for column in columns if column not in names]
    words = [column for column in others if not all(_is_number(each[column]) for each in every)]
    chosen = next((some for some in (others, words) if len(some) == 1), [])  # boxes are numbers beside the label
    names |= dict.fromkeys(chosen, "label")
    return [{names.get(key, key): value for key, value in record.items()} for record in every]


def _with_files(records: Sequence[Record]) -> Sequence[Record]:
    """``records`` whose one column of names of pictures is called in a way that is not known, with a name that is."""
    if tables.table_column(records, "file").lower() not in _VAGUE:
        return records
    columns = list(records[0]) if records else []
    files = [column for column in columns if all(_is_picture(record.get(column, "")) for record in records)]
    if len(files) != 1:
        return records
    return [{"file" if key == files[0] else key: value for key, value in record.items()} for record in records]


def _is_picture(value: str) -> bool:
    return value.strip().lower().endswith(PICTURE_ENDINGS)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"\s*-?\d+(?:[.,]\d+)?\s*", value) is not None


def _are_parts(values: Iterable[str]) -> bool:
    """Whether a column says the parts, as the first of Google's tables does: ``TRAIN,gs://pets/1.jpg,cat``."""
    return all(part_named(value) is not None or value == "UNASSIGNED" for value in values)


def with_label(records: Sequence[Record]) -> Sequence[Record]:
    """``records`` of two columns, none of them called as labels are, with what stands beside the files as the label.

    What is another thing of nearly each picture is none.
    """
    columns = list(records[0]) if records else []
    file = tables.table_column(records, "file")
    if len(columns) != 2 or not file or any(tables.table_column(records, meaning) for meaning in _KNOWN[1:]):
        return records
    (other,) = (column for column in columns if column != file)
    if len({record.get(other, "") for record in records}) > len(records) / 2:
        return records
    return [{"file": record.get(file, ""), "label": record.get(other, "")} for record in records]


def _of_json(text: str) -> Sequence[Record]:
    try:
        found = json.loads(text)
    except ValueError:
        return [_flat(record) for record in tables.rows_in(text, "rows.jsonl")]
    if isinstance(found, list):
        return [_flat(record) for record in found]
    if {"images", "annotations", "categories"} <= found.keys():
        return _of_coco(found)
    if all(isinstance(value, (str, int)) for value in found.values()) and not found.keys() & {"file", "file_name"}:
        return [{"file": str(file), "label": str(label)} for file, label in found.items()]
    return [_flat(found)]


def _plain(value: Any) -> str:
    """A value as a cell; of several choices, the only one."""
    if isinstance(value, Mapping) and isinstance(value.get("choices"), list):
        value = value["choices"]
    if isinstance(value, list) and len(value) <= 1:
        value = value[0] if value else None
    return "" if value is None or isinstance(value, (list, Mapping)) else str(value)


def _of_coco(found: Mapping[str, Any]) -> Sequence[Record]:
    """A picture's label is its one category; where boxes in it are of several, it has none."""
    names = {each["id"]: str(each["name"]) for each in found["categories"]}
    of: dict[object, set[str]] = defaultdict(set)
    for each in found["annotations"]:
        of[each["image_id"]].add(names[each["category_id"]])
    return [
        {"file": str(each["file_name"]), "label": next(iter(of[each["id"]])) if len(of[each["id"]]) == 1 else ""}
        for each in found["images"]
    ]


def _flat(record: Mapping[str, Any]) -> Record:
    """One task of Label Studio, in its long or its short form, or any other record, as a row."""
    if "annotations" not in record:
        return {str(key): _plain(value) for key, value in record.items()}
    results = [result for each in record["annotations"] for result in each.get("result", ())]
    chosen = [choice for result in results for choice in result.get("value", {}).get("choices", ())]
    data = {str(key): str(value) for key, value in record.get("data", {}).items()}
    return {**data, "label": chosen[0] if len(set(chosen)) == 1 else ""}
