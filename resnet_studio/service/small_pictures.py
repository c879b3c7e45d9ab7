"""Small versions of a set's pictures: made once, by content, and kept in the cache of the workspace."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.durable import temporary_name
from resnet_studio.service.thumbnails import Thumbnail, thumbnail

if TYPE_CHECKING:
    from resnet_studio.data.edited import Edited
    from resnet_studio.workspace import Workspace

SIDE = 160
PLAIN_BYTES = 1 << 15
KINDS = ((".jpg", "image/jpeg"), (".png", "image/png"))
WRITTEN_AFTER = 0.3
"""Seconds after which they are kept: the answer is on its way by then."""
MAKING_SECONDS = 0.2
"""How long one answer may take to make pictures that nobody has looked at yet: photographs of a camera take longer,
are asked for one by one then, and appear one by one."""


def small(workspace: Workspace, state: Edited, place: int, side: int = SIDE) -> Thumbnail | None:
    """The picture at ``place`` within ``side`` px; None where there is none, or it cannot be read."""
    if not 0 <= place < len(state.pictures):
        return None
    found = _kept(workspace, state, place, side)
    if found is None:
        made = dict[Path, bytes]()
        found = _made(workspace, state, place, side, made)
        _write_all(made)
    return found


def addresses(workspace: Workspace, state: Edited, places: Iterable[int]) -> dict[int, str]:
    """The pictures at ``places`` as ``data:`` addresses: those that are there, and of the others as many as can be made
    in :data:`MAKING_SECONDS`.
    """
    until = time.monotonic() + MAKING_SECONDS
    found, made = {}, dict[Path, bytes]()
    for place in places:
        picture = _kept(workspace, state, place, SIDE)
        if picture is None and time.monotonic() < until:
            picture = _made(workspace, state, place, SIDE, made)
        if picture is not None:
            found[place] = picture.address
    if made:  # half of the time would go into files that nobody waits for
        later = threading.Timer(WRITTEN_AFTER, _write_all, (made,))
        later.daemon = True
        later.start()
    return found


def _kept(workspace: Workspace, state: Edited, place: int, side: int) -> Thumbnail | None:
    sample = state.pictures[place]
    if not sample.content or sample.modified or side > SIDE:
        return None
    for ending, kind in KINDS:
        with suppress(OSError):
            content = _path(workspace, sample.content, side, ending).read_bytes()
            if content:  # a machine that lost power may have left an empty file
                return Thumbnail(content, kind)
    return None


def _made(workspace: Workspace, state: Edited, place: int, side: int, kept: dict[Path, bytes]) -> Thumbnail | None:
    """The picture, made now; what of it is to be kept goes to ``kept``."""
    sample = state.pictures[place]
    if max(sample.width, sample.height) <= side and (plain := _plain(state.base.path(sample))) is not None:
        return plain
    made = thumbnail(state.base.path(sample), side)
    if made is not None and sample.content and not sample.modified and side <= SIDE:
        ending = next(ending for ending, kind in KINDS if kind == made.media_type)
        kept[_path(workspace, sample.content, side, ending)] = made.content
    return made


def _plain(path: Path) -> Thumbnail | None:
    """The file itself, where it is a small JPEG that every browser shows as the studio reads it: neither turned by its
    Exif data nor in colours of its own. To encode it anew takes twenty times as long.
    """
    with suppress(OSError):
        if path.stat().st_size <= PLAIN_BYTES:
            content = path.read_bytes()
            if content.startswith(b"\xff\xd8\xff") and not any(
                mark in content for mark in (b"Exif", b"ICC_", b"Adobe")
            ):
                return Thumbnail(content, "image/jpeg")
    return None


def _write_all(made: Mapping[Path, bytes]) -> None:
    for path, content in made.items():
        _write(path, content)


def _path(workspace: Workspace, content: str, side: int, ending: str) -> Path:
    return workspace.cache / "thumbnails" / content[:2] / f"{content}-{side}{ending}"


def _write(path: Path, content: bytes) -> None:
    """Keep ``content`` without waiting for the disk: it can be made again."""
    temporary = path.with_name(temporary_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
