"""A head that sees the pooled features of layer3 beside those of layer4 (Head2Toe's idea: arXiv 2201.03529).

Earlier features are more general: where nothing before the head is trained, they help with things that the starting
network was not trained for. Both kinds are standardised, as those of layer3 are several times smaller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchvision.models import ResNet

SMALLEST = 0.01
"""Of the mean variance of a stage's features: what each has at least, so that a dead one is not blown up."""


class Joined(nn.Sequential):
    """The blocks of layer4; behind their output come the means of its input, as channels that are alike everywhere."""

    def forward(self, input: Tensor) -> Tensor:
        """[N, C, 2h, 2w] to [N, 2C + C, h, w]; pooled, these are the features of both stages."""
        last: Tensor = super().forward(input)  # type: ignore[no-untyped-call]
        means = input.mean((2, 3), keepdim=True).expand(-1, -1, *last.shape[2:])
        return torch.cat([last, means], 1)


def join(model: ResNet, classes: int) -> None:
    """Make the head of ``model`` a linear layer on the standardised features of layer3 and layer4."""
    inputs = model.architecture.head_inputs("layer3+layer4")
    model.layer4 = Joined(*model.layer4)
    pooling = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(inputs, affine=False), nn.Flatten(1))
    setattr(model, _pooling(model), pooling)
    model.fc = nn.Linear(inputs, classes)


def is_joined(model: ResNet) -> bool:
    """Whether the head of ``model`` sees more than layer4."""
    return isinstance(model.layer4, Joined)


def standardiser(model: ResNet) -> nn.BatchNorm2d:
    """What standardises the features of a model that :func:`join` changed; never trained."""
    return cast("nn.BatchNorm2d", getattr(model, _pooling(model))[1])


def standardise(model: ResNet, features: Iterable[Tensor]) -> None:
    """Standardise by the means and variances of ``features`` [N, F], as :func:`standardiser` gets them."""
    rows = torch.cat([each.flatten(1).double().cpu() for each in features])
    variance, mean = torch.var_mean(rows, 0, correction=0)
    own = model.architecture.features
    floors = [part.clamp(min=SMALLEST * float(part.mean())) for part in (variance[:own], variance[own:])]
    layer = standardiser(model)
    assert layer.running_mean is not None and layer.running_var is not None
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(torch.cat(floors))


def _pooling(model: ResNet) -> str:
    name: str = model.architecture.modules("layer4")[1]
    return name
