"""What goes on inside a network for the page: computed when a picture is chosen, then cached."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.service.bounded import Bounded
from resnet_studio.service.heat import BusyError
from resnet_studio.service.predictors import Predictors

if TYPE_CHECKING:
    from PIL import Image

    from resnet_studio.evaluation.inside import Inside

ROOM = 32 << 20
"""Bytes of maps that are held: some sixty pictures."""
WAITING = 60


class Insides:
    """One for a server. One picture is computed at a time, so that other requests find a free thread."""

    def __init__(self, predictors: Predictors) -> None:
        self._predictors = predictors
        self._cached = Bounded(ROOM)
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def get(self, model: Path, picture: Path) -> Inside:
        """See :func:`resnet_studio.evaluation.inside.look_inside`.

        Raises :class:`BusyError`, :class:`StudioError` where the model or the picture is not sound, ``OSError`` where
        one is gone.
        """
        from starlette.concurrency import run_in_threadpool

        if self._waiting >= WAITING:
            raise BusyError
        self._waiting += 1
        try:
            async with self._turn:
                return await run_in_threadpool(self.compute, model, picture)
        finally:
            self._waiting -= 1

    def own(self, model: Path, picture: Image.Image) -> Inside:
        """The same of a picture that was sent, in the calling thread."""
        return self._made(model, picture)

    def compute(self, model: Path, picture: Path) -> Inside:
        """:meth:`get`, in the calling thread."""
        stamp = (model.stat().st_mtime_ns, picture.stat().st_mtime_ns)
        return self._cached.get((model, picture), stamp, ROOM // 60, partial(self._made, model, picture))

    def _made(self, model: Path, picture: Path | Image.Image) -> Inside:
        from resnet_studio.evaluation.inside import look_inside

        return look_inside(self._predictors.network_of(model), picture)
