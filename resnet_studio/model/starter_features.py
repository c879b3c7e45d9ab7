"""Features of pictures from the built-in starter network, for finding similar pictures whatever is trained."""

from __future__ import annotations

from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from resnet_studio.assets import asset
from resnet_studio.model import weights
from resnet_studio.model.device import choose_device, layout
from resnet_studio.model.preprocess import IMAGENET_MEAN, IMAGENET_STD

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

DEPTH = 18
CHANNELS, SIDE = 128, 48
"""Of the second stage; the side, px, that pictures have when it sees them."""
_CHUNK = 64


def starter_file() -> Path | None:
    """The weights of the starter; None where this installation has none."""
    file = asset("starter", f"resnet{DEPTH}.safetensors")
    return file if file.is_file() else None


def identity() -> str | None:
    """What tells these starter weights from others, see :func:`weights.identity`; None where there are
    none. What is kept of their features is kept under it.
    """
    file = starter_file()
    return weights.identity(file) if file else None


def extract(pixels: NDArray[np.uint8], device: str = "auto") -> Generator[int, None, NDArray[np.float32]]:
    """Features [N, 128] of ``pixels`` [N, side, side, 3]: the starter's second stage, averaged over the picture.

    That stage still knows the picture, where later ones know rather the class; it finds as many copies at 48 px as the
    third at 64 px, in two fifths of the time (``benchmarks/near_duplicates.py``). Yields how many are done.
    Metal is not used by itself: a search goes on beside trainings, and two threads on it can crash.
    """
    import torch

    chosen = choose_device(device)
    if device == "auto" and chosen.type == "mps":
        chosen = torch.device("cpu")
    body = _body().to(chosen).to(memory_format=layout(chosen))
    mean, std = (torch.tensor(values, device=chosen).view(1, 3, 1, 1) * 255 for values in (IMAGENET_MEAN, IMAGENET_STD))
    found = np.empty((len(pixels), CHANNELS), np.float32)
    for start in range(0, len(pixels), _CHUNK):
        some = torch.from_numpy(np.array(pixels[start : start + _CHUNK])).permute(0, 3, 1, 2)
        with torch.inference_mode():
            seen = ((some.to(chosen).float() - mean) / std).contiguous(memory_format=layout(chosen))
            if max(seen.shape[2:]) > SIDE:
                seen = torch.nn.functional.interpolate(seen, (SIDE, SIDE), mode="bilinear", antialias=True)
            found[start : start + _CHUNK] = body(seen).mean((2, 3)).float().cpu().numpy()
        yield min(start + _CHUNK, len(pixels))
    return found


@cache
def _body() -> torch.nn.Module:
    import torch

    return torch.nn.Sequential(*list(load_body().children())[:-1])


def load_body() -> torch.nn.Module:
    """The starter up to its third stage, in eval mode; :class:`StudioError` where this installation has none."""
    import torch

    from resnet_studio.model import resnet

    model = resnet.uninitialised(DEPTH, 2)  # random weights would be drawn for nothing
    weights.load_into(model, DEPTH, "starter")
    modules = (model.conv1, model.bn1, model.relu, model.maxpool, model.layer1, model.layer2, model.layer3)
    return torch.nn.Sequential(*modules).eval()
