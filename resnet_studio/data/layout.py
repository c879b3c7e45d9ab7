"""What a tree of file names means: which folder is a class, which a part, what lies outside of both.

Pure: names in, places out, so that a zip, a picked folder and a path give the same data set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
_PART_NAMES: Mapping[str, Part] = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """``prefix`` is what was unwrapped (``"pets/"`` or nothing); ``parts`` maps folder names to preset parts."""

    prefix: str
    parts: Mapping[str, Part]

    def place(self, name: str) -> tuple[str, str | None, Part | None]:
        """The name after unwrapping, its class (None where it lies in no class folder) and its part."""
        if not name.startswith(self.prefix):
            return name, None, None
        inner = name[len(self.prefix) :]
        pieces = inner.split("/")
        if self.parts:
            part = self.parts.get(pieces[0])
            return inner, (pieces[1] if part and len(pieces) > 2 else None), part
        return inner, (pieces[0] if len(pieces) > 1 else None), None


def understand(names: Iterable[str]) -> Layout:
    """The layout of pictures called ``names`` (POSIX, relative, junk left out).

    A folder that alone holds everything, in folders of its own, is unwrapped. ``train`` beside ``val`` or ``test``,
    with folders inside, are preset parts.
    """
    paths = [name.split("/") for name in names]
    prefix: list[str] = []
    while True:
        inside = [path for path in paths if len(path) > 1]
        tops = {path[0] for path in inside}
        nested = {path[0] for path in inside if len(path) > 2}
        parts = {top: _PART_NAMES[top.lower()] for top in nested if top.lower() in _PART_NAMES}
        if "train" in parts.values() and len(set(parts.values())) > 1:
            return Layout("".join(prefix), parts)
        if len(tops) != 1 or not _is_wrapping(inside):
            return Layout("".join(prefix), {})
        prefix.append(f"{tops.pop()}/")
        paths = [path[1:] for path in inside]


def _is_wrapping(paths: list[list[str]]) -> bool:
    """Whether the one folder that ``paths`` begin with holds folders, and is no class with one folder inside."""
    folders = {path[1] for path in paths if len(path) > 2}
    return len(folders) > 1 or (len(folders) == 1 and all(len(path) > 2 for path in paths))


def are_bare_parts(folders: Iterable[str]) -> bool:
    """Whether ``folders`` are called like parts although no class folders are inside them."""
    found = {_PART_NAMES.get(folder.lower()) for folder in folders}
    return None not in found and "train" in found and len(found) > 1
