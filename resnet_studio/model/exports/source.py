"""What a format is written from: a verified checkpoint, and pictures to calibrate by."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from resnet_studio.model.checkpoint import Checkpoint, load
from resnet_studio.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray

    from resnet_studio.model.card import Card
    from resnet_studio.model.preprocess import Preprocessing


@dataclass(frozen=True)
class Source:
    """The checkpoint in ``file``; ``calibration`` float32 [N, 3, crop, crop] are inputs of training pictures, which
    rounded formats choose their ranges by. ``prepared``: ONNX files take plain pixels and prepare them themselves.
    ``title`` is the model's name for people; ``runtime`` the folder of what runs it in a browser, see ``web_runtime``;
    ``readme`` the model card in Markdown, for a format that is a folder.
    """

    file: Path
    calibration: NDArray[np.float32] | None = None
    prepared: bool = False
    title: str = ""
    runtime: Path | None = None
    readme: str = ""

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """Loaded and verified. Raises :class:`CheckpointError` where the file is not sound."""
        return load(self.file)

    @property
    def card(self) -> Card:
        """What the checkpoint says of itself."""
        return self.checkpoint.card

    @property
    def side(self) -> int:
        """Of the pictures that the network is shown, px."""
        return self.card.preprocessing.crop

    @cached_property
    def model(self) -> torch.nn.Module:
        """The network in eval mode, fp32, on the CPU, without gradients."""
        model: torch.nn.Module = self.checkpoint.model.eval().requires_grad_(False)
        return model


def plain_state(source: Source) -> dict[str, torch.Tensor]:
    """The weights by the names of the library's own network: a linear head is ``fc`` also where it had dropout."""
    state: dict[str, torch.Tensor] = dict(source.checkpoint.model.state_dict())
    if source.card.head == "linear":
        state = {name.replace("fc.1.", "fc."): value for name, value in state.items()}
    return state


def normaliser(preprocessing: Preprocessing) -> torch.nn.Module:
    """A module that normalises pictures [N, 3, H, W] on the 0..1 scale."""
    import torch

    class Normalise(torch.nn.Module):
        mean: torch.Tensor
        std: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch.tensor(preprocessing.mean).reshape(1, 3, 1, 1))
            self.register_buffer("std", torch.tensor(preprocessing.std).reshape(1, 3, 1, 1))

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return (pictures - self.mean) / self.std

    return Normalise().eval()


def facts(card: Card) -> dict[str, Any]:
    """What travels with a model in any format, as plain JSON values."""
    return {
        "classes": list(card.classes),
        "preprocessing": {**card.preprocessing.to_json(), "scale": "0..1"},
        "temperature": card.temperature,
        "unlike_threshold": _finite(card.unlike.threshold) if card.unlike else None,
        "network": card.network.name,
        "weights": dict(card.weights_origin),
        "sha256": card.sha256,
        "run": card.run,
        "studio_version": __version__,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def as_metadata(card: Card) -> Mapping[str, str]:
    """:func:`facts` as texts by their names, for formats whose metadata are texts; other than texts as JSON."""
    values = facts(card)
    return {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for key, value in values.items()
    }
