"""BatchNorm's statistics from the pictures that are to be learned (AdaBN, arXiv 1603.04779).

Pretrained statistics are those of other pictures. A probe fitted with them would be thrown far off by the first step,
since in training mode BatchNorm uses those of the batch: on handwritten digits the first epoch's loss was 99, and 1
after the statistics of the trained stages had been adapted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from resnet_studio.model import resnet
from resnet_studio.model.anatomy import trained_stages
from resnet_studio.training.batches import autocast

if TYPE_CHECKING:
    from resnet_studio.training.materials import Materials

MOST_PICTURES = 2_000
CHUNK = 64


def adapts(m: Materials) -> bool:
    """Whether there is a BatchNorm in a trained stage."""
    return bool(_norms(m))


def _norms(m: Materials) -> list[torch.nn.BatchNorm2d]:
    return [
        layer
        for stage in trained_stages(m.config.freeze)
        for part in resnet.stage_modules(m.model, stage)
        for layer in part.modules()
        if isinstance(layer, torch.nn.BatchNorm2d)
    ]


def adapt(m: Materials) -> None:
    """Make the statistics of all BatchNorms in trained stages those of the training pictures, or of a draw of them.

    All pictures count alike; the frozen stages keep what they have. The network is left in eval mode.
    """
    norms = _norms(m)
    if not norms:
        return
    m.suffix.eval()
    momentum = [layer.momentum for layer in norms]
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all batches
        layer.train()
    order = np.random.default_rng(m.config.seed).permutation(len(m.batches.training))[:MOST_PICTURES]
    with torch.no_grad(), autocast(m.device, m.compute):
        for chosen in np.array_split(order, -(-len(order) // CHUNK)):
            m.suffix(m.batches.plain(torch.from_numpy(chosen)))
    for layer, before in zip(norms, momentum, strict=True):
        layer.momentum = before
        layer.eval()
