"""Heat maps for the page: small PNGs to lay over pictures, computed when they are looked at, then cached."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.errors import StudioError
from resnet_studio.service.bounded import Bounded
from resnet_studio.service.predictors import Predictors

if TYPE_CHECKING:
    from PIL import Image

    from resnet_studio.evaluation.heatmaps import HeatMap
    from resnet_studio.prediction import Predictor

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
        self, models: Sequence[Path], picture: Path | Image.Image, key: Hashable, label: int | None, side: int,
        *, drawing: bool = False,
    ) -> bytes | None:  # fmt: skip
        """PNG, its long side ``side`` px, of where ``models`` looked in ``picture`` for the class at ``label`` of the
        first; of several models the mean.

        None for the class that a single one names; ``key`` is the picture's. None where there is no such class, or the
        picture cannot be used. Raises :class:`BusyError`, and :class:`CheckpointError` where a model is not sound.
        """
        from starlette.concurrency import run_in_threadpool

        if self._waiting >= WAITING:
            raise BusyError
        self._waiting += 1
        try:
            async with self._turns:
                make = partial(self.compute, models, picture, key, label, side, drawing=drawing)
                return await run_in_threadpool(make)
        finally:
            self._waiting -= 1

    def compute(
        self, models: Sequence[Path], picture: Path | Image.Image, key: Hashable, label: int | None, side: int,
        *, drawing: bool = False,
    ) -> bytes | None:  # fmt: skip
        """:meth:`get`, in the calling thread."""
        changed = tuple(model.stat().st_mtime_ns for model in models)
        stamp = (changed, picture.stat().st_mtime_ns if isinstance(picture, Path) else 0)
        whole = (tuple(models), key, label, side, drawing)
        make = partial(self._made, models, picture, label, side, drawing)
        found: bytes = self._cached.get(whole, stamp, 5000, make)
        return found or None

    def _made(
        self, models: Sequence[Path], picture: Path | Image.Image, label: int | None, side: int, drawing: bool
    ) -> bytes:
        networks = [self._predictors.network_of(model) for model in models]
        classes = networks[0].card.classes
        if (label is None and len(networks) > 1) or (label is not None and not 0 <= label < len(classes)):
            return b""
        maps = looks(networks, picture, None if label is None else classes[label], drawing=drawing)
        return painted(maps, side) if maps else b""


def looks(
    networks: Sequence[Predictor], picture: Path | Image.Image, name: str | None, *, drawing: bool = False
) -> list[HeatMap]:
    """Where each of ``networks`` looked in ``picture`` for the class called ``name``, None is the one that it names.

    Empty where the picture cannot be used, or one of them does not know that class.
    """
    from resnet_studio.evaluation.heatmaps import heat_maps

    found = []
    for network in networks:
        if name is not None and name not in network.card.classes:
            return []
        label = None if name is None else network.card.classes.index(name)
        (one,) = heat_maps(network, [picture], label, drawings=drawing)
        if isinstance(one, StudioError):
            return []
        found.append(one)
    return found


def painted(maps: Sequence[HeatMap], side: int) -> bytes:
    """The mean of ``maps`` as a PNG with a long side of ``side`` px."""
    from resnet_studio.evaluation import overlay

    return overlay.encoded(overlay.painted(maps, *_within(maps[0], side)))


def _within(found: HeatMap, side: int) -> tuple[int, int]:
    """The size of the picture with a long side of ``side`` px."""
    width, height = found.size
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))
