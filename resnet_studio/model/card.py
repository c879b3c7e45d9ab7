"""What a checkpoint says about itself, read from the file's header alone and without torch.

The file is a plain safetensors file (https://github.com/huggingface/safetensors#format): eight bytes with the header's
length, the header as JSON, the tensors. One metadata entry, ``resnet_studio``, holds the card as JSON, with two SHA-256
digests: ``sha256`` of the tensor data, and ``header_sha256`` of everything before it, its own digits taken as zeros.
Together they cover every byte of the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from resnet_studio.config import DEPTHS, Depth, Family, Features, Freeze, Head, Stem, choices
from resnet_studio.errors import CheckpointError
from resnet_studio.model.acceptance import Acceptance
from resnet_studio.model.anatomy import inner_widths
from resnet_studio.model.architecture import Architecture, of
from resnet_studio.model.header import (
    HEADER_DIGEST,
    METADATA_KEY,
    NO_DIGEST,
    Header,
    digest_place,
    header_digest,
    opened,
    parsed,
    read_header,
)
from resnet_studio.model.preprocess import LATER, Preprocessing
from resnet_studio.version import __version__

VERSION = 7
OPTIONAL: Mapping[str, Any] = {
    "features": "layer4", "pseudo_labelled": 0, "temperature": 1.0, "unlike": None, "widths": (),
}  # fmt: skip
"""Fields that a card leaves out where they have these values, which mean what a card of before means."""

_MOST_CLASSES = 100_000


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is known of a model besides its weights. ``ValueError`` for what no model of the studio can be.

    ``classes`` are in the order of the logits; ``metrics`` are plain JSON values; ``created`` is an ISO 8601 time;
    ``sha256`` is of the tensor data, filled in when it is written; a model labelled ``pseudo_labelled`` pictures.
    With ``unlike`` the file has the tensors of a :class:`resnet_studio.model.unlike.Reference` too.
    ``widths`` are the inner channels of its blocks where some were taken out, see :mod:`resnet_studio.model.widths`.
    The logits divided by ``temperature`` give calibrated probabilities; a studio that does not know it answers with the
    same classes.
    """

    classes: tuple[str, ...]
    depth: Depth
    preprocessing: Preprocessing
    family: Family = "resnet"
    features: Features = "layer4"
    head: Head = "linear"
    hidden_units: int = 1024
    dropout: float = 0.0
    stem: Stem = "standard"
    widths: tuple[int, ...] = ()
    freeze: Freeze = "none"
    weights_origin: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    studio_version: str = __version__
    run: str = ""
    sha256: str = NO_DIGEST
    pseudo_labelled: int = 0
    temperature: float = 1.0
    unlike: Acceptance | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        if not 1 <= len(self.classes) <= _MOST_CLASSES or len(set(self.classes)) != len(self.classes):
            raise ValueError("classes must be distinct names")
        for name, allowed in (
            ("depth", choices("depth")),
            ("family", choices("family")),
            ("features", choices("features")),
            ("head", choices("head")),
            ("stem", ("standard", "small")),
        ):
            if type(getattr(self, name)) is bool or getattr(self, name) not in allowed:
                raise ValueError(f"{name} {getattr(self, name)!r} is not known")
        if self.depth not in DEPTHS[self.family]:
            raise ValueError(f"no {self.family} has depth {self.depth}")
        object.__setattr__(self, "widths", tuple(self.widths))
        most = inner_widths(of(self))
        right = all(type(own) is int and 1 <= own <= full for own, full in zip(self.widths, most, strict=False))
        if self.widths and (len(self.widths) != len(most) or not right):
            raise ValueError("widths are not those of the network")
        if type(self.hidden_units) is not int or not 1 <= self.hidden_units <= 65_536:
            raise ValueError("hidden_units is out of range")
        if type(self.pseudo_labelled) is not int or self.pseudo_labelled < 0:
            raise ValueError("pseudo_labelled is out of range")
        if type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:
            raise ValueError("dropout is out of range")
        if type(self.temperature) not in (int, float) or not 0.01 <= self.temperature <= 100:
            raise ValueError("temperature is out of range")
        texts = (*self.classes, self.freeze, self.created, self.studio_version, self.run, self.sha256)
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a text is not a text")
        if not isinstance(self.weights_origin, Mapping) or not isinstance(self.metrics, Mapping):
            raise ValueError("weights_origin and metrics must be tables")

    @property
    def architecture(self) -> dict[str, Any]:
        """The arguments with which :func:`resnet_studio.model.resnet.build` makes the network."""
        names = ("features", "head", "hidden_units", "dropout", "stem", "widths")
        return {name: getattr(self, name) for name in names} | {"network": of(self), "classes": len(self.classes)}

    @property
    def network(self) -> Architecture:
        """The network without its head."""
        return of(self)

    def to_json(self) -> dict[str, Any]:
        """The card as plain JSON values; numbers that are not finite become null."""
        prepared = self.preprocessing.to_json()
        # A studio that knows version 1 alone would prepare pictures in another way, one that knows 2 would take every
        # network for a plain ResNet, one that knows 3 the further tensors for damage,
        # one that knows 4 the wider head, one that knows 5 the fewer channels, one that knows 6 the tensors of another
        # method: they must refuse the file.
        later = 2 if any(key in prepared for key in LATER) else 1
        version = (
            7
            if self.unlike and self.unlike.version > 1
            else 6
            if self.widths
            else 5
            if self.features != "layer4"
            else 4
            if self.unlike
            else 3
            if self.family != "resnet"
            else later
        )
        values = {**asdict(self), "preprocessing": prepared, "version": version, "classes": list(self.classes)}
        values["unlike"] = self.unlike and self.unlike.to_json()
        return {key: _plain(value) for key, value in values.items() if key not in OPTIONAL or value != OPTIONAL[key]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Card:
        """Read what :meth:`to_json` wrote; raises ``ValueError``, ``TypeError`` or ``KeyError`` for anything else."""
        known = {spec.name for spec in fields(cls)}
        given = {key: value for key, value in values.items() if key in known}
        if not isinstance(given["classes"], list):
            raise ValueError("classes must be a list")
        given["unlike"] = Acceptance.from_json(given["unlike"]) if given.get("unlike") else None
        return cls(**{**given, "preprocessing": Preprocessing(**given["preprocessing"])})


def read_card(path: Path) -> Card:
    """The card of the checkpoint at ``path``; the header is verified, the tensors are not read.

    Raises :class:`CheckpointError` where the file is missing, damaged, of a newer version or not one of ours.
    """
    if path.suffix.lower() == ".onnx":
        raise CheckpointError("error.onnx.answers_only", file=path.name)
    with opened(path, path.name) as file:
        return verified_card(read_header(file, path.name), path.name)


def verified_card(header: Header, name: str) -> Card:
    """The card in ``header``, once its digest is found to be right; ``name`` is the file's in errors."""
    if not header.ours:
        raise CheckpointError("error.checkpoint.foreign", file=name)
    damaged = CheckpointError("error.checkpoint.damaged", file=name)
    try:
        values = parsed(header.metadata[METADATA_KEY].encode("utf-8"))
        if header.raw[digest_place(header.raw, HEADER_DIGEST)].decode("ascii") != header_digest(header.raw):
            raise damaged
        if values["version"] > VERSION:
            raise CheckpointError("error.checkpoint.newer", file=name)
        return Card.from_json(values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise damaged from error


def header_text(card: Card) -> str:
    """The metadata entry that holds ``card``, with zeros where the digests will be."""
    values = {**card.to_json(), "sha256": NO_DIGEST, HEADER_DIGEST: NO_DIGEST}
    # ASCII, as a class may be named after a folder whose name is not valid Unicode.
    return json.dumps(values, ensure_ascii=True, allow_nan=False)


def _plain(value: Any) -> Any:
    """``value`` with tuples as lists and numbers that are not finite as None."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value
