"""Models that others trained and published as a state dict: torchvision's and timm's ResNets with one linear layer.

What a state dict does not say has to come from elsewhere: the names of the classes from the file's own metadata, from
timm's ``config.json`` beside it or from the user; how pictures are prepared likewise, or as ImageNet's are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.data.views import OVERSCAN
from resnet_studio.errors import CheckpointError, WeightsError
from resnet_studio.model.card import Card
from resnet_studio.model.header import is_pickle, opened, read_header
from resnet_studio.model.preprocess import Preprocessing

if TYPE_CHECKING:
    import torch

    from resnet_studio.model.architecture import Architecture

IMAGENET = "imagenet"
SIDE = 224
SMALLEST, LARGEST = 16, 2048
_LARGEST_TEXT = 10 * 2**20
_HEAD = ("fc.weight", "fc.bias")


Three = tuple[float, float, float]


@dataclass(frozen=True)
class ImportOptions:
    """What the user says of a model; None: as the file says, else as is usual with ImageNet.

    ``classes`` in the order of the logits, ``side`` px of what the network is shown, ``mean`` and ``std`` per channel
    on the 0..1 scale. Raises :class:`CheckpointError` for what cannot be.
    """

    classes: Sequence[str] | None = None
    side: int | None = None
    mean: Three | None = None
    std: Three | None = None

    def __post_init__(self) -> None:
        if self.side is not None and not SMALLEST <= self.side <= LARGEST:
            raise CheckpointError("error.import.size", least=SMALLEST, most=LARGEST, given=self.side)
        for given, least in ((self.mean, -math.inf), (self.std, 0.0)):
            if given is not None and not (len(given) == 3 and all(least < each < math.inf for each in given)):
                raise CheckpointError("error.import.numbers", given=",".join(map(str, given)))


NOTHING = ImportOptions()


@dataclass(frozen=True)
class Described:
    """What stands in a file, or beside it, about its model; None for what does not."""

    classes: tuple[str, ...] | None = None
    preprocessing: Preprocessing | None = None
    temperature: float = 1.0


def convert(file: Path, target: Path, options: ImportOptions = NOTHING) -> Card:
    """Write the model in the state dict ``file`` to ``target`` as a checkpoint of the studio; its card.

    Raises :class:`WeightsError` for what is no ResNet, :class:`CheckpointError` for a file
    that is damaged or holds code, for another head than one linear layer, and for classes that are missing or too few.
    """
    from resnet_studio.model.checkpoint import save
    from resnet_studio.model.resnet import build
    from resnet_studio.model.state import plain_state
    from resnet_studio.model.transfer import HEAD, fill, fill_head, network_of, widths_in
    from resnet_studio.model.wrapping import resnet_in

    state = resnet_in({name: value for name, value in plain_state(file).items() if not name.startswith("unlike.")})
    network = network_of(state)
    if network is None:
        raise WeightsError("error.weights.not_resnet", file=file.name)
    if {name for name in state if name.startswith("fc.")} != set(_HEAD) or state["fc.weight"].ndim != 2:
        raise CheckpointError("error.import.head", file=file.name)
    said = described(file)
    if (count := len(state["fc.weight"])) < 2:
        raise CheckpointError("error.import.one_score", file=file.name)
    classes = _named(file, options.classes or said.classes, count)
    card = _card(network, classes, _stem(state, network), said, options, file.name)
    if any(name.startswith(HEAD) and not name.startswith("fc.") for name in state):
        card = replace(card, features="layer3+layer4")
    card = replace(card, widths=widths_in(state, network) or ())
    model = build(network, count, stem=card.stem, features=card.features, widths=card.widths)
    fill(model, network, state, file.name)
    names = [name for name in model.state_dict() if name.startswith(HEAD)]  # by order, which files may change
    if not set(names) <= state.keys() or not fill_head(model, {name: state[name] for name in names}):
        raise CheckpointError("error.import.head", file=file.name)
    save(target, model.state_dict(), card)
    return card


def described(file: Path) -> Described:
    """What the metadata of a safetensors ``file``, and a ``config.json`` of timm beside any, say."""
    with opened(file, file.name) as content:
        metadata = {} if is_pickle(content) else dict(read_header(content, file.name).metadata)
    try:
        if "classes" in metadata:
            prepared = {key: value for key, value in json.loads(metadata["preprocessing"]).items() if key != "scale"}
            return Described(
                tuple(json.loads(metadata["classes"])), Preprocessing(**prepared), float(metadata["temperature"])
            )
        return _of_timm(file.with_name("config.json"))
    except (ValueError, TypeError, LookupError, AttributeError):
        return Described()


def names_in(file: Path) -> tuple[str, ...]:
    """The classes in a text ``file``, a line each, or in JSON: a list, or a table of numbers to names or names to them.

    Raises :class:`CheckpointError` for anything else.
    """
    try:
        if file.stat().st_size > _LARGEST_TEXT:
            raise ValueError("too large")
        text = file.read_text(encoding="utf-8-sig")
        found = _from_json(json.loads(text)) if text.lstrip()[:1] in ("[", "{") else text.splitlines()
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise CheckpointError("error.import.names", file=file.name) from error
    names = tuple(name.strip() for name in found if name.strip())
    if not names or len(set(names)) < len(names):
        raise CheckpointError("error.import.names", file=file.name)
    return names


def imagenet() -> tuple[str, ...]:
    """The names of ImageNet's 1,000 classes, in the usual order; those that are alike with their number."""
    from torchvision.models import ResNet18_Weights

    names = ResNet18_Weights.IMAGENET1K_V1.meta["categories"]
    return tuple(name if names.count(name) == 1 else f"{name} ({at})" for at, name in enumerate(names))


def _from_json(values: Any) -> list[str]:
    if isinstance(values, list):
        return [str(each) for each in values]
    if all(isinstance(value, int) for value in values.values()):
        return [name for name, _ in sorted(values.items(), key=lambda pair: int(pair[1]))]
    return [str(name) for _, name in sorted(values.items(), key=lambda pair: int(pair[0]))]


def _of_timm(config: Path) -> Described:
    """What ``config.json`` of a folder for the Hub says."""
    if not config.is_file() or config.stat().st_size > _LARGEST_TEXT:
        return Described()
    values = json.loads(config.read_text(encoding="utf-8"))
    given: Mapping[str, Any] = values.get("pretrained_cfg") or {}
    names = values.get("label_names") or given.get("label_names")
    prepared = None
    if "input_size" in given:
        crop = int(given["input_size"][-1])
        prepared = Preprocessing(
            resize=max(crop, round(crop / float(given.get("crop_pct") or 0.875))), crop=crop,
            mean=tuple(given["mean"]), std=tuple(given["std"]),
        )  # fmt: skip
    return Described(tuple(map(str, names)) if names else None, prepared)


def _named(file: Path, classes: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if classes is None:
        raise CheckpointError("error.import.no_classes", file=file.name, count=count)
    if len(classes) != count:
        raise CheckpointError("error.import.other_classes", file=file.name, count=count, given=len(classes))
    return tuple(classes)


def _stem(state: Mapping[str, torch.Tensor], network: Architecture) -> str:
    """``small`` for one convolution of 3 x 3 px; a deep stem has three."""
    first = state.get("conv1.weight")
    return "small" if first is not None and first.shape[-1] == 3 and network.family == "resnet" else "standard"


def _card(
    network: Architecture, classes: tuple[str, ...], stem: str, said: Described, options: ImportOptions, name: str
) -> Card:
    prepared = said.preprocessing or Preprocessing(resize=round(SIDE * OVERSCAN), crop=SIDE)
    if options.side is not None:
        prepared = replace(prepared, resize=round(options.side * OVERSCAN), crop=options.side)
    prepared = replace(prepared, mean=options.mean or prepared.mean, std=options.std or prepared.std)
    return Card(
        classes=classes, depth=network.depth, family=network.family, preprocessing=prepared, stem=stem,  # type: ignore[arg-type]
        weights_origin={"key": "checkpoint", "name": name}, temperature=said.temperature,
    )  # fmt: skip
