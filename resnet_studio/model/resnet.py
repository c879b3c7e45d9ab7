"""The model: a library's network with a head for the user's classes, and its cut into a frozen and a trained part."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from resnet_studio.config import Features, Freeze, Head, Stem, Tuned
from resnet_studio.model.adapters import adapted
from resnet_studio.model.anatomy import frozen_stages, trained_stages
from resnet_studio.model.architecture import Network, Stage, get
from resnet_studio.model.joined import is_joined, join
from resnet_studio.model.widths import shrink

if TYPE_CHECKING:
    from torchvision.models import ResNet


def build(
    network: Network,
    classes: int,
    *,
    head: Head = "linear",
    hidden_units: int = 1024,
    dropout: float = 0.0,
    stem: Stem = "standard",
    features: Features = "layer4",
    widths: Sequence[int] = (),
    seed: int | None = None,
) -> ResNet:
    """The ``network`` with random weights for ``classes`` classes; input [N, 3, H, W], output logits [N, classes].

    The weights follow from ``seed`` alone, whatever other threads draw at the same time, and are those that
    ``torch.manual_seed(seed)`` would lead to; without a seed they come from torch's default generator. Convolutions
    start as in He et al. (arXiv 1502.01852, fan-out), the last BatchNorm of each residual branch at zero (arXiv
    1706.02677, section 5.1). The small stem is a 3x3 convolution of stride 1 without max-pooling, as used for CIFAR
    (arXiv 1512.03385, section 4.2). With ``widths`` the blocks have so many inner channels, see
    :mod:`resnet_studio.model.widths`. What was built says so itself: ``model.architecture``.

    Raises :class:`ConfigError` where the library that builds ``network`` is not installed.
    """
    if seed is not None:
        with _Drawn(torch.Generator().manual_seed(seed)):
            return build(network, classes, head=head, hidden_units=hidden_units, dropout=dropout, stem=stem,
                         features=features, widths=widths)  # fmt: skip
    if stem == "auto":
        raise ValueError("a plan has to resolve the automatic stem first")
    architecture = get(network)
    model = architecture.library.build(architecture.name, classes)
    model.architecture = architecture
    if widths:
        shrink(model, widths)
    if stem == "small":
        _make_stem_small(model)
    if features == "layer3+layer4":
        join(model, classes)
    _finish_head(model, classes, head, hidden_units, dropout)
    return model


def _make_stem_small(model: ResNet) -> None:
    model.conv1 = nn.Conv2d(3, model.bn1.num_features, kernel_size=3, stride=1, padding=1, bias=False)
    nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
    model.maxpool = nn.Identity()


def _finish_head(model: ResNet, classes: int, head: Head, hidden_units: int, dropout: float) -> None:
    """Put a hidden layer, or dropout, before the linear layer that ``model`` has."""
    if head == "hidden":
        model.fc = nn.Sequential(
            nn.Linear(model.fc.in_features, hidden_units),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_units, classes),
        )
    elif dropout > 0:
        model.fc = nn.Sequential(nn.Dropout(dropout), model.fc)


def skeleton(network: Network, classes: int, **options: Any) -> ResNet:
    """What :func:`build` makes, without any weights: takes no memory and draws no random numbers."""
    with torch.device("meta"):
        return uninitialised(network, classes, **options)


def uninitialised(network: Network, classes: int, **options: Any) -> ResNet:
    """What :func:`build` makes, for weights that are loaded at once: draws no random numbers."""
    with Uninitialised():
        return build(network, classes, **options)


class Uninitialised(TorchFunctionMode):
    """Leaves parameters uninitialised: drawn without memory, random numbers import a computer algebra system."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = dict(kwargs or {})
        if getattr(function, "__name__", "") in _DRAWING:
            return args[0] if args else given["tensor"]
        return function(*args, **given)


_DRAWING = frozenset(
    f"{name}_" for name in ("uniform", "normal", "trunc_normal", "kaiming_uniform", "kaiming_normal", "xavier_uniform",
                            "xavier_normal")
)  # fmt: skip
"""Tensors' own methods, and torch's initialisers, within which no other call of theirs comes by."""


class _Drawn(TorchFunctionMode):
    """In this thread, initialisers draw from a generator of their own instead of the one that all threads share."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self._generator = generator

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = dict(kwargs or {})
        if function in (torch.Tensor.normal_, torch.Tensor.uniform_) or "generator" in given:
            given["generator"] = self._generator
        return function(*args, **given)


@dataclass(frozen=True)
class Cut:
    """A model in two parts that share its modules: ``suffix(prefix(x))`` is ``model(x)``.

    ``prefix`` is what stays frozen (nothing at all where nothing is frozen), ``suffix`` the rest with the head. Frozen
    through ``layer4``, the prefix ends in pooled features [N, C]; else in a feature map [N, C, H, W].
    """

    prefix: nn.Sequential
    suffix: nn.Sequential


def cut(model: ResNet, freeze: Freeze, tuned: Tuned = "all", *, from_pictures: bool = False) -> Cut:
    """Cut ``model`` behind stage ``freeze``; its frozen stages go into eval mode.

    Only the parameters of :func:`parameter_groups` take a gradient. A suffix ``from_pictures`` has the frozen stages
    too, so that a gradient reaches its inputs through them; the prefix is then empty.
    """
    model.requires_grad_(False)
    for _, parameters in parameter_groups(model, freeze, tuned):
        for parameter in parameters:
            parameter.requires_grad_(True)
    keep_frozen_in_eval(model, freeze)
    behind: Freeze = "none" if from_pictures else freeze
    return Cut(_sequence(model, frozen_stages(behind)), _sequence(model, trained_stages(behind)))


def body_of(model: ResNet) -> nn.Sequential:
    """All of ``model`` before its head."""
    return _sequence(model, frozen_stages("layer4"))


def train_mode(model: ResNet, freeze: Freeze) -> None:
    """Put ``model`` into training mode, except for its frozen stages: their BatchNorm statistics stay fixed."""
    model.train()
    keep_frozen_in_eval(model, freeze)


def set_requires_grad(groups: list[tuple[str, list[nn.Parameter]]], freeze: Freeze) -> None:
    """Set ``requires_grad`` for each parameter in ``groups``: true unless ``freeze`` freezes its stage."""
    learning = trained_stages(freeze)
    for stage, parameters in groups:
        for parameter in parameters:
            parameter.requires_grad_(stage in learning)


def keep_frozen_in_eval(model: ResNet, freeze: Freeze) -> None:
    """Put the frozen stages of ``model`` into eval mode and leave the others as they are."""
    for stage in frozen_stages(freeze):
        for module in stage_modules(model, stage):
            module.eval()


def parameter_groups(model: ResNet, freeze: Freeze, tuned: Tuned = "all") -> list[tuple[str, list[nn.Parameter]]]:
    """The parameters that are trained of each stage that is not frozen, from the head back to the input.

    ``tuned`` may narrow the stages before the head down to BatchNorm's scales and shifts (arXiv 2003.00152), to these
    and adapters, see :mod:`resnet_studio.model.adapters`, or to
    biases (BitFit, arXiv 2106.10199): those are BatchNorm's shifts and, where a network has squeeze-and-excitation, the
    biases of that; other convolutions have none. The head is new and always trained as a
    whole. BatchNorm's statistics are no parameters: they follow the pictures in either case.
    """
    return [
        (stage, [weight for module in stage_modules(model, stage) for weight in _tuned(module, tuned, stage)])
        for stage in reversed(trained_stages(freeze))
    ]


def _tuned(module: nn.Module, tuned: Tuned, stage: Stage) -> list[nn.Parameter]:
    if tuned == "all" or stage == "head":
        return list(module.parameters())
    if tuned == "bias":
        return [weight for name, weight in module.named_parameters() if name.rpartition(".")[2] == "bias"]
    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]
    convolutions = adapted(module) if tuned == "adapters" else []
    return [*convolutions, *(weight for norm in norms for weight in (norm.weight, norm.bias))]


def stage_modules(model: ResNet, stage: Stage) -> list[nn.Module]:
    """The modules of ``model`` that make up ``stage``."""
    return [getattr(model, name) for name in model.architecture.modules(stage) if name != "flatten"]


def map_module(model: ResNet, stage: Stage) -> nn.Module:
    """The module of ``model`` whose output is the feature map [N, C, h, w] of ``stage``, before any pooling."""
    module: nn.Module = stage_modules(model, stage)[0 if stage == "layer4" else -1]
    return module[-1] if stage == "layer4" and is_joined(model) else module  # type: ignore[index]


def _sequence(model: ResNet, stages: tuple[Stage, ...]) -> nn.Sequential:
    names = [name for stage in stages for name in model.architecture.modules(stage)]
    return nn.Sequential(
        OrderedDict((name, nn.Flatten(1) if name == "flatten" else getattr(model, name)) for name in names)
    )
