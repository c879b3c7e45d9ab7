"""What learns in an epoch: with gradual unfreezing (ULMFiT, arXiv 1801.06146) the stages join one after the other.

It follows from the settings and the epoch alone, so that resuming needs nothing more. An optimiser leaves a parameter
without a gradient as it is, together with its momentum; a stage that joins finds the schedule where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import Parameter

from resnet_studio.model import adapters, resnet
from resnet_studio.model.anatomy import trained_stages
from resnet_studio.training.plan import freeze_in

if TYPE_CHECKING:
    from resnet_studio.training.materials import Materials


def unfreeze(m: Materials, epoch: int) -> None:
    """Set ``requires_grad`` for the stages that learn in ``epoch`` (from 0); the others keep their statistics."""
    freeze = freeze_in(m.config, epoch)
    resnet.train_mode(m.model, freeze)
    resnet.set_requires_grad(m.stages, freeze)


def count_trained(m: Materials, epochs: int) -> int:
    """How many parameters learn in some of ``epochs``, which may be over before all stages have joined."""
    learning = trained_stages(freeze_in(m.config, epochs - 1))
    count = adapters.learning if m.config.tuned_parameters == "adapters" else Parameter.numel
    return sum(count(parameter) for stage, group in m.stages if stage in learning for parameter in group)
