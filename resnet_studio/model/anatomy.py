"""The shape of the five ResNets in plain numbers: stages, parameters and arithmetic, without building a model.

Follows torchvision's ResNet ("ResNet v1.5": a bottleneck's stride sits on its 3x3 convolution).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from resnet_studio.config import Freeze, Head, Stem, Tuned, choices

Stage = Literal["stem", "layer1", "layer2", "layer3", "layer4", "head"]

DEPTHS: tuple[int, ...] = choices("depth")
STAGES: tuple[Stage, ...] = ("stem", "layer1", "layer2", "layer3", "layer4", "head")

_BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_WIDTHS = (64, 128, 256, 512)


def frozen_stages(freeze: Freeze) -> tuple[Stage, ...]:
    """The stages that ``freeze`` keeps as they are: everything up to and including it.

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


def feature_channels(depth: int) -> int:
    """The number of pooled features that the head sees."""
    return _WIDTHS[-1] * _expansion(depth)


def blocks(depth: int) -> tuple[int, int, int, int]:
    """Residual blocks in layer1 to layer4."""
    return _BLOCKS[depth]


def parameters(
    depth: int,
    *,
    classes: int,
    head: Head = "linear",
    hidden_units: int = 1024,
    stem: Stem = "standard",
    freeze: Freeze = "none",
    tuned: Tuned = "all",
) -> dict[Stage, int]:
    """Parameters of each stage that learn, from the input on; exactly those of the built model.

    By default these are all. A frozen stage has none; of the others ``tuned`` may narrow all but the head,
    as in :func:`resnet_studio.model.resnet.parameter_groups`.
    """
    counts: dict[Stage, int] = dict.fromkeys(STAGES, 0)
    trained = trained_stages(freeze)
    for convolution in _convolutions(depth, 224, stem):
        if convolution.stage in trained:
            counts[convolution.stage] += convolution.parameters(tuned)
    counts["head"] = sum(inputs * outputs + outputs for inputs, outputs in _linears(depth, classes, head, hidden_units))
    return counts


def gflops(
    depth: int,
    size: int,
    stem: Stem = "standard",
    *,
    classes: int = 1000,
    head: Head = "linear",
    hidden_units: int = 1024,
) -> dict[Stage, float]:
    """GFLOP of one forward pass over one picture of ``size`` x ``size`` px, by stage.

    Counted as 2 x multiply-adds of convolutions and linear layers; a training step takes about three times as much.
    """
    counts: dict[Stage, int] = dict.fromkeys(STAGES, 0)
    for convolution in _convolutions(depth, size, stem):
        counts[convolution.stage] += 2 * convolution.weights * convolution.side**2
    counts["head"] = sum(2 * inputs * outputs for inputs, outputs in _linears(depth, classes, head, hidden_units))
    return {stage: count / 1e9 for stage, count in counts.items()}


def last_side(size: int, stem: Stem) -> int:
    """The side, px, of the maps that layer4 ends in for pictures of ``size`` px, at any depth."""
    return [convolution.side for convolution in _convolutions(18, size, stem)][-1]


@dataclass(frozen=True)
class _Convolution:
    """A convolution and the BatchNorm behind it: ``weights`` in its kernel, ``side`` of its output in px."""

    stage: Stage
    weights: int
    channels: int
    side: int

    def parameters(self, tuned: Tuned) -> int:
        """How many ``tuned`` names; BatchNorm has a scale and a shift a channel, which is the only bias."""
        if tuned == "bias":
            return self.channels
        return 2 * self.channels + (self.weights if tuned == "all" else 0)


def _convolutions(depth: int, size: int, stem: Stem) -> Iterator[_Convolution]:
    """All convolutions, stage by stage. Every stride of 2 in the network halves a side, rounding up."""
    if stem == "auto":
        raise ValueError("a plan has to resolve the automatic stem first")
    kernel, side = (7, _half(size)) if stem == "standard" else (3, size)
    yield _Convolution("stem", kernel**2 * 3 * 64, 64, side)
    side = _half(side) if stem == "standard" else side
    inputs = 64
    for index, count in enumerate(_BLOCKS[depth]):
        for block in range(count):
            halves = index > 0 and block == 0
            yield from _block(STAGES[index + 1], depth, inputs, _WIDTHS[index], side, halves=halves)
            inputs = _WIDTHS[index] * _expansion(depth)
            side = _half(side) if halves else side


def _block(stage: Stage, depth: int, inputs: int, width: int, side: int, *, halves: bool) -> Iterator[_Convolution]:
    """One residual block on ``inputs`` channels of ``side`` px: BasicBlock below depth 50, else Bottleneck."""
    after = _half(side) if halves else side
    outputs = width * _expansion(depth)
    if outputs == width:
        yield _Convolution(stage, 9 * inputs * width, width, after)
        yield _Convolution(stage, 9 * width * width, width, after)
    else:
        yield _Convolution(stage, inputs * width, width, side)
        yield _Convolution(stage, 9 * width * width, width, after)
        yield _Convolution(stage, width * outputs, outputs, after)
    if inputs != outputs:
        yield _Convolution(stage, inputs * outputs, outputs, after)


def _linears(depth: int, classes: int, head: Head, hidden_units: int) -> tuple[tuple[int, int], ...]:
    """Inputs and outputs of the head's linear layers."""
    features = feature_channels(depth)
    return ((features, classes),) if head == "linear" else ((features, hidden_units), (hidden_units, classes))


def _expansion(depth: int) -> int:
    return 4 if depth >= 50 else 1


def _half(side: int) -> int:
    return (side + 1) // 2
