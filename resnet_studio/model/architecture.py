"""The networks that can be trained: one registry entry for each architecture has all that the studio needs.

To add one, add its entry to :data:`ARCHITECTURES` and its depth to :data:`resnet_studio.config.DEPTHS`; a new family
also needs its name in :data:`resnet_studio.config.Family` and its text ``config.family.<name>`` in both languages.
Building, freezing, costs, drawing, starting weights and export follow from the entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from resnet_studio.config import Depth, Family, Features
from resnet_studio.errors import ConfigError
from resnet_studio.model.libraries import STAGES, TIMM, TORCHVISION, Library, Stage, is_installed

__all__ = [
    "ARCHITECTURES",
    "STAGES",
    "Architecture",
    "Network",
    "Pretrained",
    "Stage",
    "available",
    "find",
    "get",
    "in_family",
    "of",
    "settings",
]


@dataclass(frozen=True)
class Pretrained:
    """Weights that a library publishes: its ``entry`` there, the ``file`` in PyTorch's cache and that file's size."""

    entry: str
    file: str
    megabytes: int


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A residual network of four stages, named as its ``library`` names it.

    ``blocks`` are the residual blocks of each stage: two 3x3 convolutions, or a ``bottleneck`` of 1x1, 3x3, 1x1
    (arXiv 1512.03385). The 3x3 convolution of a bottleneck has ``groups`` groups of ``group_width`` channels in layer1
    (ResNeXt, arXiv 1611.05431; Wide ResNet, arXiv 1605.07146). ``squeezes``: each block weighs its channels by
    squeeze-and-excitation (arXiv 1709.01507). ``deep_stem``: three 3x3 convolutions instead of one of 7x7, and
    shortcuts that average before they halve a side (ResNet-D, arXiv 1812.01187).
    ``weights`` are the pretrained ones by the name that a config has for them, the usual favourite first.
    """

    name: str
    title: str
    family: Family
    depth: Depth
    blocks: tuple[int, int, int, int]
    bottleneck: bool
    groups: int = 1
    group_width: int = 64
    squeezes: bool = False
    deep_stem: bool = False
    library: Library = TORCHVISION
    weights: Mapping[str, Pretrained] = field(default_factory=dict)

    @property
    def expansion(self) -> int:
        """Channels that a block puts out, by its width."""
        return 4 if self.bottleneck else 1

    @property
    def features(self) -> int:
        """The number of pooled features of layer4."""
        return 512 * self.expansion

    def head_inputs(self, features: Features) -> int:
        """The number of pooled features that a head sees; layer3 has half as many as layer4."""
        return self.features if features != "layer3+layer4" else self.features + self.features // 2

    def modules(self, stage: Stage) -> tuple[str, ...]:
        """The names of the modules of ``stage`` in the built network, see :class:`Library`."""
        return self.library.modules[stage]

    def check_installed(self) -> None:
        """Raise :class:`ConfigError` where the library that builds it is not installed."""
        if not is_installed(self.library):
            raise ConfigError("error.architecture.not_installed", network=self.title, library=self.library.name)


class _Chosen(Protocol):
    """Settings or a card, which name a family and a depth."""

    @property
    def family(self) -> Family: ...

    @property
    def depth(self) -> Depth: ...


Network = Architecture | str | int
"""An architecture, its name, or the depth of a plain ResNet."""

_BLOCKS: Mapping[Depth, tuple[int, int, int, int]] = {
    18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3),
}  # fmt: skip


def _resnet(depth: Depth, **weights: tuple[str, int]) -> Architecture:
    return _torchvision("resnet", depth, f"resnet{depth}", f"ResNet-{depth}", f"ResNet{depth}", weights)


def _torchvision(
    family: Family, depth: Depth, name: str, title: str, entry: str, files: Mapping[str, tuple[str, int]], **shape: Any
) -> Architecture:
    """An architecture of torchvision; ``files`` are the digits and megabytes of the weights of each version."""
    weights = {
        f"imagenet-{version}": Pretrained(f"{entry}_Weights.IMAGENET1K_{version.upper()}", f"{name}-{digits}.pth", size)
        for version, (digits, size) in files.items()
    }
    return _architecture(family, depth, name, title, weights=weights, **shape)


def _timm(
    family: Family, depth: Depth, name: str, title: str, file: tuple[str, str, int] | None = None, **shape: Any
) -> Architecture:
    """An architecture of timm; ``file`` is the tag, name and megabytes of the weights that it takes by default."""
    weights = {} if file is None else {"imagenet-timm": Pretrained(f"{name}.{file[0]}", *file[1:])}
    return _architecture(family, depth, name, title, library=TIMM, weights=weights, **shape)


def _architecture(family: Family, depth: Depth, name: str, title: str, **more: Any) -> Architecture:
    """The usual number of blocks for ``depth``, which are bottlenecks from 50 on."""
    return Architecture(
        name=name, title=title, family=family, depth=depth, blocks=_BLOCKS[depth], bottleneck=depth >= 50, **more
    )


ARCHITECTURES: tuple[Architecture, ...] = (
    _resnet(18, v1=("f37072fd", 45)),
    _resnet(34, v1=("b627a593", 83)),
    _resnet(50, v2=("11ad3fa6", 98), v1=("0676ba61", 98)),
    _resnet(101, v2=("cd907fc2", 171), v1=("63fe2227", 171)),
    _resnet(152, v2=("f82ba261", 230), v1=("394f9c45", 230)),
    _torchvision(
        "resnext", 50, "resnext50_32x4d", "ResNeXt-50 32x4d", "ResNeXt50_32X4D",
        {"v2": ("1a0047aa", 96), "v1": ("7cdf4587", 96)}, groups=32, group_width=4,
    ),
    _torchvision(
        "resnext", 101, "resnext101_32x8d", "ResNeXt-101 32x8d", "ResNeXt101_32X8D",
        {"v2": ("110c445d", 340), "v1": ("8ba56ff5", 340)}, groups=32, group_width=8,
    ),
    _torchvision(
        "resnext_64x4d", 101, "resnext101_64x4d", "ResNeXt-101 64x4d", "ResNeXt101_64X4D",
        {"v1": ("173b62eb", 319)}, groups=64, group_width=4,
    ),
    _torchvision(
        "wide_resnet", 50, "wide_resnet50_2", "Wide ResNet-50-2", "Wide_ResNet50_2",
        {"v2": ("9ba9bcbe", 263), "v1": ("95faca4d", 132)}, group_width=128,
    ),
    _torchvision(
        "wide_resnet", 101, "wide_resnet101_2", "Wide ResNet-101-2", "Wide_ResNet101_2",
        {"v2": ("d733dc28", 485), "v1": ("32ee1156", 243)}, group_width=128,
    ),
    _timm("se_resnet", 18, "seresnet18", "SE-ResNet-18", squeezes=True),
    _timm("se_resnet", 34, "seresnet34", "SE-ResNet-34", squeezes=True),
    _timm(
        "se_resnet", 50, "seresnet50", "SE-ResNet-50", ("a1_in1k", "seresnet50_a1_0-ffa00869.pth", 107), squeezes=True,
    ),
    _timm("se_resnet", 101, "seresnet101", "SE-ResNet-101", squeezes=True),
    _timm("se_resnet", 152, "seresnet152", "SE-ResNet-152", squeezes=True),
    _timm(
        "se_resnext", 50, "seresnext50_32x4d", "SE-ResNeXt-50 32x4d",
        ("racm_in1k", "seresnext50_32x4d_racm-a304a460.pth", 105), groups=32, group_width=4, squeezes=True,
    ),
    _timm(
        "se_resnext", 101, "seresnext101_32x8d", "SE-ResNeXt-101 32x8d",
        ("ah_in1k", "seresnext101_32x8d_ah-e6bc4c0a.pth", 358), groups=32, group_width=8, squeezes=True,
    ),
    _timm("resnet_d", 18, "resnet18d", "ResNet-18-D", ("ra2_in1k", "resnet18d_ra2-48a79e06.pth", 45), deep_stem=True),
    _timm("resnet_d", 34, "resnet34d", "ResNet-34-D", ("ra2_in1k", "resnet34d_ra2-f8dcfcaf.pth", 83), deep_stem=True),
    _timm("resnet_d", 50, "resnet50d", "ResNet-50-D", ("ra2_in1k", "resnet50d_ra2-464e36ba.pth", 98), deep_stem=True),
    _timm(
        "resnet_d", 101, "resnet101d", "ResNet-101-D", ("ra2_in1k", "resnet101d_ra2-2803ffab.pth", 170), deep_stem=True,
    ),
    _timm(
        "resnet_d", 152, "resnet152d", "ResNet-152-D", ("ra2_in1k", "resnet152d_ra2-5cac0439.pth", 230), deep_stem=True,
    ),
)  # fmt: skip

_BY_CHOICE = {(entry.family, entry.depth): entry for entry in ARCHITECTURES}


def get(network: Network) -> Architecture:
    """The architecture that ``network`` is or names; an integer is the depth of a plain ResNet.

    Raises ``KeyError`` for a depth that there is not, and what :func:`find` does.
    """
    if isinstance(network, Architecture):
        return network
    return find(network) if isinstance(network, str) else _BY_CHOICE["resnet", network]  # type: ignore[index]


def find(name: str) -> Architecture:
    """The architecture called ``name``: as its library calls it, or its family and depth, such as ``resnext50``.

    Capitals, hyphens and underscores do not matter. Raises :class:`ConfigError` with the names that there are.
    """
    wanted = _bare(name)
    for entry in ARCHITECTURES:
        if wanted in (_bare(entry.name), _bare(entry.title), _bare(f"{entry.family}{entry.depth}")):
            return entry
    raise ConfigError("error.architecture.unknown", name=name, allowed=[entry.name for entry in ARCHITECTURES])


def of(chosen: _Chosen) -> Architecture:
    """The architecture of settings or of a card."""
    return _BY_CHOICE[chosen.family, chosen.depth]


def settings(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Family and depth of the architecture called ``name``, see :func:`find`.

    Raises :class:`ConfigError` where ``given`` has another family or depth.
    """
    entry = find(name)
    wanted = {"family": entry.family, "depth": entry.depth}
    for field_name, value in wanted.items():
        if given.get(field_name, value) != value:
            values = {"arch": name, "field": field_name, "wanted": value, "value": given[field_name]}
            raise ConfigError("error.architecture.differs", **values)
    return wanted


def in_family(family: str) -> tuple[Architecture, ...]:
    """The architectures of ``family``, the smallest first."""
    return tuple(entry for entry in ARCHITECTURES if entry.family == family)


def available(entries: Iterable[Architecture] = ARCHITECTURES) -> tuple[Architecture, ...]:
    """Those of ``entries`` whose library is installed."""
    return tuple(entry for entry in entries if is_installed(entry.library))


def _bare(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
