"""Which row of a table is about which picture: tables name files in full, from some folder on, or without an ending."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar
from urllib.parse import unquote

Value = TypeVar("Value")


class NamedRows(Generic[Value]):
    """Values by the files that a table names, to be found by the names of pictures.

    A picture is meant by its name or an end of it from a folder on, and by a longer path that ends so, as those of
    another machine do. Where nothing is called exactly so, upper and lower case are the same; where nothing is then
    either, a file may stand without its ending. Nothing is found where several values would do.

    Paths that end alike and begin differently mean the same file only where none of ``names``, the pictures there are,
    is meant in full: ``a/1.jpg`` says nothing of ``b/1.jpg`` beside ``a/1.jpg``.

    >>> rows = NamedRows([("C:/photos/cat/1.JPG", "tom"), ("cat/2.jpg", "kit"), ("17", "rex")])
    >>> [rows.of(name) for name in ("cat/1.jpg", "train/cat/2.jpg", "dog/17.png", "dog/2.png")]
    ['tom', 'kit', 'rex', None]
    >>> NamedRows([("a/1.jpg", "tom")], ["a/1.jpg", "b/1.jpg"]).of("b/1.jpg") is None
    True
    """

    def __init__(self, rows: Iterable[tuple[str, Value]], names: Iterable[str] = ()) -> None:
        self._rows = [(file, value) for file, value in rows if file]
        self._names = tuple(names)
        self._exact = _Ends(self._rows, str, self._names)
        self._folded: _Ends[Value] | None = None

    def of(self, name: str) -> Value | None:
        """What is said of the picture ``name``; None for nothing, or several things."""
        found = self.all_of(name)
        return next(iter(found)) if len(found) == 1 else None

    def all_of(self, name: str) -> set[Value]:
        """All that is said of the picture ``name``."""
        if found := self._exact.of(name):
            return found
        if self._folded is None:
            self._folded = _Ends(self._rows, _fold, self._names)
        folded = _fold(name)
        return self._folded.of(folded) or self._folded.of(without_ending(folded))


def written_path(written: str) -> str:
    """A path as tables have it, with slashes and without what leads nowhere; of an address, the path in it.

    >>> written_path(".\\\\a\\\\1.jpg"), written_path("https://x.org/a/my%20cat.jpg?key=1")
    ('a/1.jpg', 'x.org/a/my cat.jpg')
    >>> written_path("/data/local-files/?d=a/my%20cat.jpg")
    '/data/local-files/a/my cat.jpg'
    """
    path = written.strip().replace("\\", "/").removeprefix("./")
    if "://" in path or path.startswith("/data/"):  # the second as Label Studio has it
        path, _, query = path.rpartition("://")[2].partition("?")
        path = unquote(path + query.removeprefix("d=") if query.startswith("d=") else path)
    return path


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def without_ending(name: str) -> str:
    """``cat/1`` for ``cat/1.jpg``."""
    folder, _, last = name.rpartition("/")
    stem = last.rpartition(".")[0]
    return f"{folder}/{stem}" if folder and stem else stem


class _Ends(Generic[Value]):
    """All values by the ends of their files' paths."""

    def __init__(self, rows: Sequence[tuple[str, Value]], key: Callable[[str], str], names: Sequence[str]) -> None:
        files = [(key(file), value) for file, value in rows]
        self._whole: dict[str, set[Value]] = defaultdict(set)
        for file, value in files:
            self._whole[file].add(value)
        self._longer = _by_ends(files)
        meant = self._meant(names, key)
        self._similar = _by_ends((file, value) for file, value in files if file not in meant) if meant else self._longer

    def of(self, name: str) -> set[Value]:
        """The values of files whose path is ``name`` or an end of it, else ends with it, else ends as it does."""
        ends = list(_ends(name)) if name else []
        for kind in (self._whole, {ends[0]: self._longer.get(ends[0], set())} if ends else {}, self._similar):
            for end in ends:
                if values := kind.get(end):
                    return values
        return set()

    def _meant(self, names: Sequence[str], key: Callable[[str], str]) -> set[str]:
        """The files whose path is one of ``names``, an end of it, or ends with it."""
        keys = [name for each in names for name in (key(each), without_ending(key(each)))]
        meant = {end for name in keys for end in _ends(name) if end in self._whole}
        known = set(keys)
        return meant | {file for file in self._whole if any(end in known for end in _ends(file))} if names else set()


def _ends(path: str) -> Iterator[str]:
    """``path`` and its ends from a folder on, the longest first."""
    pieces = path.split("/")
    return ("/".join(pieces[start:]) for start in range(len(pieces)))


def _by_ends(rows: Iterable[tuple[str, Value]]) -> dict[str, set[Value]]:
    found: dict[str, set[Value]] = defaultdict(set)
    for file, value in rows:
        for end in _ends(file):
            found[end].add(value)
    return found
