"""The pictures that are named on the command line: files, folders and zips of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from resnet_studio.data.archive import unpack
from resnet_studio.data.names import is_junk, natural
from resnet_studio.errors import DataError


def named_pictures(given: Sequence[Path], into: Path) -> list[tuple[str, Path]]:
    """The files given, and all files in the folders and zips given; zips are unpacked ``into`` a folder.

    Each with the name to show it by. Raises :class:`DataError` where there is none.
    """
    named: list[tuple[str, Path]] = []
    for number, path in enumerate(given):
        if path.suffix.lower() == ".zip" and path.is_file():
            unpacked = into / str(number)
            unpacked.mkdir()
            found = sorted(unpack(path, unpacked).pictures, key=lambda picture: natural(picture[0]))
            named += [(f"{path}/{inner}", file) for inner, file in found]
            continue
        inside = [path]
        if path.is_dir():
            below = (child for child in path.rglob("*") if child.is_file())
            inside = [child for child in below if not is_junk(child.relative_to(path).as_posix())]
        named += [(str(child), child) for child in sorted(inside, key=lambda child: natural(str(child)))]
    if not named:
        raise DataError("error.cli.no_pictures")
    return named
