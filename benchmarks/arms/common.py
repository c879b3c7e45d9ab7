"""What all arms share: the split, the starting weights, and the JSON line that an arm ends with."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from torch import nn
from torchvision.models import resnet18

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def options() -> argparse.Namespace:
    """The command line of an arm. ``data`` holds train/, val/ and test/ with one folder a class."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path, help="ResNet-18 weights, safetensors")
    parser.add_argument("--row", choices=["head", "layer4", "all", "fine_tune"], required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=224)
    return parser.parse_args()


def network(weights: Path, classes: int, row: str) -> nn.Module:
    """ResNet-18 with the starting weights and a new head; what ``row`` does not train takes no gradient."""
    from safetensors.torch import load_file

    model = resnet18()
    state = {name: value.float() if value.is_floating_point() else value for name, value in load_file(weights).items()}
    model.load_state_dict({name: value for name, value in state.items() if not name.startswith("fc.")}, strict=False)
    if row != "all":
        for parameter in model.parameters():
            parameter.requires_grad = False
        if row == "layer4":
            for parameter in model.layer4.parameters():
                parameter.requires_grad = True
    model.fc = nn.Linear(model.fc.in_features, classes)
    return model


def say(**result: Any) -> None:
    """The result of an arm: the last line of its standard output."""
    print(json.dumps(result), flush=True)
