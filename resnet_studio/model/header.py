"""The head of a safetensors file, read and checked without torch; see :mod:`resnet_studio.model.card`."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import Any

from resnet_studio.errors import CheckpointError

METADATA_KEY = "resnet_studio"
HEADER_LIMIT = 8 * 2**20
NO_DIGEST = "0" * 64

_VALUES_LIMIT = 400_000
_PICKLES = (b"PK\x03\x04", *(bytes([0x80, protocol]) for protocol in range(2, 6)))  # a zip, or bare
HEADER_DIGEST = "header_sha256"
# the protobuf of an ONNX file begins with its version and the length of its producer's name
_FRAMEWORKS = {
    "Keras (HDF5)": (b"\x89HDF",), "TensorFlow Lite": (b"TFL3",), "GGUF": (b"GGUF",),
    "TensorFlow.js": (b'{"modelT', b'{"format'),
    "ONNX": tuple(bytes([8, version, 0x12]) for version in range(3, 32)),
}  # fmt: skip
_ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


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
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    # The length of a header, such as 640 bytes, can begin like a pickle of protocol 2; no pickle goes on with zeros.
    return start.startswith(_PICKLES) and not start.endswith(bytes(5))


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
        content = parsed(raw)
        metadata = content.pop("__metadata__", {})
        tensors = {key: _tensor(entry) for key, entry in content.items()}
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            raise ValueError("metadata must be texts")
        _check_places(tensors, size - 8 - length)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointError("error.checkpoint.damaged", file=name) from error
    return Header(raw, tensors, metadata)


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


def parsed(raw: bytes) -> dict[str, Any]:
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
