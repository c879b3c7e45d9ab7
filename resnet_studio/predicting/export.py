"""The answers of a prediction job as a file: CSV and JSON a row at a time, Parquet as a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resnet_studio.durable import json_bytes, replacing
from resnet_studio.errors import DataError, StudioError
from resnet_studio.evaluation import tables
from resnet_studio.predicting.copies import cells_of, csv_pieces
from resnet_studio.predicting.jobs import Job
from resnet_studio.predicting.rows import AnswerRow


def pieces(job: Job, format: tables.Format) -> Iterator[bytes]:
    """The answers so far in ``format``. Raises :class:`RunError` for Parquet where pyarrow is missing."""
    if format == "csv":
        return csv_pieces(job)
    return _json(job) if format == "json" else iter([tables.encoded(_table(job), "parquet")])


def _json(job: Job) -> Iterator[bytes]:
    """A list of objects like those of the command ``predict``."""
    before = b"[\n"
    for picture, row in zip(job.pictures(), job.rows, strict=False):
        yield before + json_bytes(as_json(picture.name, row, job.request.classes))
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def as_json(name: str, row: AnswerRow, classes: tuple[str, ...]) -> dict[str, Any]:
    """One row as plain JSON values."""
    if row.error is not None:
        return {"file": name, "error": row.error.sentence()}
    scores = dict(zip(classes, row.scores, strict=True))
    ranked = dict(sorted(scores.items(), key=lambda each: -each[1]))
    return {"file": name, "label": classes[row.best], "probability": row.scores[row.best], "level": row.level,
            "scores": ranked}  # fmt: skip


def _table(job: Job) -> Any:
    from pandas import DataFrame

    classes = job.request.classes
    columns = ["picture", "answer", "probability", "sure", *classes, "problem"]
    rows = zip(job.pictures(), job.rows, strict=False)
    cells = ([_cell(each) for each in cells_of(picture.name, row, classes)] for picture, row in rows)
    return DataFrame(cells, columns=columns, dtype=object)


def _cell(value: object) -> object:
    """Empty cells are missing values; a name that is no Unicode cannot be stored."""
    return (value.encode("utf-8", "replace").decode() or None) if isinstance(value, str) else value


def save(job: Job, target: Path) -> Path:
    """Write the answers to ``target``, a file that ends in .csv, .json or .parquet, or a folder for the CSV.

    Raises :class:`DataError` for another ending.
    """
    ending = target.suffix.lower().removeprefix(".")
    if target.is_dir() or not ending:
        target, ending = target / "predictions.csv", "csv"
    format = next((each for each in tables.FORMATS if each == ending), None)
    if format is None:
        raise DataError("error.predictions.format", name=target.name, formats=list(tables.FORMATS))
    with replacing(target) as temporary, temporary.open("wb") as file:
        for piece in pieces(job, format):
            file.write(piece)
    return target


def check_target(target: Path) -> None:
    """Raise what :func:`save` would raise, before hours of work."""
    ending = target.suffix.lower().removeprefix(".")
    if ending and not target.is_dir() and ending not in tables.FORMATS:
        raise DataError("error.predictions.format", name=target.name, formats=list(tables.FORMATS))
    if ending == "parquet" and not tables.has_parquet():
        raise StudioError("error.tables.parquet")
