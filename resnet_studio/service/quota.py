"""What each person has in the workspace, held against the limits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from resnet_studio import belonging, space
from resnet_studio.data import brought, library
from resnet_studio.errors import RunError
from resnet_studio.limits import LimitError, Limits
from resnet_studio.predicting.jobs import Jobs as PredictionFolders
from resnet_studio.training.turns import owner_of
from resnet_studio.upkeep.bin import Bin, size_of
from resnet_studio.workspace import Workspace

FRESH_SECONDS = 30.0
MB = 2**20


@dataclass(frozen=True)
class Usage:
    """What somebody has: bytes on the disk, those in the bin too, and pictures in data sets."""

    bytes: int = 0
    pictures: int = 0


class Quota:
    """Says whether somebody may have more; counting is done at most every half minute for each person.

    ``met`` is called with the name of a limit that was met. Where nobody is named, only the totals hold.
    """

    def __init__(self, workspace: Workspace, limits: Limits, met: Callable[[str], None] = lambda _: None) -> None:
        self.limits = limits
        self._workspace = workspace
        self._met = met
        self._known: dict[str, tuple[float, Usage]] = {}
        self._coming: list[tuple[str, Usage]] = []
        self._counting, self._finishing, self._reserving = threading.Lock(), threading.Lock(), threading.Lock()

    def usage(self, owner: str) -> Usage:
        """What ``owner`` has; everything there is where it is empty."""
        with self._counting:
            at, usage = self._known.get(owner, (-FRESH_SECONDS, Usage()))
            if time.monotonic() - at >= FRESH_SECONDS:
                usage = _all(self._workspace) if not owner else _of(self._workspace, owner)
                self._known[owner] = (time.monotonic(), usage)
            return usage

    def forget(self) -> None:
        """Count anew the next time: something was added or removed."""
        with self._counting:
            self._known.clear()

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Held while something that was added is looked at, and taken away again where it is too much: several that
        were begun together are counted one after the other, and cannot pass a limit together.
        """
        with self._finishing:
            self.forget()
            yield
            self.forget()

    @contextmanager
    def reserved(self, owner: str, coming: Usage) -> Iterator[None]:
        """Held while ``coming`` is brought in: others that begin meanwhile find that place taken, and cannot pass a
        limit together. Raises :class:`LimitError` where there is no such place, before anything is written.
        """
        entry = (owner, coming)
        with self._reserving:
            self.check(owner, coming.pictures, coming.bytes)
            self._coming.append(entry)
        try:
            yield
        finally:
            with self._reserving:
                self._coming.remove(entry)

    def _with_coming(self, owner: str, usage: Usage, pictures: int, size: int) -> Usage:
        """``usage`` of ``owner``, of all where it is empty, with ``pictures`` and ``size`` more, and what is coming."""
        coming = [each for by, each in list(self._coming) if by == owner or not owner]
        return Usage(
            usage.bytes + size + sum(each.bytes for each in coming),
            usage.pictures + pictures + sum(each.pictures for each in coming),
        )

    def check(self, owner: str, pictures: int = 0, size: int = 0) -> None:
        """Raise :class:`LimitError` where ``owner`` has so much that no more is taken in, or so many ``pictures`` or
        bytes (``size``) more are too many; :class:`StudioError` where the disk is nearly full.
        """
        space.check_room(self._workspace.root)
        limits = self.limits
        if limits.disk_mb_all and self._with_coming("", self.usage(""), 0, size).bytes > limits.disk_mb_all * MB:
            raise self._refused("disk_mb_all", "error.limits.disk_all", most=limits.disk_mb_all)
        if not owner or not (limits.disk_mb_each or limits.pictures_each):
            return
        usage = self.usage(owner)
        then = self._with_coming(owner, usage, pictures, size)
        if limits.disk_mb_each and then.bytes > limits.disk_mb_each * MB:
            used = then.bytes // MB
            raise self._refused("disk_mb_each", "error.limits.disk_each", used=used, most=limits.disk_mb_each)
        if limits.pictures_each and then.pictures > limits.pictures_each:
            raise self._refused(
                "pictures_each", "error.limits.pictures_each", used=usage.pictures, most=limits.pictures_each
            )

    def _refused(self, limit: str, key: str, **values: object) -> LimitError:
        self._met(limit)
        return LimitError(limit, key, **values)


def _all(workspace: Workspace) -> Usage:
    pictures = sum(item.pictures for item in library.list_datasets(workspace))
    return Usage(size_of(workspace.root) - size_of(workspace.cache), pictures)


def _of(workspace: Workspace, owner: str) -> Usage:
    size = pictures = 0
    for item in library.list_datasets(workspace):
        if brought.may_change(workspace, item.id, owner):
            pictures += item.pictures
            size += size_of(_folder(workspace, item.id))
    size += sum(size_of(run.folder) for run in workspace.runs() if owner_of(run) == owner)
    for job in PredictionFolders(workspace).all():
        with suppress(RunError):
            size += size_of(job.folder) if job.request.started_by == owner else 0
    size += sum(file.stat().st_size for file in _models(workspace, owner))
    bin = Bin(workspace)
    size += sum(size_of(bin.folder / each.entry) for each in bin.listed() if owner in each.owners)
    return Usage(size, pictures)


def _models(workspace: Workspace, owner: str) -> list[Path]:
    """The imported models of ``owner``, where that is a person: nothing is written down of browsers."""
    id = owner.removeprefix(belonging.PERSON)
    files = [file for file in workspace.imports.glob("[!.]*") if file.is_file()] if id != owner else []
    return [file for file in files if id in belonging.of_file("model", file).owners]


def _folder(workspace: Workspace, id: str) -> Path:
    from resnet_studio.data.editing import base_of

    return workspace.datasets / base_of(id)
