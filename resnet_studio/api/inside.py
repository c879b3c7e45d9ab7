"""The Python API of what goes on inside a network: feature maps of one picture, and the first filters.

>>> import resnet_studio as studio
>>> studio.look_inside("last", "cat.jpg").stages[-1].channels  # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from resnet_studio.api import checkpoint_path
from resnet_studio.errors import ConfigError
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.evaluation.inside import Inside

MOST = 64
"""Channels that are shown of a stage."""


def look_inside(
    run: Run | str | Path,
    picture: str | Path | Image.Image,
    *,
    channels: int = 12,
    workspace: Workspace | None = None,
    device: str = "auto",
) -> Inside:
    """The maps of the strongest ``channels`` of each stage of the network of ``run`` (a run or a checkpoint).

    Raises :class:`ConfigError` for a number of channels that cannot be shown, another :class:`StudioError` for a bad
    picture.
    """
    from resnet_studio.evaluation import inside
    from resnet_studio.prediction import Predictor

    if not 1 <= channels <= MOST:
        raise ConfigError("error.inside.channels", number=channels, most=MOST)
    predictor = Predictor(checkpoint_path(run, workspace), device=device)
    return inside.look_inside(predictor, Path(picture) if isinstance(picture, str) else picture, channels)
