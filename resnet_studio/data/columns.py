"""Rows of a frozen dataclass as one list a field: in JSON a third of the size of one object a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

Row = TypeVar("Row")
_PLAIN: Mapping[object, type] = {"str": str, "int": int}


def to_columns(rows: Sequence[Any], kind: type, later: Sequence[str]) -> dict[str, list[Any]]:
    """``rows`` of ``kind`` as columns; those named in ``later`` only where a row has anything in them."""
    columns = {spec.name: [getattr(row, spec.name) for row in rows] for spec in fields(kind)}
    return {column: values for column, values in columns.items() if column not in later or any(values)}


def from_columns(columns: Mapping[str, Sequence[Any]], kind: type[Row], later: Sequence[str]) -> tuple[Row, ...]:
    """Read what :func:`to_columns` wrote, or an earlier version without the columns that came ``later``.

    Raises ``TypeError`` where a text or a number is anything else.
    """
    plain = {spec.name: _PLAIN[spec.type] for spec in fields(kind) if spec.type in _PLAIN}  # type: ignore[arg-type]
    if any(set(map(type, columns[name])) - {allowed} for name, allowed in plain.items() if name in columns):
        raise TypeError("a column holds values of another kind")
    names = [spec.name for spec in fields(kind)]  # type: ignore[arg-type]
    written = [name for name in names if name in columns or name not in later]
    if written == names[: len(written)]:
        return tuple(kind(*row) for row in zip(*(columns[name] for name in written), strict=True))
    rows = zip(*(columns[name] for name in written), strict=True)
    return tuple(kind(**dict(zip(written, row, strict=True))) for row in rows)
