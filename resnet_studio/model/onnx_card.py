"""What is known of an imported ONNX model, written into the file itself: read without parsing the graph.

An ONNX file is a protobuf message, and such messages may be added to at their end. The kept copy is the file as it came
with one more entry of ``metadata_props``, called :data:`KEY`, that holds the card as JSON; it remains a sound ONNX
file. https://protobuf.dev/programming-guides/encoding and https://onnx.ai/onnx/repo-docs/IR.html
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

from resnet_studio.errors import CheckpointError
from resnet_studio.model.card import Card, read_card
from resnet_studio.model.header import opened
from resnet_studio.model.preprocess import Preprocessing

SUFFIX = ".onnx"
KEY = "resnet_studio_import"
MOST_BYTES = 600 * 2**20
"""Of a file that is imported: more than the widest ResNets in full precision."""
_METADATA = 14
"""The number of the field ``metadata_props`` in a ``ModelProto``."""
_MOST_METADATA = 16 * 2**20
_MOST_FIELDS = 10_000

Pixels = Literal["float32", "float16", "uint8"]
Layout = Literal["nchw", "nhwc"]


class Network(NamedTuple):
    """What the network is called."""

    name: str
    title: str


@dataclass(frozen=True, kw_only=True)
class OnnxCard:
    """What is known of an ONNX model besides its graph. ``ValueError`` for what no classifier can be.

    ``classes`` are in the order of the ``output``, which are logits or, with ``probabilities``, their softmax. The
    ``input`` takes ``pixels`` in ``layout``: floats are normalised as ``preprocessing`` says, uint8 are 0 to 255.
    ``batch`` pictures at a time, 0 is any number. Where ``unlike`` names an output, a picture whose score is above
    ``accepted`` is of none of the classes. ``sha256`` is of the file as it came.
    """

    classes: tuple[str, ...]
    preprocessing: Preprocessing
    input: str
    output: str
    pixels: Pixels = "float32"
    layout: Layout = "nchw"
    batch: int = 0
    probabilities: bool = False
    unlike: str = ""
    accepted: float | None = None
    temperature: float = 1.0
    called: str = ""
    run: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        if not self.classes or len(set(self.classes)) != len(self.classes):
            raise ValueError("classes must be distinct names")
        texts = (*self.classes, self.input, self.output, self.unlike, self.called, self.run, self.sha256)
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a text is not a text")
        if self.pixels not in ("float32", "float16", "uint8") or self.layout not in ("nchw", "nhwc"):
            raise ValueError("unknown pixels or layout")
        if type(self.batch) is not int or not 0 <= self.batch <= 1024:
            raise ValueError("batch is out of range")
        if type(self.temperature) not in (int, float) or not 0.01 <= self.temperature <= 100:
            raise ValueError("temperature is out of range")
        if self.accepted is not None and not math.isfinite(self.accepted):
            raise ValueError("accepted must be a number")

    @property
    def network(self) -> Network:
        """What the network is called."""
        return Network(self.called or "onnx", f"ONNX ({self.called})" if self.called else "ONNX")

    def to_json(self) -> dict[str, Any]:
        """The card as plain JSON values."""
        return {**asdict(self), "classes": list(self.classes), "preprocessing": self.preprocessing.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> OnnxCard:
        """Read what :meth:`to_json` wrote; raises ``ValueError``, ``TypeError`` or ``KeyError`` for anything else."""
        if not isinstance(values["classes"], list):
            raise ValueError("classes must be a list")
        known = {spec.name for spec in fields(cls)}
        given = {key: value for key, value in values.items() if key in known}
        return cls(**{**given, "preprocessing": Preprocessing(**given["preprocessing"])})


AnyCard = Card | OnnxCard


def is_onnx(path: Path) -> bool:
    """Whether ``path`` is called as ONNX files are."""
    return path.suffix.lower() == SUFFIX


def is_imported(path: Path) -> bool:
    """Whether ``path`` is an ONNX file with the card of an import. Raises :class:`CheckpointError`."""
    with opened(path, path.name) as file:
        return KEY in metadata(file, path.name)


def card_at(path: Path) -> AnyCard:
    """What the model in ``path``, a checkpoint or an imported ONNX file, says of itself, without loading torch.

    Raises :class:`CheckpointError`.
    """
    return onnx_card(path) if is_onnx(path) else read_card(path)


def onnx_card(path: Path) -> OnnxCard:
    """The card of the imported ONNX file at ``path``. Raises :class:`CheckpointError`; see :func:`content_of`."""
    with opened(path, path.name) as file:
        found = metadata(file, path.name)
    if KEY not in found:
        raise CheckpointError("error.onnx.import_first", file=path.name)
    try:
        return OnnxCard.from_json(json.loads(found[KEY]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CheckpointError("error.onnx.damaged", file=path.name) from error


def with_card(content: bytes, card: OnnxCard) -> bytes:
    """``content`` of an ONNX file as it came, and ``card`` behind it."""
    entry = _field(1, KEY.encode()) + _field(2, json.dumps(card.to_json()).encode())
    return content + _field(_METADATA, entry)


def content_of(path: Path) -> bytes:
    """The ONNX file that was imported as ``path``, every byte verified. Raises :class:`CheckpointError`."""
    card = onnx_card(path)
    with opened(path, path.name) as file:
        content = file.read()
    content = content[: _end_of_model(io.BytesIO(content), path.name)]
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise CheckpointError("error.onnx.damaged", file=path.name)
    return content


def without_card(content: bytes, name: str) -> bytes:
    """``content`` of a file called ``name`` without the card that an earlier import put at its end."""
    return content[: _end_of_model(io.BytesIO(content), name)]


def metadata(file: IO[bytes], name: str) -> dict[str, str]:
    """The texts that ``file``, called ``name`` in errors, says of itself, read from its outermost fields alone.

    Raises :class:`CheckpointError` where it is no protobuf message.
    """
    return {key: value for _, key, value in _entries(file, name)}


def _end_of_model(file: IO[bytes], name: str) -> int:
    cards = [start for start, key, _ in _entries(file, name) if key == KEY]
    return cards[-1] if cards else file.seek(0, 2)


def _entries(file: IO[bytes], name: str) -> list[tuple[int, str, str]]:
    """Where each entry of the metadata begins, its key and its value."""
    try:
        size = file.seek(0, 2)
        file.seek(0)
        found, total = [], 0
        for start, number, length in _fields(file, size):
            if number == _METADATA:
                total += length
                if total > _MOST_METADATA:
                    raise ValueError("more metadata than any model has")
                found.append((start, *_pair(_exactly(file, length))))
            else:
                file.seek(length, 1)
    except (ValueError, IndexError) as error:
        raise CheckpointError("error.onnx.damaged", file=name) from error
    return found


def _fields(file: IO[bytes], size: int) -> Iterator[tuple[int, int, int]]:
    """The start, number and length of each field; whoever takes one moves ``file`` to its end."""
    for _ in range(_MOST_FIELDS):
        start = file.tell()
        if start == size:
            return
        tag = _varint(file)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise ValueError("no field has the number 0")
        if kind == 0:
            _varint(file)
            continue
        length = {1: 8, 5: 4}.get(kind, -1) if kind != 2 else _varint(file)
        strange = number == _METADATA and kind != 2
        if length < 0 or file.tell() + length > size or strange:
            raise ValueError("a field is longer than the file")
        yield start, number, length
    raise ValueError("too many fields")


def _pair(entry: bytes) -> tuple[str, str]:
    file, found = io.BytesIO(entry), {1: "", 2: ""}
    for _, number, length in _fields(file, len(entry)):
        found[number] = _exactly(file, length).decode("utf-8")
    return found[1], found[2]


def _varint(file: IO[bytes]) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = _exactly(file, 1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
    raise ValueError("a number is too long")


def _exactly(file: IO[bytes], count: int) -> bytes:
    found = file.read(count)
    if len(found) != count:
        raise ValueError("the file ends too early")
    return found


def _field(number: int, content: bytes) -> bytes:
    return _written(number << 3 | 2) + _written(len(content)) + content


def _written(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
