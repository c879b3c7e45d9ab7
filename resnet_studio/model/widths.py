"""Networks with fewer channels inside their residual blocks: which to keep, and how the rest is taken out.

Only the channels between the convolutions of a block are taken out: what goes through a shortcut keeps its width, so
that every block still fits its neighbours (Li et al. 2017, arXiv 1608.08710, section 3.3). ``widths`` are the channels
that remain, block by block from the input on: one number for a block of two convolutions, two for a bottleneck.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from resnet_studio.errors import ConfigError

if TYPE_CHECKING:
    from torchvision.models import ResNet

By = Literal["batchnorm", "l1"]
LEAST = 0.25
"""Of the channels between two convolutions, the share that is kept at least: a block without any passes nothing on."""
MULTIPLE = 8
"""Kernels are fastest with such numbers of channels."""


@dataclass(frozen=True)
class Inner:
    """The channels between two convolutions of a ``block``: the names of what they come from and go to."""

    stage: str
    block: Any
    names: tuple[str, str, str]

    @property
    def modules(self) -> tuple[nn.Conv2d, nn.BatchNorm2d, nn.Conv2d]:
        """The convolution before, its BatchNorm, the convolution behind."""
        before, norm, behind = (getattr(self.block, name) for name in self.names)
        return before, norm, behind

    @property
    def norm_behind(self) -> nn.BatchNorm2d:
        """The BatchNorm of the convolution behind."""
        found: nn.BatchNorm2d = getattr(self.block, self.names[2].replace("conv", "bn"))
        return found


def inner_channels(model: ResNet) -> Iterator[Inner]:
    """All of ``model``, from the input on."""
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        for block in getattr(model, stage):
            yield Inner(stage, block, ("conv1", "bn1", "conv2"))
            if hasattr(block, "conv3"):
                yield Inner(stage, block, ("conv2", "bn2", "conv3"))


def widths_of(model: ResNet) -> tuple[int, ...]:
    """The numbers of inner channels of ``model``."""
    return tuple(inner.modules[1].num_features for inner in inner_channels(model))


def check_prunable(model: ResNet) -> None:
    """Raise :class:`ConfigError` where the convolutions of ``model`` have groups, whose channels belong together."""
    if model.architecture.groups != 1:
        raise ConfigError("error.prune.groups", network=model.architecture.title)


def shrink(model: ResNet, widths: Sequence[int]) -> None:
    """Give ``model``, as its library builds it, new layers with so many inner channels."""
    places = list(inner_channels(model))
    if len(widths) != len(places):
        raise ValueError(f"{len(places)} widths are needed, not {len(widths)}")
    for inner, width in zip(places, widths, strict=True):
        before, norm, behind = inner.modules
        if width != norm.num_features:
            setattr(inner.block, inner.names[0], _convolution(before, before.in_channels, width))
            setattr(inner.block, inner.names[1], nn.BatchNorm2d(width, eps=norm.eps, momentum=norm.momentum or 0.1))
            setattr(inner.block, inner.names[2], _convolution(behind, width, behind.out_channels))


def prune(model: ResNet, keep: float, by: By, stages: Sequence[str]) -> tuple[int, ...]:
    """Take the least important inner channels out of ``stages``, so that a share of ``keep`` remains; the new widths.

    By ``batchnorm`` those with the smallest scales of BatchNorm in all of these stages (Liu et al. 2017, arXiv
    1708.06519), by ``l1`` in each layer those whose kernels have the smallest sum of absolute weights (Li et al. 2017).
    What a channel that goes adds on average to the next BatchNorm's input is taken off its running mean.
    """
    check_prunable(model)
    places = [inner for inner in inner_channels(model) if inner.stage in stages]
    for inner, kept in zip(places, chosen(places, keep, by), strict=True):
        _keep(inner, kept)
    return widths_of(model)


def chosen(places: Sequence[Inner], keep: float, by: By) -> list[Tensor]:
    """Which channels of each of ``places`` remain, in order."""
    scores = [_scores(inner, by) for inner in places]
    if by == "batchnorm" and scores:
        every = torch.cat(scores)
        threshold = every.kthvalue(max(1, round((1 - keep) * len(every)))).values if keep < 1 else every.min() - 1
        counts = [int((each > threshold).sum()) for each in scores]
    else:
        counts = [round(keep * len(each)) for each in scores]
    return [
        each.topk(_rounded(count, len(each))).indices.sort().values for each, count in zip(scores, counts, strict=True)
    ]


def _scores(inner: Inner, by: By) -> Tensor:
    before, norm, _ = inner.modules
    return norm.weight.detach().abs() if by == "batchnorm" else before.weight.detach().abs().sum((1, 2, 3))


def _rounded(count: int, of: int) -> int:
    """At least a share of :data:`LEAST`, and a multiple of :data:`MULTIPLE` where there are several of these."""
    least = max(1, math.ceil(LEAST * of))
    step = MULTIPLE if of >= 4 * MULTIPLE else 1
    return min(of, max(least, step * round(count / step)))


@torch.no_grad()
def _keep(inner: Inner, kept: Tensor) -> None:
    before, norm, behind = inner.modules
    gone = torch.ones(norm.num_features, dtype=torch.bool)
    gone[kept] = False
    if not gone.any():
        return
    shift = behind.weight[:, gone].sum((2, 3)) @ _mean_output(norm)[gone]
    mean = inner.norm_behind.running_mean
    assert mean is not None
    mean.sub_(shift)
    fewer = _convolution(before, before.in_channels, len(kept)), _convolution(behind, len(kept), behind.out_channels)
    fewer[0].weight.copy_(before.weight[kept])
    fewer[1].weight.copy_(behind.weight[:, kept])
    smaller = nn.BatchNorm2d(len(kept), eps=norm.eps, momentum=norm.momentum or 0.1)
    for name, value in smaller.state_dict().items():
        of = norm.state_dict()[name]
        value.copy_(of[kept] if of.ndim else of)
    for name, module in zip(inner.names, (fewer[0], smaller, fewer[1]), strict=True):
        setattr(inner.block, name, module.train(inner.block.training))


def _mean_output(norm: nn.BatchNorm2d) -> Tensor:
    """The mean [C] of what ReLU leaves of a BatchNorm's output, where its input is as it was trained for: normal."""
    scale, shift = norm.weight.abs().clamp(min=1e-12), norm.bias
    normal = torch.distributions.Normal(0.0, 1.0)
    at = shift / scale
    density = torch.exp(normal.log_prob(at))  # type: ignore[no-untyped-call]
    return shift * normal.cdf(at) + scale * density  # type: ignore[no-untyped-call, no-any-return]


def _convolution(like: nn.Conv2d, inputs: int, outputs: int) -> nn.Conv2d:
    """A new convolution that is ``like`` another one but for its channels, without a bias as all in these networks."""
    made = nn.Conv2d(
        inputs, outputs, like.kernel_size, like.stride, like.padding, like.dilation, bias=False,  # type: ignore[arg-type]
        device=like.weight.device, dtype=like.weight.dtype,
    )  # fmt: skip
    nn.init.kaiming_normal_(made.weight, mode="fan_out", nonlinearity="relu")
    return made
