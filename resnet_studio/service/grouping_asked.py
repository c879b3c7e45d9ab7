"""What a page wants kept together: by names, folders, times, a column, or a table that it sends along."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from resnet_studio.errors import DataError
from resnet_studio.grouping import SECONDS, Grouping, Kind, parse

if TYPE_CHECKING:
    from resnet_studio.workspace import Workspace

MOST_TABLE_BYTES = 4 * 2**20


@contextmanager
def asked_for(workspace: Workspace, kind: str, seconds: object, column: str, table: bytes) -> Iterator[Grouping]:
    """The grouping of a ``kind``; where that is ``csv``, ``table`` lies in a file as long as this is open.

    Raises :class:`ConfigError` or :class:`DataError` for what makes no sense.
    """
    if kind not in get_args(Kind):
        raise DataError("error.edit.no_pictures")
    if kind == "time":
        yield parse(f"time:{seconds or SECONDS}")
    elif kind == "column":
        yield Grouping("column", column=column)
    elif kind != "csv":
        yield parse(kind)
    else:
        if len(table) > MOST_TABLE_BYTES:
            raise DataError("error.groups.large_table")
        folder = workspace.new_folder("temporary", "table")
        try:
            file = folder / "table.csv"
            file.write_bytes(table)
            yield Grouping("csv", file=str(file), column=column)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def columns_in(grouping: Grouping) -> dict[str, Any]:
    """The columns of the table of ``grouping``, and the one that is meant where there is none chosen.

    Raises :class:`DataError` where no column has the files' names, or there is no other one.
    """
    from resnet_studio.data import group_tables, tables

    rows = tables.read_rows(Path(grouping.file))
    of_file, columns = group_tables.columns_of(rows)
    if not of_file or not columns:
        raise DataError("error.groups.columns", file=Path(grouping.file).name)
    return {"columns": columns, "column": grouping.column or group_tables.usual_column(rows)}
