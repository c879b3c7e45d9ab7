"""Heat maps for the page: small PNGs to lay over pictures, computed when they are looked at, then cached."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.errors import StudioError
from resnet_studio.service.bounded import Bounded
from resnet_studio.service.predictors import Predictors

if TYPE_CHECKING:
    from PIL import Image

    from resnet_studio.evaluation.heatmaps import HeatMap

ROOM = 16 << 20
"""Bytes of PNGs that are held: some four thousand small ones."""
AT_ONCE = 2
WAITING = 400
"""Requests that may wait; pages ask for those in view only, six at a time."""


class BusyError(Exception):
    """More is asked for than can wait."""


class HeatPictures:
    """One for a server. Few are computed at once, so that other requests find a free thread."""

    def __init__(self, predictors: Predictors) -> None:
        self._predictors = predictors
        self._cached = Bounded(ROOM)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def get(
        self, model: Path, picture: Path | Image.Image, key: Hashable, label: int | None, side: int,
        *, drawing: bool = False,
    ) -> bytes | None:  # fmt: skip
        """PNG, its long side ``side`` px, of where ``model`` looked in ``picture`` for the class ``label``.

        None for the class that it names; ``key`` is the picture's. None where there is no such class, or the picture
        cannot be used. Raises :class:`BusyError`, and :class:`CheckpointError` where the model is not sound.
        """
        from starlette.concurrency import run_in_threadpool

        if self._waiting >= WAITING:
            raise BusyError
        self._waiting += 1
        try:
            async with self._turns:
                return await run_in_threadpool(partial(self.compute, model, picture, key, label, side, drawing=drawing))
        finally:
            self._waiting -= 1

    def compute(
        self, model: Path, picture: Path | Image.Image, key: Hashable, label: int | None, side: int,
        *, drawing: bool = False,
    ) -> bytes | None:  # fmt: skip
        """:meth:`get`, in the calling thread."""
        stamp = (model.stat().st_mtime_ns, picture.stat().st_mtime_ns if isinstance(picture, Path) else 0)
        whole = (model, key, label, side, drawing)
        make = partial(self._made, model, picture, label, side, drawing)
        found: bytes = self._cached.get(whole, stamp, 5000, make)
        return found or None

    def _made(self, model: Path, picture: Path | Image.Image, label: int | None, side: int, drawing: bool) -> bytes:
        from resnet_studio.evaluation import overlay
        from resnet_studio.evaluation.heatmaps import heat_maps

        predictor = self._predictors.network_of(model)
        if label is not None and not 0 <= label < len(predictor.card.classes):
            return b""
        (found,) = heat_maps(predictor, [picture], label, drawings=drawing)
        if isinstance(found, StudioError):
            return b""
        return overlay.encoded(overlay.painted(found, *_within(found, side)))


def _within(found: HeatMap, side: int) -> tuple[int, int]:
    """The size of the picture with a long side of ``side`` px."""
    width, height = found.size
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))
