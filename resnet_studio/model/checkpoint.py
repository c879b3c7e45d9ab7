"""A finished model as one file: written durably, verified to the last byte when it is read.

See :mod:`resnet_studio.model.card` for the format. Weights are stored as fp32; no file is ever unpickled here.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio import belonging
from resnet_studio.durable import replacing
from resnet_studio.errors import CheckpointError
from resnet_studio.folder_names import slug
from resnet_studio.model.card import Card, header_text, read_card, verified_card
from resnet_studio.model.header import (
    HEADER_DIGEST,
    METADATA_KEY,
    Header,
    digest_place,
    header_digest,
    is_pickle,
    opened,
    read_header,
)
from resnet_studio.model.preprocess import Preprocessing, preprocess
from resnet_studio.model.state import healthy, read_pickle, read_tensors
from resnet_studio.model.unlike import Reference, split_off
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    import torch
    from torchvision.models import ResNet

__all__ = [
    "Card",
    "Checkpoint",
    "Preprocessing",
    "import_checkpoint",
    "load",
    "preprocess",
    "read_card",
    "save",
    "set_accepted",
]

_CHUNK = 2**20


@dataclass(frozen=True)
class Checkpoint:
    """A verified model: ``model`` in eval mode, fp32, on the CPU, and what is known of it.

    With ``reference``, how unlike all training pictures others are, where ``card.unlike`` says up to what is accepted.
    """

    model: ResNet
    card: Card
    reference: Reference | None = None


def save(path: Path, model_state: Mapping[str, torch.Tensor], card: Card, reference: Reference | None = None) -> None:
    """Write ``model_state`` (of a model that :func:`resnet.build` made as ``card`` says), ``card`` and the
    ``reference`` that goes with ``card.unlike`` to ``path``.

    After any crash ``path`` holds the old or the new checkpoint in full. Raises :class:`CheckpointError` for weights
    that are not finite, ``ValueError`` for weights that are not those of ``card``.
    """
    import torch
    from safetensors.torch import save_file

    tensors = {
        name: value.detach().to("cpu", torch.float32 if value.is_floating_point() else value.dtype).contiguous()
        for name, value in model_state.items()
    }
    if _layout(tensors) != _layout(_skeleton(card).state_dict()):
        raise ValueError("the weights are not those of the model that the card describes")
    if (card.unlike and card.unlike.version) != (reference and reference.version):
        raise ValueError("a reference and what of it is accepted go together")
    tensors |= {} if reference is None else reference.tensors()
    if not healthy(tensors):
        raise CheckpointError("error.checkpoint.not_saved", file=path.name)
    with replacing(path) as temporary:
        temporary.touch()
        usual_mode = temporary.stat().st_mode
        save_file(tensors, temporary, metadata={METADATA_KEY: header_text(card)})
        temporary.chmod(usual_mode)  # save_file makes a file that its owner alone may read
        write_digests(temporary)


def load(path: Path) -> Checkpoint:
    """The checkpoint at ``path``; every byte is verified before it is used.

    Raises :class:`CheckpointError` where the file is missing, damaged, not one of ours, holds code, or holds weights
    that are not finite.
    """
    return _load(path, path.name)


def import_checkpoint(path: Path, workspace: Workspace) -> Path:
    """Verify the checkpoint at ``path`` and keep a copy in the workspace; gives the copy's path.

    The copy is named after the file and its content, so that importing twice keeps one. Raises what :func:`load` does,
    and then leaves the workspace as it was.
    """
    with _verified_header(path, path.name) as (_, _, card):
        mark = f"{card.sha256[:16]}-{salt}" if (salt := belonging.salt()) else card.sha256[:8]
        target = workspace.imports / f"{slug(path.stem)}-{mark}.safetensors"
    with replacing(target) as temporary:
        shutil.copyfile(path, temporary)
        _load(temporary, path.name)
    belonging.add_owner(target)
    return target


def _load(path: Path, name: str) -> Checkpoint:
    """:func:`load`, with the file called ``name`` in errors."""
    with _verified_header(path, name) as (file, header, card):
        model = _skeleton(card)
        places = {key: (place.dtype, place.shape) for key, place in header.tensors.items()}
        if split_off(places)[0] != _layout(model.state_dict()):
            raise CheckpointError("error.checkpoint.damaged", file=name)
        tensors, digest = read_tensors(file, header)
    if digest != card.sha256:
        raise CheckpointError("error.checkpoint.damaged", file=name)
    if not healthy(tensors):
        raise CheckpointError("error.checkpoint.not_finite", file=name)
    weights, others = split_off(tensors)
    try:
        if bool(others) != (card.unlike is not None):
            raise ValueError("a reference and what of it is accepted go together")
        reference = Reference.of(others, card.unlike.version) if card.unlike else None
    except ValueError as error:
        raise CheckpointError("error.checkpoint.damaged", file=name) from error
    model.load_state_dict(weights, assign=True)
    return Checkpoint(model.eval(), card, reference)


def set_accepted(path: Path, accept: float) -> Card:
    """Change which share of known pictures the checkpoint at ``path`` accepts, 1 is all, and give its new card.

    Raises :class:`CheckpointError` where it is not sound or cannot tell pictures unlike all it was trained on.
    """
    found = load(path)
    if found.card.unlike is None or found.reference is None:
        raise CheckpointError("error.unknown.none", file=path.name)
    if not found.card.unlike.usable:
        raise CheckpointError("error.unknown.unusable", file=path.name)
    card = replace(found.card, unlike=found.card.unlike.at(accept))
    save(path, found.model.state_dict(), card, found.reference)
    return card


@contextmanager
def _verified_header(path: Path, name: str) -> Iterator[tuple[BufferedReader, Header, Card]]:
    """The file at ``path``, at the start of its tensors, with its header and card; a pickle is refused."""
    if name.lower().endswith(".onnx"):
        raise CheckpointError("error.onnx.answers_only", file=name)
    with opened(path, name) as file:
        if is_pickle(file):
            read_pickle(file, name)
        header = read_header(file, name)
        yield file, header, verified_card(header, name)


def _skeleton(card: Card) -> ResNet:
    """The model that ``card`` describes, without any weights."""
    from resnet_studio.model.resnet import skeleton

    return skeleton(**card.architecture)


def _layout(tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Each tensor's type as safetensors calls it, and its shape."""
    import torch

    names = {torch.float32: "F32", torch.int64: "I64"}
    return {name: (names.get(value.dtype, "?"), tuple(value.shape)) for name, value in tensors.items()}


def write_digests(path: Path) -> None:
    """Put the digests into the header of the file just written at ``path``, over their zeros."""
    with path.open("rb+") as file:
        header = read_header(file, path.name)
        data = hashlib.sha256()
        while chunk := file.read(_CHUNK):
            data.update(chunk)
        raw = bytearray(header.raw)
        raw[digest_place(raw, "sha256")] = data.hexdigest().encode()
        raw[digest_place(raw, HEADER_DIGEST)] = header_digest(raw).encode()
        file.seek(8)
        file.write(raw)
