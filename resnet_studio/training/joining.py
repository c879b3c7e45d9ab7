"""The features of several stages, put on one scale before a head is trained on them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
import torch

from resnet_studio.events import Preparing
from resnet_studio.model import joined
from resnet_studio.training.batches import autocast

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_studio.training.batches import FreshBatches
    from resnet_studio.training.materials import Materials

MOST_PICTURES, CHUNK = 1_000, 64


def standardise(m: Materials, fresh: FreshBatches) -> Generator[Preparing, None, None]:
    """Standardise the features that the head of ``m`` sees by those of training pictures as they are, at most
    :data:`MOST_PICTURES`; those of a head that came with the starting weights stay as that was trained with.
    """
    if not joined.is_joined(m.model) or m.card.weights_origin["detail"].get("head"):
        return
    found: list[Tensor] = []
    layer = joined.standardiser(m.model)
    hook = layer.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0].float().cpu()))
    order = np.random.default_rng(m.config.seed).permutation(len(fresh.training))
    chosen = torch.from_numpy(np.sort(order[:MOST_PICTURES]))
    m.suffix.eval()
    try:
        for part in torch.split(chosen, CHUNK):
            inputs = fresh.plain(part)
            with torch.no_grad(), autocast(inputs.device, m.compute):
                m.suffix(inputs)
            yield Preparing(stage="features", done=sum(map(len, found)), total=len(chosen))
    finally:
        hook.remove()
    joined.standardise(m.model, found)
