"""Room on the disk: nothing new is begun where too little of it is left to finish what was begun before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from resnet_studio.errors import StudioError

SPARE_BYTES = 256 * 2**20
"""What new work leaves free on the disk: trainings have to save what they learned."""
LEAST_BYTES = 64 * 2**20
"""With less than this, what is being trained is saved and paused: soon it could not be saved any more."""
LARGEST_SHARE = 1 / 50
"""Of a small disk no more than this is asked for."""

Room = Literal["ok", "low", "full"]


def free_bytes(folder: Path) -> int | None:
    """Bytes that may still be written to the disk of ``folder``; None where the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def spare_bytes(folder: Path, most: int = SPARE_BYTES) -> int:
    """How much has to stay free on the disk of ``folder``."""
    try:
        return min(most, int(shutil.disk_usage(folder).total * LARGEST_SHARE))
    except OSError:
        return most


def room(folder: Path) -> Room:
    """``low`` where nothing new may be begun on the disk of ``folder``, ``full`` where work is paused."""
    free = free_bytes(folder)
    if free is None or free >= spare_bytes(folder):
        return "ok"
    return "low" if free >= spare_bytes(folder, LEAST_BYTES) else "full"


def check_room(folder: Path, needed: int = 0) -> None:
    """Raise :class:`StudioError` where the disk of ``folder`` has no room for ``needed`` bytes besides the spare."""
    free, spare = free_bytes(folder), spare_bytes(folder)
    if free is not None and free - needed < spare:
        raise StudioError("error.disk.nearly_full", free=free // 2**20, spare=-(-spare // 2**20))
