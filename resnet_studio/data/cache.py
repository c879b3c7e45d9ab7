"""Arrays that can be computed again, kept on disk and read through memory maps.

An entry is a folder named by a hash of everything that its content follows from, so that a changed picture, size or
weight never meets a stale entry. It is built beside its place and renamed into it; a crash leaves nothing half-done.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resnet_studio import owners
from resnet_studio.durable import disk_trouble, renamed, reserve

DEFAULT_BUDGET = 8 * 2**30
KEPT_FREE = 2 * 2**30  # never fill the disk to the brim


@dataclass(frozen=True)
class CachedArrays:
    """Arrays by name, and what was noted with them."""

    arrays: Mapping[str, NDArray[Any]]
    notes: Mapping[str, Any]


@dataclass(frozen=True)
class ArrayCache:
    """A folder of entries that holds at most ``budget`` bytes; those not used for longest go first."""

    folder: Path
    budget: int = DEFAULT_BUDGET

    def key(self, *parts: object) -> str:
        """The name of the entry that follows from ``parts`` (anything that JSON can write)."""
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:40]

    def get(self, key: str) -> CachedArrays | None:
        """The entry called ``key``, memory-mapped (writes stay in memory); None where there is none."""
        place = self.folder / key
        try:
            notes = json.loads((place / "notes.json").read_text(encoding="utf-8"))
            arrays = {path.stem: np.load(path, mmap_mode="c") for path in place.glob("*.npy")}
            os.utime(place / "notes.json")
        except (OSError, ValueError):
            return None
        return CachedArrays(arrays, notes)

    def has_room(self, size: int) -> bool:
        """Whether an entry of ``size`` bytes would fit into the budget and onto the disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return size <= self.budget and size + KEPT_FREE <= shutil.disk_usage(self.folder).free

    @contextmanager
    def building(self, key: str, shapes: Mapping[str, tuple[tuple[int, ...], str]]) -> Iterator[Building]:
        """Arrays of ``shapes`` (name to shape and dtype) to fill; stored under ``key`` unless the block raises.

        By then nobody else may hold one of the arrays. Raises :class:`StudioError` where the disk is full.
        """
        temporary = self.folder / f".building-{owners.this_process()}-{secrets.token_hex(4)}"
        try:
            temporary.mkdir(parents=True)
            arrays = {name: _mapped(temporary / f"{name}.npy", *form) for name, form in shapes.items()}
            building = Building(arrays, {})
            yield building
            while arrays:
                arrays.popitem()[1].flush()  # and close it: Windows renames no folder with a mapped file in it
            (temporary / "notes.json").write_text(json.dumps(building.notes, ensure_ascii=False), encoding="utf-8")
            if not (self.folder / key / "notes.json").exists():
                shutil.rmtree(self.folder / key, ignore_errors=True)  # what is left of an entry that was being removed
                renamed(temporary, self.folder / key)
            self.shrink(keep=key)
        except Exception as error:
            if (said := disk_trouble(error, temporary)) is not None:
                raise said from error
            raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def size(self) -> int:
        """Bytes on disk."""
        total = 0
        for path in self.folder.rglob("*"):
            with suppress(OSError):  # others may clear it at the same time
                total += path.stat().st_size if path.is_file() else 0
        return total

    def shrink(self, *, keep: str = "") -> None:
        """Remove what was not used for longest until the rest fits the budget; never the entry ``keep``."""
        entries = sorted(self.folder.glob("*/notes.json"), key=lambda path: path.stat().st_mtime)
        total = self.size()
        for notes in entries:
            if total <= self.budget:
                return
            if notes.parent.name != keep:
                total -= sum(path.stat().st_size for path in notes.parent.iterdir())
                shutil.rmtree(notes.parent, ignore_errors=True)

    def clear(self) -> int:
        """Remove all entries; returns the bytes that were freed. A training that uses an entry keeps its mapping, and
        what is being built stays.
        """
        before = self.size() if self.folder.exists() else 0
        for path in self.folder.glob("[!.]*"):
            shutil.rmtree(path, ignore_errors=True)
        return before - (self.size() if self.folder.exists() else 0)


def _mapped(path: Path, shape: tuple[int, ...], dtype: str) -> np.memmap[Any, Any]:
    """A new array in the file ``path``, whose disk space is reserved already."""
    array = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
    reserve(path)
    return array


@dataclass(frozen=True)
class Building:
    """An entry that is being filled: ``arrays`` to write into, ``notes`` to add to."""

    arrays: Mapping[str, NDArray[Any]]
    notes: dict[str, Any]
