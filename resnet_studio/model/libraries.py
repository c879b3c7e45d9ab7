"""The libraries that build the networks: what their modules are called, and what they publish weights with."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from resnet_studio.errors import ConfigError

if TYPE_CHECKING:
    from torchvision.models import ResNet

Stage = Literal["stem", "layer1", "layer2", "layer3", "layer4", "head"]

STAGES: tuple[Stage, ...] = ("stem", "layer1", "layer2", "layer3", "layer4", "head")


@dataclass(frozen=True)
class Published:
    """What a library says of weights that it publishes: where they lie, and how pictures are prepared for them.

    ``resize`` and ``crop`` are px; ``mean`` and ``std`` are per channel on the 0..1 scale.
    """

    name: str
    url: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resize: int
    crop: int
    detail: Mapping[str, Any] = field(default_factory=dict)


class Library(Protocol):
    """A library of networks. ``modules`` are those of each stage, in the order in which they compute; ``flatten``
    stands for a flattening that the library's network does without a module.
    """

    @property
    def name(self) -> str:
        """What the library is called, also by pip."""

    @property
    def optional(self) -> bool:
        """Whether the studio works without it."""

    @property
    def modules(self) -> Mapping[Stage, tuple[str, ...]]:
        """The names of the modules of each stage."""

    @property
    def imports(self) -> str:
        """The line of Python that imports it for :meth:`code`."""

    def build(self, name: str, classes: int) -> ResNet:
        """The network ``name`` with random weights, each residual branch beginning at zero."""

    def published(self, entry: str) -> Published:
        """What the library says of its weights ``entry``."""

    def code(self, name: str, classes: str) -> str:
        """Python that builds the network ``name`` for a number of classes given as Python."""


@dataclass(frozen=True)
class _Torchvision:
    name: str = "torchvision"
    optional: bool = False
    imports: str = ""  # exported code imports torchvision's models anyway
    modules: Mapping[Stage, tuple[str, ...]] = field(
        default_factory=lambda: {
            "stem": ("conv1", "bn1", "relu", "maxpool"), "layer1": ("layer1",), "layer2": ("layer2",),
            "layer3": ("layer3",), "layer4": ("layer4", "avgpool", "flatten"), "head": ("fc",),
        }
    )  # fmt: skip

    def build(self, name: str, classes: int) -> ResNet:
        import torchvision  # takes two seconds: only who builds a network waits for it

        make = getattr(torchvision.models, name)
        model: ResNet = make(num_classes=classes, zero_init_residual=True)
        return model

    def published(self, entry: str) -> Published:
        from torchvision.models import get_weight

        found = get_weight(entry)
        transforms = found.transforms()
        detail = {"url": found.url, "recipe": found.meta["recipe"], "terms": "weights.terms.imagenet"}
        return Published(
            f"torchvision {found}", found.url, tuple(transforms.mean), tuple(transforms.std), transforms.resize_size[0],
            transforms.crop_size[0], detail,
        )  # fmt: skip

    def code(self, name: str, classes: str) -> str:
        return f"models.{name}(num_classes={classes})"


@dataclass(frozen=True)
class _Timm:
    """PyTorch Image Models (https://github.com/huggingface/pytorch-image-models), which is optional."""

    name: str = "timm"
    optional: bool = True
    imports: str = "import timm"
    modules: Mapping[Stage, tuple[str, ...]] = field(
        default_factory=lambda: {
            "stem": ("conv1", "bn1", "act1", "maxpool"), "layer1": ("layer1",), "layer2": ("layer2",),
            "layer3": ("layer3",), "layer4": ("layer4", "global_pool"), "head": ("fc",),
        }
    )  # fmt: skip

    def build(self, name: str, classes: int) -> ResNet:
        with _needed_for(name):
            import timm
        model: ResNet = timm.create_model(name, pretrained=False, num_classes=classes)
        return model

    def published(self, entry: str) -> Published:
        with _needed_for(entry):
            from timm.models import get_pretrained_cfg
        config: Any = get_pretrained_cfg(entry)
        crop = config.input_size[-1]
        detail = {
            "url": config.url,
            "recipe": entry,
            "license": config.license,
            "terms": "weights.terms.imagenet-timm",
        }
        return Published(
            f"timm {entry}",
            config.url,
            tuple(config.mean),
            tuple(config.std),
            round(crop / config.crop_pct),
            crop,
            detail,
        )

    def code(self, name: str, classes: str) -> str:
        return f"timm.create_model({name!r}, num_classes={classes})".replace("'", '"')


TORCHVISION: Library = _Torchvision()
TIMM: Library = _Timm()


def is_installed(library: Library) -> bool:
    """Whether ``library`` can be imported here; does not import it, which takes seconds."""
    return importlib.util.find_spec(library.name) is not None


@contextmanager
def _needed_for(network: str) -> Iterator[None]:
    """A library that is imported within is optional; the error says what to install where it is missing."""
    try:
        yield
    except ImportError as error:
        library = (error.name or "").partition(".")[0]
        raise ConfigError("error.architecture.not_installed", network=network, library=library) from error
