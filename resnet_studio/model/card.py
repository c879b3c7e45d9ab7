"""What a checkpoint says about itself, read from the file's header alone and without torch.

The file is a plain safetensors file (https://github.com/huggingface/safetensors#format): eight bytes with the header's
length, the header as JSON, the tensors. One metadata entry, ``resnet_studio``, holds the card as JSON, with two SHA-256
digests: ``sha256`` of the tensor data, and ``header_sha256`` of everything before it, its own digits taken as zeros.
Together they cover every byte of the file.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import Any

from resnet_studio.config import DEPTHS, Depth, Family, Freeze, Head, Stem, choices
from resnet_studio.errors import CheckpointError
from resnet_studio.model.architecture import Architecture, of
from resnet_studio.model.preprocess import LATER, Preprocessing
from resnet_studio.version import __version__

VERSION = 3
METADATA_KEY = "resnet_studio"
HEADER_LIMIT = 8 * 2**20
NO_DIGEST = "0" * 64

_VALUES_LIMIT = 400_000
_MOST_CLASSES = 100_000
HEADER_DIGEST = "header_sha256"
# the protobuf of an ONNX file begins with its version and the length of its producer's name
_FRAMEWORKS = {
    "Keras (HDF5)": (b"\x89HDF",), "TensorFlow Lite": (b"TFL3",), "GGUF": (b"GGUF",),
    "ONNX": tuple(bytes([8, version, 0x12]) for version in range(3, 32)),
}  # fmt: skip
_ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is known of a model besides its weights. ``ValueError`` for what no model of the studio can be.

    ``classes`` are in the order of the logits; ``metrics`` are plain JSON values; ``created`` is an ISO 8601 time;
    ``sha256`` is of the tensor data, filled in when it is written; a model labelled ``pseudo_labelled`` pictures.
    """

    classes: tuple[str, ...]
    depth: Depth
    preprocessing: Preprocessing
    family: Family = "resnet"
    head: Head = "linear"
    hidden_units: int = 1024
    dropout: float = 0.0
    stem: Stem = "standard"
    freeze: Freeze = "none"
    weights_origin: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    studio_version: str = __version__
    run: str = ""
    sha256: str = NO_DIGEST
    pseudo_labelled: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        if not 1 <= len(self.classes) <= _MOST_CLASSES or len(set(self.classes)) != len(self.classes):
            raise ValueError("classes must be distinct names")
        for name, allowed in (
            ("depth", choices("depth")),
            ("family", choices("family")),
            ("head", choices("head")),
            ("stem", ("standard", "small")),
        ):
            if type(getattr(self, name)) is bool or getattr(self, name) not in allowed:
                raise ValueError(f"{name} {getattr(self, name)!r} is not known")
        if self.depth not in DEPTHS[self.family]:
            raise ValueError(f"no {self.family} has depth {self.depth}")
        if type(self.hidden_units) is not int or not 1 <= self.hidden_units <= 65_536:
            raise ValueError("hidden_units is out of range")
        if type(self.pseudo_labelled) is not int or self.pseudo_labelled < 0:
            raise ValueError("pseudo_labelled is out of range")
        if type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:
            raise ValueError("dropout is out of range")
        texts = (*self.classes, self.freeze, self.created, self.studio_version, self.run, self.sha256)
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a text is not a text")
        if not isinstance(self.weights_origin, Mapping) or not isinstance(self.metrics, Mapping):
            raise ValueError("weights_origin and metrics must be tables")

    @property
    def architecture(self) -> dict[str, Any]:
        """The arguments with which :func:`resnet_studio.model.resnet.build` makes the network."""
        names = ("head", "hidden_units", "dropout", "stem")
        return {name: getattr(self, name) for name in names} | {"network": of(self), "classes": len(self.classes)}

    @property
    def network(self) -> Architecture:
        """The network without its head."""
        return of(self)

    def to_json(self) -> dict[str, Any]:
        """The card as plain JSON values; numbers that are not finite become null."""
        prepared = self.preprocessing.to_json()
        # A studio that knows version 1 alone would prepare pictures in another way, one that knows 2 would take every
        # network for a plain ResNet: they must refuse the file.
        version = 3 if self.family != "resnet" else 2 if any(key in prepared for key in LATER) else 1
        values = {**asdict(self), "preprocessing": prepared, "version": version, "classes": list(self.classes)}
        return {key: _plain(value) for key, value in values.items() if value or key != "pseudo_labelled"}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Card:
        """Read what :meth:`to_json` wrote; raises ``ValueError``, ``TypeError`` or ``KeyError`` for anything else."""
        known = {spec.name for spec in fields(cls)}
        given = {key: value for key, value in values.items() if key in known}
        if not isinstance(given["classes"], list):
            raise ValueError("classes must be a list")
        return cls(**{**given, "preprocessing": Preprocessing(**given["preprocessing"])})


@dataclass(frozen=True)
class Tensor:
    """One tensor's place in the file: ``begin`` and ``end`` count bytes from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """The head of a safetensors file, checked: the tensors fill the rest of the file without gap or overlap."""

    raw: bytes
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes before the tensor data."""
        return 8 + len(self.raw)

    @property
    def data_size(self) -> int:
        """Bytes of tensor data."""
        return max((tensor.end for tensor in self.tensors.values()), default=0)

    @property
    def ours(self) -> bool:
        """Whether the studio wrote the file; true as well where one of the marks of that is damaged."""
        return METADATA_KEY.encode() in self.raw or HEADER_DIGEST.encode() in self.raw


def read_card(path: Path) -> Card:
    """The card of the checkpoint at ``path``; the header is verified, the tensors are not read.

    Raises :class:`CheckpointError` where the file is missing, damaged, of a newer version or not one of ours.
    """
    with opened(path, path.name) as file:
        return verified_card(read_header(file, path.name), path.name)


@contextmanager
def opened(path: Path, name: str) -> Iterator[BufferedReader]:
    """The file at ``path``, called ``name`` in errors; :class:`CheckpointError` where it is none or cannot be read."""
    try:
        if not path.is_file():
            raise CheckpointError("error.checkpoint.missing", file=name)
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CheckpointError("error.checkpoint.unreadable", file=name) from error


def is_pickle(file: BufferedReader | BufferedRandom) -> bool:
    """Whether ``file`` is a PyTorch file (a zip or a bare pickle), by its first bytes; leaves ``file`` at its start."""
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    # A header of 640 bytes begins like a pickle of protocol 2, but no pickle is followed by so many zeros.
    header_follows = int.from_bytes(start, "little") <= min(size - 8, HEADER_LIMIT)
    return start.startswith((b"PK\x03\x04", b"\x80")) and not header_follows


def read_header(file: BufferedReader | BufferedRandom, name: str) -> Header:
    """The header of the safetensors ``file``, called ``name`` in errors; leaves ``file`` at its tensor data."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    if is_pickle(file):
        raise CheckpointError("error.checkpoint.no_card", file=name)
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or not 2 <= length <= min(size - 8, HEADER_LIMIT):
        for framework, marks in _FRAMEWORKS.items():
            if start.startswith(marks) or start[4:].startswith(marks):
                raise CheckpointError("error.checkpoint.framework", file=name, framework=framework)
        raise CheckpointError("error.checkpoint.damaged", file=name)
    raw = file.read(length)
    try:
        content = _parsed(raw)
        metadata = content.pop("__metadata__", {})
        tensors = {key: _tensor(entry) for key, entry in content.items()}
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            raise ValueError("metadata must be texts")
        _check_places(tensors, size - 8 - length)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointError("error.checkpoint.damaged", file=name) from error
    return Header(raw, tensors, metadata)


def verified_card(header: Header, name: str) -> Card:
    """The card in ``header``, once its digest is found to be right; ``name`` is the file's in errors."""
    if not header.ours:
        raise CheckpointError("error.checkpoint.foreign", file=name)
    damaged = CheckpointError("error.checkpoint.damaged", file=name)
    try:
        values = _parsed(header.metadata[METADATA_KEY].encode("utf-8"))
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


def digest_place(raw: bytes | bytearray, key: str) -> slice:
    """Where in the header ``raw`` the 64 digits of the digest ``key`` stand; ``ValueError`` where they do not."""
    # The card is JSON inside of JSON, so its quotes are escaped; no class name can look like this.
    mark = f'\\"{key}\\": \\"'.encode()
    begin = raw.rindex(mark) + len(mark)  # the last: what came before may quote another file's digest
    return slice(begin, begin + len(NO_DIGEST))


def header_digest(raw: bytes | bytearray) -> str:
    """SHA-256 in hex of the header ``raw`` and its length, with the digits of that digest itself taken as zeros."""
    place = digest_place(raw, HEADER_DIGEST)
    blank = bytes(raw)[: place.start] + NO_DIGEST.encode() + bytes(raw)[place.stop :]
    return hashlib.sha256(len(raw).to_bytes(8, "little") + blank).hexdigest()


def _parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object ``raw``. Refuses doubled keys, NaN, and more values than a header of ours could have."""
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > _VALUES_LIMIT:
        raise ValueError("too many values")
    values = json.loads(raw.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_refuse)
    if not isinstance(values, dict):
        raise ValueError("not an object")
    return values


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key comes twice")
    return values


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _tensor(entry: Any) -> Tensor:
    """The place that ``entry`` describes, if its size is that of its shape."""
    dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    numbers = (*shape, begin, end)
    if not all(type(number) is int and 0 <= number < 2**48 for number in numbers) or len(shape) > 8:
        raise ValueError("not a shape")
    if math.prod(shape) * _ITEM_BYTES[dtype] != end - begin:
        raise ValueError("size and shape differ")
    return Tensor(dtype, tuple(shape), begin, end)


def _check_places(tensors: Mapping[str, Tensor], size: int) -> None:
    """Raise ``ValueError`` unless ``tensors`` fill ``size`` bytes one after another."""
    position = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin != position:
            raise ValueError("a gap or an overlap")
        position = tensor.end
    if position != size:
        raise ValueError("the file is cut short or goes on")


def _plain(value: Any) -> Any:
    """``value`` with tuples as lists and numbers that are not finite as None."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value
