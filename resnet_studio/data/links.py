"""Links inside of a folder: those that stay inside are followed, by where they lead; all others are refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resnet_studio.data.names import printable

_DEPTH = 8


@dataclass(frozen=True)
class Place:
    """A folder being walked: ``name`` as the user sees it, where it is ``really``, and how many links led there."""

    name: str
    really: Path
    links: int = 0
    above: tuple[Path, ...] = ()

    def inside(self, name: str, entry: str) -> Place:
        """The folder ``entry`` in this one."""
        really = self.really / entry
        return Place(name, really, self.links, (*self.above, really) if self.links else ())


def is_link(entry: os.DirEntry[str]) -> bool:
    """Whether ``entry`` is a link, or a junction of Windows, which Python 3.11 does not know."""
    ask: Callable[[], bool] = getattr(entry, "is_junction", lambda: False)
    return entry.is_symlink() or ask()


def followed(root: Path, place: Place, name: str, entry: str) -> Place | None:
    """Where the link ``entry`` in ``place`` leads, called ``name``; None where it must not be followed.

    The target has to exist inside of ``root``, which is resolved. A link to a folder may not lead back to one that it
    lies in, by whatever way, and not through more than a few other links, so that there is an end to it.
    """
    try:
        target = Path(os.path.realpath(place.really / entry, strict=True))
    except (OSError, ValueError):
        return None
    if not target.is_relative_to(root) or target == root or not printable(str(target.relative_to(root))):
        return None
    if target.is_dir():
        inside = (place.really, *place.above)
        if place.links >= _DEPTH or any(folder.is_relative_to(target) for folder in inside):
            return None
    return Place(name, target, place.links + 1, (*place.above, place.really, target))
