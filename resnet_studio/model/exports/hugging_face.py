"""A folder as the Hugging Face Hub has it, which ``timm`` loads: ``config.json``, ``model.safetensors``, model card.

What tells pictures unlike all training pictures lies in a file of its own, as timm takes no other tensors than weights.

https://huggingface.co/docs/timm/hf_hub
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_studio.durable import json_bytes, renamed, temporary_name
from resnet_studio.errors import ConfigError
from resnet_studio.model.export import export_code
from resnet_studio.model.export_unlike import BESIDE
from resnet_studio.model.exports.source import Source, as_metadata, facts, plain_state
from resnet_studio.text import Language

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from resnet_studio.model.card import Card

WEIGHTS = "model.safetensors"
CARD = "README.md"


@dataclass(frozen=True)
class HuggingFace:
    """Networks with the standard stem and a linear head: ``timm`` knows no others."""

    name: str = "huggingface"
    suffix: str = ""
    packages: tuple[str, ...] = ("timm",)
    lossy: bool = False
    runs_here: bool = True

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`."""
        from safetensors.torch import save

        card = source.card
        if card.head != "linear" or card.stem != "standard" or card.features != "layer4" or card.widths:
            raise ConfigError("error.export.not_in_timm")
        state = {name: value.contiguous() for name, value in plain_state(source).items()}
        making = target.with_name(temporary_name(target.name))
        making.mkdir(parents=True)
        (making / WEIGHTS).write_bytes(save(state, {"format": "pt", **as_metadata(source.card)}))
        if source.checkpoint.reference is not None:
            (making / BESIDE).write_bytes(save(source.checkpoint.reference.tensors()))
        (making / "config.json").write_bytes(json_bytes(config(source.card), indent=2))
        if source.readme:
            (making / CARD).write_bytes(source.readme.encode("utf-8", "replace"))
        renamed(making, target)

    def classes(self, exported: Path) -> list[str] | None:
        """See :class:`formats.Format`."""
        found: list[str] = json.loads((exported / "config.json").read_text(encoding="utf-8"))["label_names"]
        return found

    def code(self, card: Card, file_name: str, language: Language = "en") -> str:
        """See :class:`formats.Format`; ``file_name`` is the folder."""
        return export_code(card, kind="timm", file_name=file_name, language=language)


def config(card: Card) -> dict[str, Any]:
    """The content of ``config.json``."""
    preprocessing = card.preprocessing
    crop = preprocessing.crop
    return {
        "architecture": card.network.name,
        "num_classes": len(card.classes),
        "num_features": card.network.features,
        "label_names": list(card.classes),
        "pretrained_cfg": {
            "num_classes": len(card.classes),
            "input_size": [3, crop, crop],
            "pool_size": [crop // 32, crop // 32],
            "crop_pct": crop / preprocessing.resize,
            "crop_mode": {"crop": "center", "pad": "border", "squeeze": "squash"}[preprocessing.fit],
            "interpolation": preprocessing.interpolation,
            "mean": list(preprocessing.mean),
            "std": list(preprocessing.std),
            "first_conv": "conv1",
            "classifier": "fc",
            "label_names": list(card.classes),
        },
        "resnet_studio": facts(card),
    }
