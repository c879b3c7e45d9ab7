"""Where a model's starting weights come from: ImageNet, the built-in starter, random numbers, or a file.

Looking at what there is never touches the network and never imports torch; only :func:`load_into` downloads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.assets import asset
from resnet_studio.config import Stem
from resnet_studio.download import DownloadError, fetch, is_whole
from resnet_studio.durable import IN_THE_WAY
from resnet_studio.errors import CheckpointError, StudioError, WeightsError
from resnet_studio.model.architecture import Architecture, Network, get
from resnet_studio.model.card import Card, read_card
from resnet_studio.model.header import is_pickle, opened, read_header
from resnet_studio.model.preprocess import IMAGENET_MEAN, IMAGENET_STD
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    import torch

    from resnet_studio.model.libraries import Published

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Origin:
    """What a model started from. ``mean`` and ``std`` are what its pictures are normalised by, ``resize`` and ``crop``
    the sizes in px that these weights are evaluated at; ``detail`` says more in plain JSON values.
    """

    key: str
    name: str
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    resize: int = 256
    crop: int = 224
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The origin as plain JSON values, as a checkpoint keeps it."""
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}


SCRATCH = Origin("scratch", "random")


@dataclass(frozen=True)
class WeightsChoice:
    """One kind of starting weights. ``weights`` is what a config holds for it, ``key`` its kind.

    ``usable_now`` says whether it works without a network; ``reason`` is a text with ``values`` that says why it is
    usable, or what it needs. ``stem`` is the one that these weights fit, or None where any does.
    """

    key: str
    weights: str
    usable_now: bool
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)
    stem: Stem | None = "standard"

    def sentence(self, language: Language = "en") -> str:
        """The reason in the reader's language."""
        return say(self.reason, language, **self.values)


def hub_folder() -> Path:
    """Where PyTorch keeps downloaded weights: ``$TORCH_HOME/hub/checkpoints``, as :func:`torch.hub.get_dir` has it."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or Path(cache) / "torch"
    return Path(home).expanduser() / "hub" / "checkpoints"


def available(network: Network, *, starters: Path | None = None) -> list[WeightsChoice]:
    """The starting weights that there are for ``network``, the usual favourite first; a file is always possible too.

    ``starters`` is the folder of built-in weights; while it holds none for ``network``, that choice is left out.
    """
    architecture = get(network)
    choices = [_imagenet_choice(architecture, key) for key in architecture.weights]
    if _starter(architecture, starters).is_file():
        choices.append(WeightsChoice("starter", "starter", True, "weights.reason.starter"))
    return [*choices, WeightsChoice("scratch", "scratch", True, "weights.reason.scratch", stem=None)]


def choose(weights: str, network: Network, *, starters: Path | None = None) -> str:
    """The starting weights that ``weights`` resolves to for ``network`` on this machine; see :func:`explain`."""
    return explain(weights, network, starters=starters).weights


def explain(weights: str, network: Network, *, starters: Path | None = None) -> WeightsChoice:
    """The choice that ``weights`` resolves to for ``network``, with the reason for it.

    ``auto`` takes what works at once: ImageNet weights that are on this machine, else the built-in starter, else
    random ones. ``imagenet`` takes the version that is on this machine, else the library's default. Anything with a
    slash or a dot is a path. Raises :class:`WeightsError` for what there is not.
    """
    if is_path(weights):
        return _file_choice(weights)
    architecture = get(network)
    choices = available(architecture, starters=starters)
    imagenet = [choice for choice in choices if choice.key.startswith("imagenet")]
    if weights == "auto":
        return _automatic(choices, architecture)
    if weights == "imagenet" and imagenet:
        return next((choice for choice in imagenet if choice.usable_now), imagenet[0])
    found = next((choice for choice in choices if choice.weights == weights), None)
    if found is None:
        allowed = ["auto", *(["imagenet"] if imagenet else []), *(choice.weights for choice in choices)]
        raise WeightsError("error.weights.unknown", weights=weights, network=architecture.title, allowed=allowed)
    return found


def load_into(
    model: torch.nn.Module,
    network: Network,
    weights: str,
    *,
    classes: Sequence[str] | None = None,
    progress: Progress | None = None,
    starters: Path | None = None,
) -> Origin:
    """Give ``model``, as :func:`resnet.build` made it, its starting weights; its head stays new.

    Only from a checkpoint of the studio that was trained for the same ``classes`` with the same kind of head, the head
    is taken too. ``progress`` gets bytes done and in all while weights are downloaded; what it raises ends that. Raises
    :class:`WeightsError` for weights that cannot be had or do not fit, :class:`CheckpointError` for a bad file.
    """
    architecture = get(network)
    choice = explain(weights, architecture, starters=starters)
    if choice.key == "scratch":
        return SCRATCH
    if choice.key == "checkpoint":
        return _load_file(model, architecture, Path(choice.weights).expanduser(), classes)
    if choice.key == "starter":
        return _load_starter(model, architecture, _starter(architecture, starters))
    published = architecture.library.published(architecture.weights[choice.key].entry)
    path = hub_folder() / architecture.weights[choice.key].file
    _fetch(published.url, path, architecture, progress, starter=_starter(architecture, starters).is_file())
    return _load_published(model, architecture, published, path, choice.key)


def _imagenet_choice(network: Architecture, key: str) -> WeightsChoice:
    entry = network.weights[key]
    cached = (hub_folder() / entry.file).is_file()
    reason = "weights.reason.cached" if cached else "weights.reason.download"
    return WeightsChoice(key, key, cached, reason, {"megabytes": entry.megabytes})


def _automatic(choices: list[WeightsChoice], network: Architecture) -> WeightsChoice:
    found = next(choice for choice in choices if choice.usable_now)
    kind = "imagenet" if found.key.startswith("imagenet") else found.key
    values = {"network": network.title, **choices[0].values}
    if kind == "scratch" and not network.weights:
        kind = "untrained"
    return WeightsChoice(found.key, found.weights, True, f"weights.auto.{kind}", values, found.stem)


def _file_choice(weights: str) -> WeightsChoice:
    """The choice of a file; where it is one of the studio's, its card says which stem it fits."""
    path = Path(weights).expanduser()
    if not path.is_file():
        raise WeightsError("error.weights.missing_file", file=path.name)
    if path.suffix.lower() == ".onnx":
        raise CheckpointError("error.onnx.answers_only", file=path.name)
    card = _card(path)
    return WeightsChoice(
        "checkpoint", weights, True, "weights.reason.file", {"file": path.name}, card.stem if card else None
    )


def _card(path: Path) -> Card | None:
    """The card of ``path``, or None for plain weights from elsewhere."""
    with opened(path, path.name) as file:
        ours = not is_pickle(file) and read_header(file, path.name).ours
    return read_card(path) if ours else None


def is_path(weights: str) -> bool:
    """Whether ``weights`` names a file rather than a kind of starting weights."""
    return any(mark in weights for mark in "/\\.")


def _starter(network: Architecture, folder: Path | None) -> Path:
    return (folder or asset("starter")) / f"{network.name}.safetensors"


def _fetch(url: str, path: Path, network: Architecture, progress: Progress | None, *, starter: bool) -> None:
    """Have the file in PyTorch's cache, whole; ``starter`` says whether that is an alternative to name."""
    try:
        if not is_whole(path):
            fetch(url, path, progress=progress)
    except DownloadError as error:
        text = "error.weights.no_download_starter" if starter else "error.weights.no_download"
        raise WeightsError(text, network=network.title, file=path.name) from error
    except (OSError, StudioError) as error:
        if isinstance(error, StudioError) and error.key not in IN_THE_WAY:
            raise
        raise WeightsError("error.weights.cache", file=path.name) from error


def _load_published(
    model: torch.nn.Module, network: Architecture, published: Published, path: Path, key: str
) -> Origin:
    import torch

    from resnet_studio.model.transfer import fill

    fill(model, network, torch.load(path, map_location="cpu", weights_only=True), key)
    origin = published
    return Origin(key, origin.name, origin.mean, origin.std, origin.resize, origin.crop, origin.detail)


def _load_starter(model: torch.nn.Module, network: Architecture, path: Path) -> Origin:
    from resnet_studio.model.state import plain_state
    from resnet_studio.model.transfer import fill

    fill(model, network, plain_state(path), path.name)
    return Origin("starter", path.stem, resize=96, crop=96, detail={"sha256": identity(path)})


def identity(path: Path) -> str:
    """What tells a file of weights from that of another version of the studio: the beginning of its SHA-256."""
    return _digest(path, path.stat().st_mtime_ns)


@cache
def _digest(path: Path, _written: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]


def _load_file(model: torch.nn.Module, network: Architecture, path: Path, classes: Sequence[str] | None) -> Origin:
    """Weights from ``path``: a checkpoint of the studio, or a published state dict, whose head is not loaded."""
    from resnet_studio.model import checkpoint
    from resnet_studio.model.state import plain_state
    from resnet_studio.model.transfer import fill, fill_head
    from resnet_studio.model.wrapping import resnet_in

    card = _card(path)
    if card is None:
        fill(model, network, resnet_in(plain_state(path)), path.name)
        return Origin("checkpoint", path.name, detail={"head": False})
    state = checkpoint.load(path).model.state_dict()
    fill(model, network, state, path.name)
    head = classes is not None and card.classes == tuple(classes) and fill_head(model, state)
    preprocessing = card.preprocessing
    detail = {"head": head, "run": card.run, "sha256": card.sha256, "weights_origin": dict(card.weights_origin)}
    return Origin(
        "checkpoint", path.name, preprocessing.mean, preprocessing.std, preprocessing.resize, preprocessing.crop, detail
    )
