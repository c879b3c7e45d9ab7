"""Weights out of files of any origin: nothing in a file is ever run, and no size that a file claims is trusted."""

from __future__ import annotations

import hashlib
import math
import pickle
import pickletools
import zipfile
from collections.abc import Mapping
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from resnet_studio.errors import CheckpointError
from resnet_studio.model.card import verified_card
from resnet_studio.model.header import Header, is_pickle, opened, read_header
from resnet_studio.model.unlike import split_off
from resnet_studio.model.wrapping import table

if TYPE_CHECKING:
    import torch

_LARGEST_PLAIN = 2 * 2**30
_LARGEST_PICKLE = 2**21  # that of a ResNet-152 takes 2**17 bytes, an optimizer twice as much again
_MOST_TENSORS = 10_000
_DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64"}
_WITHOUT_MEMORY = {
    "collections OrderedDict",
    "torch device",
    "torch._utils _rebuild_parameter",
    "torch._utils _rebuild_tensor_v2",
}
_CODE = {"EXT1", "EXT2", "EXT4", "INST", "NEWOBJ", "NEWOBJ_EX", "OBJ", "STACK_GLOBAL"}


def plain_state(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a state dict in a file of PyTorch or safetensors, by name; see :func:`read_pickle`.

    Raises :class:`CheckpointError` where the file is missing, damaged, holds code, or other than finite weights.
    """
    with opened(path, path.name) as file:
        if is_pickle(file):
            return read_pickle(file, path.name)
        header = read_header(file, path.name)
        card = verified_card(header, path.name) if header.ours else None
        if header.data_size > _LARGEST_PLAIN or not all(place.dtype in _DTYPES for place in header.tensors.values()):
            raise CheckpointError("error.checkpoint.not_weights", file=path.name)
        tensors, digest = read_tensors(file, header)
    if card and digest != card.sha256:
        raise CheckpointError("error.checkpoint.damaged", file=path.name)
    if not healthy(tensors):
        raise CheckpointError("error.checkpoint.not_finite", file=path.name)
    return split_off(tensors)[0] if card else tensors


def read_tensors(file: BufferedReader, header: Header) -> tuple[dict[str, torch.Tensor], str]:
    """The tensors behind ``header`` and the SHA-256 of their bytes; ``file`` is read once.

    Not by the path: safetensors would map the file, which would hash other bytes than are used should the file change
    in between, and would keep Windows from replacing it while a model is in use.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    data = file.read()
    try:
        tensors = load(b"".join([len(header.raw).to_bytes(8, "little"), header.raw, data]))
    except SafetensorError as error:
        raise CheckpointError("error.checkpoint.damaged", file=Path(file.name).name) from error
    return tensors, hashlib.sha256(data).hexdigest()


def read_pickle(file: BufferedReader, name: str) -> dict[str, torch.Tensor]:
    """The state dict that a PyTorch ``file``, called ``name`` in errors, holds, be it beside an epoch and the like.

    Refused with a :class:`CheckpointError`: code, before anything is unpickled; the format before PyTorch 1.6; what
    unpacks to more than the file; tensors larger than what the file holds of them; weights that are not finite.
    """
    try:
        state = table(_unpickled(file))
    except (pickle.UnpicklingError, _CodeFoundError) as error:
        raise CheckpointError("error.checkpoint.code", file=name) from error
    except Exception as error:
        # A damaged pickle raises whatever its bytes lead to.
        raise CheckpointError("error.checkpoint.damaged", file=name) from error
    if not isinstance(state, dict) or not _is_plain(state, file.seek(0, 2)):
        raise CheckpointError("error.checkpoint.not_weights", file=name)
    if not healthy(state):
        raise CheckpointError("error.checkpoint.not_finite", file=name)
    file.seek(0)
    return dict(state)


def healthy(tensors: Mapping[str, torch.Tensor]) -> bool:
    """Whether all numbers are finite and no variance is negative."""
    return all(_in_order(name, value) for name, value in tensors.items() if value.numel())


def _in_order(name: str, value: torch.Tensor) -> bool:
    # Both ends become NaN where any value is; measured 20 times as fast as torch.isfinite on a busy CPU.
    low, high = (float(end) for end in value.aminmax())
    return math.isfinite(low) and math.isfinite(high) and not (name.endswith("running_var") and low < 0)


class _CodeFoundError(Exception):
    """A pickle names something else than weights are made of."""


def _unpickled(file: BufferedReader) -> Any:
    """What ``file`` holds; None where that is a bare pickle without code, as before PyTorch 1.6."""
    import torch

    if file.peek(1).startswith(b"\x80"):
        _refuse_foreign(BytesIO(file.read(_LARGEST_PICKLE)))
        return None
    with zipfile.ZipFile(file) as archive:
        names = BytesIO(archive.read(_pickle_entry(archive, file)))
    _refuse_foreign(names)
    file.seek(0)
    if torch.serialization.get_unsafe_globals_in_checkpoint(file):
        raise _CodeFoundError
    file.seek(0)
    return torch.load(file, map_location="cpu", weights_only=True)


def _pickle_entry(archive: zipfile.ZipFile, file: BufferedReader) -> str:
    """The name of the one pickle in ``archive``; ``ValueError`` for a zip as torch.save never writes it."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if any("/code/" in name or name.endswith("/constants.pkl") for name in names):
        raise _CodeFoundError
    pickles = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
    position = file.tell()
    size = file.seek(0, 2)
    file.seek(position)
    if sum(entry.file_size for entry in entries) > size or len(set(names)) != len(names):
        raise ValueError("not an archive of torch.save")
    if len(pickles) != 1 or pickles[0].file_size > _LARGEST_PICKLE:
        raise ValueError("not an archive of torch.save")
    return pickles[0].filename


def _refuse_foreign(file: IO[bytes]) -> None:
    """Raise :class:`_CodeFoundError` where a pickle in ``file`` names what could take more memory than the file.

    Read as opcodes, so that nothing runs. What is code torch itself decides; but it lets ``bytearray(10**12)`` pass,
    copies of a text and tensors made of nested lists, and it cannot look into files from before PyTorch 1.6. Those
    were five pickles, then raw numbers; ``ValueError`` only where not even one pickle is whole.
    """
    for count in range(5):
        try:
            for opcode, argument, _ in pickletools.genops(file):
                if opcode.name in _CODE or (opcode.name == "GLOBAL" and not _is_without_memory(str(argument))):
                    raise _CodeFoundError
        except ValueError:
            if count == 0:
                raise
            return


def _is_without_memory(name: str) -> bool:
    """Whether the global ``module name`` makes nothing large of its own: the kinds of storage, dtypes and the like."""
    import torch

    module, _, attribute = name.partition(" ")
    if module == "torch" and (
        attribute.endswith("Storage") or isinstance(getattr(torch, attribute, None), torch.dtype)
    ):
        return True
    return name in _WITHOUT_MEMORY


def _is_plain(state: dict[Any, Any], size: int) -> bool:
    """Whether ``state`` is a flat table of dense tensors that own no more bytes than the ``size`` of their file."""
    import torch

    if not 0 < len(state) <= _MOST_TENSORS:
        return False
    if not all(isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()):
        return False
    storages: dict[int, int] = {}
    for value in state.values():
        if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
            return False
        storage = value.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        if value.numel() * value.element_size() > storage.nbytes():
            return False
    return sum(storages.values()) <= size
