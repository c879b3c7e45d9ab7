"""What others export comes in: models as state dicts and checkpoints, pictures as projects of Teachable Machine."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.folder_names import slug
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.model.onnx_card import AnyCard


@dataclass(frozen=True)
class ImportedModel:
    """A model in ``file``, one of the workspace's imports, and its ``card``."""

    file: Path
    card: AnyCard


def import_model(
    file: str | Path,
    *,
    classes: Sequence[str] | str | Path | None = None,
    side: int | None = None,
    mean: tuple[float, float, float] | None = None,
    std: tuple[float, float, float] | None = None,
    workspace: Workspace | None = None,
) -> ImportedModel:
    """Keep the model in ``file`` in the workspace, to predict and compare with.

    ``file`` is a checkpoint of the studio, a state dict of a ResNet of torchvision or timm with one linear layer, or an
    ONNX image classifier, which only answers. ``classes`` are names in the order of the logits, a file of them, or
    "imagenet"; None: as the file says. ``side`` px is what the network is shown, normalised by ``mean`` and ``std`` per
    channel on the 0..1 scale; None: as the file says, else ImageNet's. Raises :class:`CheckpointError` and
    :class:`WeightsError`.
    """
    from resnet_studio.model import foreign
    from resnet_studio.model.checkpoint import import_checkpoint, read_card
    from resnet_studio.model.header import is_pickle, opened, read_header
    from resnet_studio.model.onnx_card import is_onnx, onnx_card
    from resnet_studio.model.onnx_import import import_onnx

    path, home = Path(file), workspace or Workspace.open()
    if is_onnx(path):
        kept = import_onnx(path, home, foreign.ImportOptions(_names(classes), side, mean, std))
        return ImportedModel(kept, onnx_card(kept))
    with opened(path, path.name) as content:
        ours = not is_pickle(content) and read_header(content, path.name).ours
    if ours:
        kept = import_checkpoint(path, home)
        return ImportedModel(kept, read_card(kept))
    options = foreign.ImportOptions(_names(classes), side, mean, std)
    with tempfile.TemporaryDirectory(prefix="resnet-studio-") as folder:
        made = Path(folder) / f"{slug(path.stem)}.safetensors"
        foreign.convert(path, made, options)
        kept = import_checkpoint(made, home)
    return ImportedModel(kept, read_card(kept))


def _names(classes: Sequence[str] | str | Path | None) -> Sequence[str] | None:
    from resnet_studio.model import foreign

    if not isinstance(classes, str | Path):
        return classes
    return foreign.imagenet() if classes == foreign.IMAGENET else foreign.names_in(Path(classes))
