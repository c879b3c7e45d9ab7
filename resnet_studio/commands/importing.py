"""The command that takes in what others export."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.api.importing import import_model
from resnet_studio.commands.data import Result
from resnet_studio.data.teachable import SUFFIX
from resnet_studio.errors import CheckpointError
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.terminal import Terminal

Command = Callable[[str, str], argparse.ArgumentParser]
FILE = (
    "a checkpoint, a state dict of torchvision or timm (.pt, .pth, .safetensors), an ONNX image classifier (.onnx), or "
    "Teachable Machine's project.tm, also unpacked"
)


def add(command: Command) -> None:
    """The command ``import``."""
    taken = command("import", "take in a model that others trained, or the pictures of a Teachable Machine project")
    taken.add_argument("file", type=Path, metavar="FILE", help=FILE)
    taken.add_argument(
        "--classes", metavar="NAMES", help="for a model: a file with the classes, a line each or JSON; or 'imagenet'"
    )
    taken.add_argument("--size", type=int, metavar="PX", help="the side of the pictures that the network is shown")
    numbers = "by which pictures are normalised, on the scale from 0 to 1 (as the file says, else ImageNet's)"
    taken.add_argument("--mean", metavar="R,G,B", help=f"the mean {numbers}")
    taken.add_argument("--std", metavar="R,G,B", help=f"the standard deviation {numbers}")


def run(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Import a file."""
    if options.file.suffix.lower() in (SUFFIX, ".zip") or options.file.is_dir():
        return _pictures(options.file, workspace, terminal)
    found = import_model(
        options.file, classes=options.classes, side=options.size, mean=_three(options.mean), std=_three(options.std),
        workspace=workspace,
    )  # fmt: skip
    card = found.card
    text = f"{found.file}\n{card.network.title}, {len(card.classes)} classes, pictures of {card.preprocessing.crop} px"
    return Result(
        text,
        {
            "kind": "model",
            "checkpoint": str(found.file),
            "architecture": card.network.name,
            "classes": list(card.classes),
            "picture_size": card.preprocessing.crop,
        },
    )


def _three(text: str | None) -> tuple[float, float, float] | None:
    if text is None:
        return None
    try:
        red, green, blue = map(float, text.split(","))
    except ValueError as error:
        raise CheckpointError("error.import.numbers", given=text) from error
    return red, green, blue


def _pictures(file: Path, workspace: Workspace, terminal: Terminal) -> Result:
    from resnet_studio.data.opening import open_data

    dataset = open_data(file, workspace, progress=lambda done, total: terminal.progress("reading", done, total))
    text = f"dataset:{dataset.id}\n{len(dataset.samples)} pictures of {len(dataset.classes)} classes"
    return Result(
        text,
        {
            "kind": "data",
            "dataset": dataset.id,
            "classes": list(dataset.classes),
            "pictures": len(dataset.samples),
        },
    )
