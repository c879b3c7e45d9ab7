"""What an uploaded data set holds besides the pictures that are used, for as long as it may be read in another way."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from resnet_studio.data import names
from resnet_studio.data.archive import Unpacked
from resnet_studio.data.checkup import inspect
from resnet_studio.data.choices import Choices
from resnet_studio.data.dataset import Dataset
from resnet_studio.data.problem import Problem
from resnet_studio.data.zip_names import Guess
from resnet_studio.durable import renamed, write_json
from resnet_studio.errors import DataError

FILE = "contents.json"
VERSION = 1
_NAMES_SHOWN = 200


def open_to_choice(dataset: Dataset) -> bool:
    """Whether the user chose how ``dataset`` is read, or may still do so."""
    return dataset.choices != Choices() or any(finding.offers for finding in inspect(dataset))


def with_guess(dataset: Dataset, guess: Guess | None) -> Dataset:
    """``dataset`` with a note that the names in it are guessed; without one where no guess was needed."""
    if guess is None:
        return dataset
    shown = tuple(sorted(guess.raw, key=names.natural)[:_NAMES_SHOWN])
    note = Problem("guessed_names", shown, (guess.encoding, *guess.others()))
    return replace(dataset, problems=(*dataset.problems, note))


def write_contents(unpacked: Unpacked, folder: Path) -> None:
    """Record what ``folder`` holds, and what was left out when it was filled."""
    guess = unpacked.guess
    values = {
        "version": VERSION,
        "pictures": [[name, path.relative_to(folder).as_posix()] for name, path in unpacked.pictures],
        "folders": list(unpacked.folders),
        "left_out": unpacked.left_out,
        "encoding": guess.encoding if guess else "",
        "raw": {name: raw.hex() for name, raw in guess.raw.items()} if guess else {},
    }
    write_json(folder / FILE, values)


def read_contents(kept: Path, folder: Path, encoding: str) -> Unpacked:
    """What the data set in ``kept`` holds, linked or copied into ``folder``; names are read again in ``encoding``.

    Raises :class:`DataError` where that was not recorded, or names cannot be in ``encoding``.
    """
    try:
        values = json.loads((kept / FILE).read_text(encoding="utf-8"))
        pictures = [(str(name), str(where)) for name, where in values["pictures"]]
        raw = {str(name): bytes.fromhex(digits) for name, digits in values["raw"].items()}
        guess = Guess(values["encoding"], raw) if raw else None
        unpacked = Unpacked((), tuple(values["folders"]), values["left_out"], guess)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DataError("error.data.not_kept") from error
    new = _renaming(guess, encoding) if guess and encoding not in ("auto", guess.encoding) else {}
    names.check((new.get(name, name) for name, _ in pictures), "zip")
    stored = tuple((new.get(name, name), linked(kept / where, folder / where)) for name, where in pictures)
    left_out = {kind: [new.get(name, name) for name in some] for kind, some in unpacked.left_out.items()}
    if new and guess:
        guess = Guess(encoding, {new[name]: raw for name, raw in guess.raw.items()})
    folders = tuple(new.get(f"{name}/", name).rstrip("/") for name in unpacked.folders)
    return Unpacked(stored, _still_there(folders, new), left_out, guess)


def _renaming(guess: Guess, encoding: str) -> dict[str, str]:
    try:
        return {name: raw.decode(encoding).replace("\\", "/") for name, raw in guess.raw.items()}
    except UnicodeDecodeError as error:
        some = names.shown(next(iter(guess.raw)))
        raise DataError("error.zip.encoding", name=some, encoding=encoding) from error


def _still_there(folders: Iterable[str], new: dict[str, str]) -> tuple[str, ...]:
    """``folders`` without those that only a former reading of a name made."""
    former = {name.rpartition("/")[0] for name in new}
    return tuple(folder for folder in folders if folder not in former)


def linked(source: Path, target: Path) -> Path:
    """``target`` with the bytes of ``source``: a hard link where there are such, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return target
    try:
        os.link(source, target)
    except OSError:
        try:
            shutil.copyfile(source, target)
        except FileNotFoundError as error:
            raise DataError("error.data.not_kept") from error
    return target


def add_missing(folder: Path, kept: Path) -> None:
    """Move the pictures and the contents of ``folder`` that ``kept`` lacks into it."""
    for path in folder.rglob("*"):
        target = kept / path.relative_to(folder)
        if path.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            renamed(path, target)
