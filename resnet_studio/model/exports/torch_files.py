"""Formats that PyTorch reads: our own checkpoint, the same in half precision, a state dict, an exported program."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_studio.durable import replacing
from resnet_studio.model.card import read_card
from resnet_studio.model.export import Kind, export_code, export_pt
from resnet_studio.model.exports.source import Source, as_metadata, facts, plain_state
from resnet_studio.model.header import read_header
from resnet_studio.text import Language

if TYPE_CHECKING:
    from pathlib import Path

    from resnet_studio.model.card import Card

ABOUT = "resnet_studio.json"
"""Of what is said of a model, among the files of a ``.pt2``."""


@dataclass(frozen=True)
class _TorchFormat:
    """What they have in common."""

    name: str
    suffix: str
    kind: Kind
    lossy: bool = False
    packages: tuple[str, ...] = ()
    runs_here: bool = True

    def classes(self, exported: Path) -> list[str] | None:  # noqa: ARG002
        """See :class:`formats.Format`."""
        return None

    def code(self, card: Card, file_name: str, language: Language = "en") -> str:
        """See :class:`formats.Format`."""
        return export_code(card, kind=self.kind, file_name=file_name, language=language)


@dataclass(frozen=True)
class Safetensors(_TorchFormat):
    """The checkpoint itself, which the studio reads too."""

    name: str = "safetensors"
    suffix: str = ".safetensors"
    kind: Kind = "safetensors"

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`."""
        assert source.checkpoint  # verified
        with replacing(target) as temporary:
            shutil.copyfile(source.file, temporary)

    def classes(self, exported: Path) -> list[str] | None:
        """See :class:`formats.Format`."""
        return list(read_card(exported).classes)


@dataclass(frozen=True)
class Half(_TorchFormat):
    """Half the size: weights as float16, by the names of the library's own network."""

    name: str = "safetensors-half"
    suffix: str = "-half.safetensors"
    kind: Kind = "half"
    lossy: bool = True

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`."""
        import torch
        from safetensors.torch import save

        state = {
            name: value.to(torch.float16) if value.is_floating_point() else value
            for name, value in plain_state(source).items()
        }
        reference = source.checkpoint.reference
        state |= reference.tensors() if reference else {}  # in full: distances are too fine for 16 bits
        content = save({name: value.contiguous() for name, value in state.items()}, dict(as_metadata(source.card)))
        with replacing(target) as temporary:
            temporary.write_bytes(content)

    def classes(self, exported: Path) -> list[str] | None:
        """See :class:`formats.Format`."""
        with exported.open("rb") as file:
            found: list[str] = json.loads(read_header(file, exported.name).metadata["classes"])
        return found


@dataclass(frozen=True)
class StateDict(_TorchFormat):
    """A plain state dict."""

    name: str = "pt"
    suffix: str = ".pt"
    kind: Kind = "pt"

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`."""
        export_pt(source.file, target)


@dataclass(frozen=True)
class Program(_TorchFormat):
    """The network with its code (``torch.export``): runs without the library that built it, for any batch size.

    It gives logits; where the checkpoint can tell unlike pictures, logits and how unlike all training pictures.
    """

    name: str = "pt2"
    suffix: str = ".pt2"
    kind: Kind = "pt2"

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`."""
        import torch

        from resnet_studio.model.exports.surrounded import WithUnlike

        reference = source.checkpoint.reference
        network = WithUnlike(source.model, reference).eval() if reference else source.model
        pictures = torch.zeros(2, 3, source.side, source.side)
        batch = torch.export.Dim("batch", min=1)
        program = torch.export.export(network, (pictures,), dynamic_shapes=({0: batch},))
        about = {ABOUT: json.dumps(facts(source.card), ensure_ascii=False)}
        with replacing(target) as temporary, temporary.open("wb") as file:
            torch.export.save(program, file, extra_files=about)

    def classes(self, exported: Path) -> list[str] | None:
        """See :class:`formats.Format`."""
        with zipfile.ZipFile(exported) as archive:
            (name,) = (each for each in archive.namelist() if each.endswith(f"/extra/{ABOUT}"))
            found: list[str] = json.loads(archive.read(name))["classes"]
        return found
