"""The costs of the networks in plain numbers: parameters and arithmetic of each stage, without building a model.

Follows torchvision's ResNet ("ResNet v1.5": a bottleneck's stride sits on its 3x3 convolution) and timm's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from resnet_studio.config import Features, Freeze, Head, Stem, Tuned
from resnet_studio.model.architecture import STAGES, Architecture, Network, Stage, get

_WIDTHS = (64, 128, 256, 512)


def frozen_stages(freeze: Freeze) -> tuple[Stage, ...]:
    """The frozen stages: everything up to and including ``freeze``.

    Raises ``ValueError`` for ``auto``, which a plan has to resolve first.
    """
    if freeze == "none":
        return ()
    if freeze not in STAGES[:-1]:
        raise ValueError(f"not a freeze level: {freeze!r}")
    return STAGES[: STAGES.index(cast(Stage, freeze)) + 1]


def trained_stages(freeze: Freeze) -> tuple[Stage, ...]:
    """The stages that learn, from the input on; the head is always the last of them."""
    return STAGES[len(frozen_stages(freeze)) :]


def parameters(
    network: Network,
    *,
    classes: int,
    head: Head = "linear",
    hidden_units: int = 1024,
    stem: Stem = "standard",
    freeze: Freeze = "none",
    tuned: Tuned = "all",
    features: Features = "layer4",
    widths: Sequence[int] = (),
) -> dict[Stage, int]:
    """Parameters of each stage that learn, from the input on; exactly those of the built model.

    By default these are all. A frozen stage has none; of the others ``tuned`` may narrow all but the head,
    as in :func:`resnet_studio.model.resnet.parameter_groups`. ``widths`` as for :func:`resnet.build`.
    """
    counts: dict[Stage, int] = dict.fromkeys(STAGES, 0)
    trained = trained_stages(freeze)
    for convolution in _convolutions(get(network), 224, stem, widths):
        if convolution.stage in trained:
            counts[convolution.stage] += convolution.parameters(tuned)
    counts["head"] = sum(
        inputs * outputs + outputs
        for inputs, outputs in _linears(get(network).head_inputs(features), classes, head, hidden_units)
    )
    return counts


def gflops(
    network: Network,
    size: int,
    stem: Stem = "standard",
    *,
    classes: int = 1000,
    head: Head = "linear",
    hidden_units: int = 1024,
    widths: Sequence[int] = (),
) -> dict[Stage, float]:
    """GFLOP of one forward pass over one picture of ``size`` x ``size`` px, by stage.

    Counted as 2 x multiply-adds of convolutions and linear layers; a training step takes about three times as much.
    """
    counts: dict[Stage, int] = dict.fromkeys(STAGES, 0)
    for convolution in _convolutions(get(network), size, stem, widths):
        counts[convolution.stage] += 2 * convolution.weights * convolution.side**2
    counts["head"] = sum(
        2 * inputs * outputs for inputs, outputs in _linears(get(network).features, classes, head, hidden_units)
    )
    return {stage: count / 1e9 for stage, count in counts.items()}


def map_values(network: Network, size: int, stem: Stem = "standard") -> dict[Stage, int]:
    """How many numbers the convolutions of each stage put out for one picture of ``size`` x ``size`` px."""
    counts: dict[Stage, int] = dict.fromkeys(STAGES, 0)
    for convolution in _convolutions(get(network), size, stem):
        counts[convolution.stage] += convolution.channels * convolution.side**2
    return counts


def last_side(size: int, stem: Stem) -> int:
    """The side, px, of the maps that layer4 ends in for pictures of ``size`` px, in any network."""
    return [convolution.side for convolution in _convolutions(get(18), size, stem)][-1]


@dataclass(frozen=True)
class _Convolution:
    """A convolution: ``weights`` in its kernel, ``channels`` and ``side``, px, of its output. Behind it comes a
    BatchNorm or, without a ``norm``, a bias.
    """

    stage: Stage
    weights: int
    channels: int
    side: int
    norm: bool = True
    kernel: int = 1

    def parameters(self, tuned: Tuned) -> int:
        """How many ``tuned`` names; BatchNorm has a scale and a shift a channel, and the shift is its bias."""
        if tuned == "bias":
            return self.channels
        norm = 2 * self.channels if self.norm else 0
        bias = 0 if self.norm else self.channels
        learning = {"all": self.weights + bias, "adapters": self.weights // 9 if self.kernel == 3 else 0}
        return norm + learning.get(tuned, 0)


def inner_widths(network: Network) -> tuple[int, ...]:
    """The numbers of channels between the convolutions of each residual block, from the input on: one of them in a
    block of two convolutions, two in a bottleneck.
    """
    found = get(network)
    inner = [width * found.group_width // 64 * found.groups if found.bottleneck else width for width in _WIDTHS]
    each = 2 if found.bottleneck else 1
    return tuple(width for width, count in zip(inner, found.blocks, strict=True) for _ in range(each * count))


def _convolutions(network: Architecture, size: int, stem: Stem, widths: Sequence[int] = ()) -> Iterator[_Convolution]:
    """All convolutions, stage by stage. Every stride of 2 in the network halves a side, rounding up."""
    if stem == "auto":
        raise ValueError("a plan has to resolve the automatic stem first")
    standard = stem == "standard"
    side = _half(size) if standard else size
    deep = standard and network.deep_stem
    for kernel, inputs, outputs in ((3, 3, 32), (3, 32, 32), (3, 32, 64)) if deep else ((7 if standard else 3, 3, 64),):
        yield _Convolution("stem", kernel**2 * inputs * outputs, outputs, side, kernel=kernel)
    side = _half(side) if standard else side
    inputs = 64
    left = iter(widths or inner_widths(network))
    for index, count in enumerate(network.blocks):
        for block in range(count):
            halves = index > 0 and block == 0
            inner = tuple(next(left) for _ in range(2 if network.bottleneck else 1))
            yield from _block(STAGES[index + 1], network, inputs, _WIDTHS[index], inner, side, halves=halves)
            inputs = _WIDTHS[index] * network.expansion
            side = _half(side) if halves else side


def _block(
    stage: Stage, network: Architecture, inputs: int, width: int, inner: tuple[int, ...], side: int, *, halves: bool
) -> Iterator[_Convolution]:
    """One residual block on ``inputs`` channels of ``side`` px, with ``inner`` channels between its convolutions."""
    after = _half(side) if halves else side
    outputs = width * network.expansion
    if network.bottleneck:
        first, second = inner
        yield _Convolution(stage, inputs * first, first, side)
        yield _Convolution(stage, 9 * first * second // network.groups, second, after, kernel=3)
        yield _Convolution(stage, second * outputs, outputs, after)
    else:
        yield _Convolution(stage, 9 * inputs * inner[0], inner[0], after, kernel=3)
        yield _Convolution(stage, 9 * inner[0] * width, width, after, kernel=3)
    if network.squeezes:
        squeezed = max(8, (outputs // 16 + 4) // 8 * 8)  # a sixteenth, a multiple of 8, as timm rounds it
        yield _Convolution(stage, outputs * squeezed, squeezed, 1, norm=False)
        yield _Convolution(stage, squeezed * outputs, outputs, 1, norm=False)
    if halves or inputs != outputs:
        yield _Convolution(stage, inputs * outputs, outputs, after)


def _linears(features: int, classes: int, head: Head, hidden_units: int) -> tuple[tuple[int, int], ...]:
    """Inputs and outputs of the head's linear layers."""
    return ((features, classes),) if head == "linear" else ((features, hidden_units), (hidden_units, classes))


def _half(side: int) -> int:
    return (side + 1) // 2
