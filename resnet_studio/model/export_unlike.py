"""Lines of exported code that tell pictures unlike all training pictures."""

from __future__ import annotations

import math

from resnet_studio.model.card import Card
from resnet_studio.model.unlike import STAGES
from resnet_studio.text import Language, say


def tells_unlike(card: Card, kind: str) -> bool:
    """Whether the exported file has what tells pictures unlike all training pictures; a plain state dict has not."""
    return card.unlike is not None and kind == "safetensors"


LOADING = [
    'reference = {name: tensors.pop(name) for name in list(tensors) if name.startswith("unlike.")}',
    "model.load_state_dict(tensors)",
    "pooled = {}",
    f"for stage in {list(STAGES)!r}:",
    "    getattr(model, stage).register_forward_hook(",
    "        lambda _, __, output, stage=stage: pooled.update({stage: output.mean((2, 3))})",
    "    )",
]


def unlike_lines(card: Card, language: Language) -> list[str]:
    """Lines that say how unlike all training pictures one is, as :mod:`resnet_studio.model.unlike` does."""
    assert card.unlike is not None
    threshold = card.unlike.threshold if math.isfinite(card.unlike.threshold) else None
    return [
        "",
        "",
        f"LARGEST = {threshold!r}  # {say('export.unlike.largest', language)}",
        "",
        "",
        "def unlike(path):",
        f'    """{say("export.unlike", language)}"""',
        "    predict(path)",
        "    logs = []",
        "    for stage, features in pooled.items():",
        '        parts = (reference[f"unlike.{stage}.{part}"] for part in ("means", "basis", "floor"))',
        "        means, basis, floor = (part.double() for part in parts)",
        "        row = torch.nn.functional.normalize(features.double(), dim=1)",
        "        inside = torch.cdist(row @ basis, means @ basis).square()",
        "        distances = (torch.cdist(row, means).square() - inside) / floor",
        "        logs.append(distances.min().clamp_min(1e-12).log())",
        "    return float(torch.stack(logs).mean())",
        "",
        "",
        "def unknown(path):",
        f'    """{say("export.unknown", language)}"""',
        "    return LARGEST is not None and unlike(path) > LARGEST",
    ]
