"""Asking a model of the exchange about a picture, for people who may do nothing else with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from resnet_studio.acting import acting_as
from resnet_studio.errors import CheckpointError, StudioError
from resnet_studio.service.people.exchange.entries import Entry, Exchange

if TYPE_CHECKING:
    from resnet_studio.batching import BatchedModel, Prediction


def answered(
    exchange: Exchange, entry: Entry, picture: Image.Image | Path, load: Callable[[Path], BatchedModel]
) -> Prediction:
    """What ``entry`` says of ``picture``, by ``load`` of its file; counted as a try.

    The server itself reads the model: others may try it and not have it. Raises :class:`StudioError`.
    """
    exchange.check_open()
    if not entry.checkpoint.is_file():
        raise CheckpointError("error.predict.gone")
    with acting_as(None):
        (said,) = load(entry.checkpoint)([picture])
    if isinstance(said, StudioError):
        raise said
    entry.count_try()
    return said
