"""Names of files that come from elsewhere: which are refused, which are junk, what two of them may not share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

from resnet_studio.errors import DataError

Upload = Literal["zip", "picked"]

NAME_BYTES = 255
PATH_BYTES = 4096
_JUNK = {
    "__macosx", "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r", "$recycle.bin",
    "system volume information", "@eadir", "lost+found",
}  # fmt: skip
_HIDDEN = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufffe\\uffff\\ud800-\\udfff]"
)
_DIRECTION = re.compile("[\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]")
_NUMBER = re.compile(r"([0-9]+)")
_COPY = re.compile(r"(?<=\S)(?: (?:copy|kopie|copie|copia|副本))?(?: \([1-9]\d?\))?$")
_DRIVE = re.compile(r"[A-Za-z]:")


def is_junk(name: str) -> bool:
    """Whether any part of the POSIX path ``name`` is hidden, or is what a system leaves in folders unasked.

    >>> is_junk("cat/.DS_Store"), is_junk("__MACOSX/cat/1.jpg"), is_junk("cat/1.jpg")
    (True, True, False)
    """
    return any(part.startswith(".") or part.casefold() in _JUNK for part in name.split("/"))


def shown(name: str, length: int = 80) -> str:
    """``name`` for a sentence: control and direction signs are escaped, and the middle of a long name left out."""
    escaped = "".join(ascii(letter)[1:-1] if _HIDDEN.match(letter) else letter for letter in name)
    return escaped if len(escaped) <= length else f"{escaped[: length // 2]}…{escaped[-length // 2 + 1 :]}"


def undirected(text: str) -> str:
    """``text`` for a terminal: signs that turn the direction of what follows are escaped, and the rest stays as it is.

    >>> print(undirected("cat" + chr(0x202E) + "god"))
    cat\\u202egod
    """
    return _DIRECTION.sub(lambda found: ascii(found[0])[1:-1], text)


def printable(name: str) -> bool:
    """Whether ``name`` can be stored and shown: no control characters, no bytes that are not Unicode."""
    return name.isprintable() or not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)


def natural(name: str) -> tuple[tuple[str | int, ...], str]:
    """A key that sorts names as people do: 2 before 10.

    >>> sorted(["img10", "img2"], key=natural)
    ['img2', 'img10']
    """
    pieces: list[str | int] = list(_NUMBER.split(name))
    pieces[1::2] = [int(piece) for piece in pieces[1::2]]
    return tuple(pieces), name


def comparison_key(name: str) -> str:
    """A key, equal for names that a reader takes for the same: Unicode form, case, blanks and signs for blanks, zeros
    before a number, and what a system puts behind the name of a copy.

    >>> comparison_key("Big_Cat"), comparison_key("big cat (1)"), comparison_key("big cat - Copy")
    ('big cat', 'big cat', 'big cat')
    >>> comparison_key("00007"), comparison_key("007 bond")
    ('7', '007 bond')
    """
    folded = re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", name).casefold()).strip(" .")
    folded = _COPY.sub("", folded)
    folded = (folded.lstrip("0") or "0") if folded.isdecimal() else folded
    return unicodedata.normalize("NFC", folded) or name


def composed(name: str) -> str:
    """``name`` in Unicode's composed form, in which names are compared: macOS writes the other."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def check(names: Iterable[str], upload: Upload) -> None:
    """Refuse what no honest folder contains; nothing is ever repaired. A name that ends in ``/`` is a folder.

    Raises :class:`DataError` for a path that is absolute or climbs, has a drive, a backslash or control characters,
    is too long, equals another but for its Unicode form, or is a file where another has a folder. Names that differ in
    case or blanks are two: no name becomes a path here, and :class:`.portable_names.FreeNames` gives out those that do.
    """
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for given in names:
        # macOS marks folders with a file of this name
        name = given[:-1] if given.endswith("Icon\r") else given
        if not _safe(name):
            raise DataError(f"error.{upload}.unsafe_name", entry=shown(name))
        path = name.rstrip("/")
        parts = path.split("/")
        for depth in range(1, len(parts) + name.endswith("/")):
            _enter(folders, "/".join(parts[:depth]), upload)
        if not name.endswith("/"):
            key = composed(path)
            if key in seen:
                raise DataError(f"error.{upload}.same_name", entry=shown(name), other=shown(seen[key]))
            seen[key] = path
    for key in seen.keys() & folders.keys():
        raise DataError(f"error.{upload}.file_and_folder", entry=shown(seen[key]))


def _enter(folders: dict[str, str], folder: str, upload: Upload) -> None:
    known = folders.setdefault(composed(folder), folder)
    if known != folder:
        raise DataError(f"error.{upload}.same_name", entry=shown(folder), other=shown(known))


def _safe(name: str) -> bool:
    path = name[:-1] if name.endswith("/") else name
    if not path or "\\" in path or _DRIVE.match(path) or not printable(path):
        return False
    try:
        lengths = [len(part.encode()) for part in path.split("/")]
    except UnicodeEncodeError:
        return False
    if sum(lengths) > PATH_BYTES or max(lengths) > NAME_BYTES:
        return False
    return not any(_climbs(part) for part in path.split("/"))


def _climbs(part: str) -> bool:
    """Whether ``part`` is empty or nothing but dots, also where Unicode has other signs for dots and slashes."""
    if part.isascii():
        return not part.strip(" .")
    plain = re.split(r"[/\\]", unicodedata.normalize("NFKC", part).replace("\u2044", "/").replace("\u2215", "/"))
    return any(not piece.strip(" .") for piece in plain)
