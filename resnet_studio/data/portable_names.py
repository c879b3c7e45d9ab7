"""Names of files that Windows, macOS and Linux all hold, and that no two files share on any of them."""

from __future__ import annotations

import unicodedata

LONGEST = 120
"""Characters of a file's or a folder's name."""
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")}


def portable(name: str) -> str:
    """``name`` as Windows, macOS and Linux all hold it: composed, no signs that one of them forbids, not too long.

    >>> portable("a/b: <c>"), portable(".."), portable("con")
    ('a_b_ _c_', '_', 'con_')
    """
    plain = unicodedata.normalize("NFC", name).translate(_FORBIDDEN)
    plain = "".join("_" if unicodedata.category(each) in ("Cc", "Cf", "Cs") else each for each in plain)
    plain = plain[:LONGEST].rstrip(" .").lstrip(" ")
    if plain.startswith("."):  # hidden, and left out when the set is opened again
        plain = f"_{plain[1:]}"
    while len(plain.encode()) > 200:
        plain = plain[:-1].rstrip(" .")
    return f"{plain}_" if plain.partition(".")[0].casefold() in _RESERVED else plain or "_"


class FreeNames:
    """Gives out paths (POSIX), no two of which any file system takes for the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def take(self, path: str) -> str:
        """``path``, with a number in front of its ending where it is taken."""
        folder, slash, name = path.rpartition("/")
        stem, dot, ending = name.rpartition(".")
        free, wanted = path, key(path)
        while (found := key(free)) in self._taken:
            count = self._next[wanted] = self._next.get(wanted, 1) + 1
            free = f"{folder}{slash}{stem} ({count}).{ending}" if dot and stem else f"{path} ({count})"
        self._taken.add(found)
        return free


def key(path: str) -> str:
    """Equal for paths that some file system takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", path).casefold())
