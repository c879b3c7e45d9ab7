"""Which row of a table is about which picture: tables name files in full, from some folder on, or without an ending."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class NamedRows(Generic[Value]):
    """Values by the files that a table names, to be found by the names of pictures.

    A picture is meant by its name or an end of it from a folder on, and by a longer path that ends so, as those of
    another machine do. Where nothing is called exactly so, upper and lower case are the same; where nothing is then
    either, a file may stand without its ending. Nothing is found where several values would do.

    >>> rows = NamedRows([("C:/photos/cat/1.JPG", "tom"), ("cat/2.jpg", "kit"), ("17", "rex")])
    >>> [rows.of(name) for name in ("cat/1.jpg", "train/cat/2.jpg", "dog/17.png", "dog/2.png")]
    ['tom', 'kit', 'rex', None]
    """

    def __init__(self, rows: Iterable[tuple[str, Value]]) -> None:
        self._rows = [(file, value) for file, value in rows if file]
        self._exact = _ends(self._rows, str)
        self._folded: dict[str, set[Value]] | None = None

    def of(self, name: str) -> Value | None:
        """What is said of the picture ``name``; None for nothing, or several things."""
        if (found := _found(self._exact, name)) is not None:
            return found
        if self._folded is None:
            self._folded = _ends(self._rows, _fold)
        folded = _fold(name)
        if (found := _found(self._folded, folded)) is not None:
            return found
        folder, _, last = folded.rpartition("/")
        stem = last.rpartition(".")[0]
        return _found(self._folded, f"{folder}/{stem}" if folder else stem) if stem else None


def written_path(written: str) -> str:
    """A path as tables have it, with slashes and without what leads nowhere."""
    return written.strip().replace("\\", "/").removeprefix("./")


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _ends(rows: Iterable[tuple[str, Value]], key: Callable[[str], str]) -> dict[str, set[Value]]:
    """All values by each end of their file's path; a whole path is what it says, whatever others end so."""
    whole: dict[str, set[Value]] = defaultdict(set)
    ends: dict[str, set[Value]] = defaultdict(set)
    for file, value in rows:
        folded = key(file)
        whole[folded].add(value)
        pieces = folded.split("/")
        for start in range(1, len(pieces)):
            ends["/".join(pieces[start:])].add(value)
    return {**ends, **whole}


def _found(ends: dict[str, set[Value]], name: str) -> Value | None:
    pieces = name.split("/")
    for start in range(len(pieces)):
        if values := ends.get("/".join(pieces[start:])):
            return next(iter(values)) if len(values) == 1 else None
    return None
