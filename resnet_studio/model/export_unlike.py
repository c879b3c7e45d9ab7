"""Lines of exported code that tell pictures unlike all training pictures."""

from __future__ import annotations

import math

from resnet_studio.model.card import Card
from resnet_studio.model.unlike import METHODS
from resnet_studio.text import Language, say

BESIDE = "unlike.safetensors"
"""In a folder for timm, which takes no other tensors in the file of the weights."""


def tells_unlike(card: Card) -> bool:
    """Whether the exported files have what tells pictures unlike all training pictures."""
    return card.unlike is not None


def loading(card: Card, kind: str, file_name: str) -> list[str]:
    """Lines that load the weights into ``model`` and what tells unlike pictures from the same file, or folder."""
    assert card.unlike is not None
    lines = {
        "pt": [
            f'tensors = torch.load({file_name!r}, map_location="cpu", weights_only=True)',
            "reference = tensors.unlike",
            "model.load_state_dict(tensors)",
        ],
        "timm": [f"reference = load_file({f'{file_name}/{BESIDE}'!r})"],
    }.get(kind, [
        f"tensors = load_file({file_name!r})",
        'reference = {name: tensors.pop(name) for name in list(tensors) if name.startswith("unlike.")}',
        "model.load_state_dict(tensors)",
    ])  # fmt: skip
    last = "getattr(model, stage)[-1]" if card.features != "layer4" else "getattr(model, stage)"
    method = METHODS[card.unlike.version]
    means = "output.mean((2, 3))"
    pooled = f"torch.cat([{means}, output.std((2, 3), correction=0)], 1)" if method.spread else means
    return [
        *lines,
        "pooled = {}",
        f"for stage in {list(method.stages)!r}:",
        f"    {last}.register_forward_hook(",
        "        lambda _, __, output, stage=stage: pooled.update(",
        f"            {{stage: {pooled}}}",
        "        )",
        "    )",
    ]


def unlike_lines(card: Card, kind: str, language: Language) -> list[str]:
    """Lines that say how unlike all training pictures one is, as :mod:`resnet_studio.model.unlike` does; a program
    computes it itself.
    """
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
        *(_OF_PROGRAM if kind == "pt2" else _COMPUTED),
        "",
        "",
        "def unknown(path):",
        f'    """{say("export.unknown", language)}"""',
        "    return LARGEST is not None and unlike(path) > LARGEST",
    ]


_OF_PROGRAM = [
    "    with torch.inference_mode():",
    "        return float(model(prepare(read(path)).unsqueeze(0))[1])",
]
_COMPUTED = [
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
]
