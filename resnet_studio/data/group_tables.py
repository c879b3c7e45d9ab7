"""Groups of pictures that a table gives: one from a file, or the one that came with the data set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from resnet_studio.data import facts
from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.named_rows import NamedRows, written_path
from resnet_studio.data.names import shown
from resnet_studio.data.tables import read_rows, table_column
from resnet_studio.errors import DataError
from resnet_studio.grouping import Grouping

_SHOWN = 12

Rows = Sequence[Mapping[str, str]]


def by_table(samples: Sequence[Sample], grouping: Grouping) -> list[str]:
    """The groups that the table of ``grouping`` gives ``samples``, by their names or the ends of these; "" for none.

    Without a column it is the one that is called as groups are, or the only one beside the files' names. Raises
    :class:`DataError` for a table without such a column.
    """
    file, column = Path(grouping.file), grouping.column
    if not column and not file.exists():
        named, _, column = grouping.file.rpartition("#")
        file = Path(named or grouping.file)
    rows = read_rows(file)
    of_file, columns = columns_of(rows)
    chosen = column or usual_column(rows)
    if not of_file:
        raise DataError("error.groups.columns", file=shown(file.name))
    if not chosen or chosen not in columns:
        known = [shown(name) for name in columns[:_SHOWN]]
        raise DataError("error.groups.which", file=shown(file.name), column=shown(column), known=known)
    said = ((written_path(row.get(of_file, "")), row.get(chosen, "").strip()) for row in rows)
    given = NamedRows(said, (sample.name for sample in samples))
    return [given.of(sample.name) or "" for sample in samples]


def columns_of(rows: Rows) -> tuple[str, list[str]]:
    """The column of ``rows`` with the files' names, empty where there is none, and the others."""
    of_file = table_column(rows, "file")
    return of_file, [name for name in rows[0] if name not in (of_file, "")] if rows else []


def usual_column(rows: Rows) -> str:
    """The column of groups by what it is called, or the only one beside the files; empty where there are more."""
    others = columns_of(rows)[1]
    return table_column(rows, "group") or (others[0] if len(others) == 1 else "")


def own_columns(dataset: Dataset) -> list[str]:
    """The columns of the table that came with ``dataset``, as far as they say the same of several pictures."""
    values: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for sample in dataset.samples:
        for column, value in facts.unpacked(sample.facts).items():
            values[column].add(value)
            counts[column] += 1
    return sorted(column for column, found in values.items() if 1 < len(found) < counts[column])


def by_column(dataset: Dataset, column: str) -> list[str]:
    """The entry of each picture in the ``column`` of the table that came with ``dataset``; "" for none.

    Raises :class:`DataError` where there is no such column.
    """
    found = [facts.unpacked(sample.facts).get(column, "") for sample in dataset.samples]
    if not any(found):
        known = own_columns(dataset)[:_SHOWN]
        key = "error.groups.column" if known else "error.groups.no_table"
        raise DataError(key, name=shown(dataset.name), column=shown(column), known=known)
    return found
