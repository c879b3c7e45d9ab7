"""Runs, epochs, scores and predictions as pandas tables, and as CSV, JSON or Parquet.

The tables of a report take the plain JSON values of :meth:`resnet_studio.evaluation.report.Report.to_json`, so that
reports of earlier versions have them too.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, get_args

from resnet_studio.errors import RunError

if TYPE_CHECKING:
    from pandas import DataFrame

    from resnet_studio.config import TrainConfig
    from resnet_studio.events import EpochFinished

Format = Literal["csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
MEDIA: Mapping[Format, str] = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_DIGITS = 6


def has_parquet() -> bool:
    """Whether Parquet can be written: pyarrow is optional."""
    return importlib.util.find_spec("pyarrow") is not None


def formats() -> tuple[Format, ...]:
    """The formats that can be written here."""
    return tuple(each for each in FORMATS if each != "parquet" or has_parquet())


def classes(report: Mapping[str, Any]) -> DataFrame:
    """One row a class, and one for all: pictures, correct, precision, recall, f1."""
    scores = ("precision", "recall", "f1")
    rows: list[list[object]] = [
        [row["name"], row["support"], row["correct"], *(round(row[score], _DIGITS) for score in scores)]
        for row in report["per_class"]
    ]
    total, right = (sum(row[key] for row in report["per_class"]) for key in ("support", "correct"))
    rows.append(["(all)", total, right, None, round(report["accuracy"], _DIGITS), round(report["macro_f1"], _DIGITS)])
    return _table(["class", "pictures", "correct", *scores], rows)


def confusion(report: Mapping[str, Any]) -> DataFrame:
    """One row a true class, one column a predicted one: numbers of pictures."""
    names = report["classes"]
    rows = [[name, *row] for name, row in zip(names, report["confusion"], strict=True)]
    return _table(["true class", *names], rows)


def predictions(report: Mapping[str, Any]) -> DataFrame:
    """One row a test picture: what it is, what the model predicted, and the probability of every class."""
    names = report["classes"]
    rows = [
        [
            picture["name"],
            names[picture["true"]],
            names[picture["predicted"]],
            round(picture["probability"], _DIGITS),
            "yes" if picture["true"] == picture["predicted"] else "no",
            *(round(score, _DIGITS) for score in picture["scores"]),
        ]
        for picture in report["pictures"]
    ]
    return _table(["picture", "true", "predicted", "probability", "correct", *names], rows)


def epochs(finished: Sequence[EpochFinished]) -> DataFrame:
    """One row an epoch: losses, accuracies, learning rate, speed and seconds; whether its model was the best so far."""
    left_out = ("number", "time")
    rows = [{key: value for key, value in asdict(epoch).items() if key not in left_out} for epoch in finished]
    return _table(list(rows[0]) if rows else ["epoch"], [list(row.values()) for row in rows])


def runs(rows: Sequence[tuple[Mapping[str, Any], TrainConfig | None]]) -> DataFrame:
    """One row a run: what the command ``runs`` says of it, then its settings as trained, empty where they are lost."""
    from resnet_studio.config import TrainConfig

    facts = list(dict.fromkeys(name for row, _ in rows for name in row)) or ["run"]
    own = [name for name in TrainConfig().to_json() if name not in facts]
    cells = []
    for row, config in rows:
        values = {} if config is None else config.to_json()
        cells.append([*(_in_words(row.get(name)) for name in facts), *(values.get(name) for name in own)])
    return _table([*facts, *own], cells)


def _in_words(value: object) -> object:
    if isinstance(value, Mapping):  # which part of which study
        return f"{value['kind']} {value['part']} of {value['of']}"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def encoded(table: DataFrame, format: Format) -> bytes:
    """``table`` as a file of ``format``. Raises :class:`RunError` for Parquet where pyarrow is missing."""
    if format == "csv":
        return _csv(table).encode("utf-8-sig")  # with the mark, spreadsheets read names in any script
    if format == "json":
        return f"{_distinct(table).to_json(orient='records', force_ascii=False, indent=1)}\n".encode(errors="replace")
    if not has_parquet():
        raise RunError("error.tables.parquet")
    return _distinct(table).convert_dtypes().to_parquet(index=False, engine="pyarrow")


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV that a spreadsheet opens as text and numbers only.

    A text beginning with ``= + - @``, a tab or a return gets an apostrophe in front, so that it is not run as a formula
    (OWASP, CSV injection).
    """
    return _csv(_table(heading, [list(row) for row in rows]))


def _table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> DataFrame:
    """A table of plain objects: no column of whole numbers turns into fractions because a cell is empty."""
    from pandas import DataFrame

    return DataFrame([list(row) for row in rows], columns=list(heading), dtype=object)


def _csv(table: DataFrame) -> str:
    harmless = table.map(_harmless)
    harmless.columns = [_harmless(name) for name in table.columns]
    return harmless.to_csv(index=False, lineterminator="\r\n")


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_DANGEROUS) else cell


def _distinct(table: DataFrame) -> DataFrame:
    """``table`` without two columns of one name: a class may be called like a column of ours."""
    names: list[str] = []
    for name in map(str, table.columns):
        count, free = 1, name
        while free in names:
            count += 1
            free = f"{name} ({count})"
        names.append(free)
    return table.set_axis(names, axis="columns")
