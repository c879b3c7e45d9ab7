"""The command ``pretrain``: starting weights from pictures without labels."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from resnet_studio.commands.data import Result
from resnet_studio.commands.signals import control_from_signals
from resnet_studio.config import TrainConfig
from resnet_studio.terminal import Terminal
from resnet_studio.text import say
from resnet_studio.workspace import Workspace

SETTINGS = (
    "depth", "family", "weights", "epochs", "batch_size", "picture_size", "learning_rate", "horizontal_flip", "seed",
    "device",
)  # fmt: skip


def add_parser(
    command: Callable[[str, str], argparse.ArgumentParser],
    add_setting: Callable[[argparse._ActionsContainer, str], None],
) -> None:
    """The command with its options; ``add_setting`` adds one of the settings of a training."""
    found = command("pretrain", "learn starting weights from pictures without labels (SimSiam), for train --weights")
    found.add_argument("pictures", metavar="PICTURES", help="a folder, whose classes do not matter, or dataset:ID")
    found.add_argument("--out", type=Path, default=Path("pretrained.safetensors"), metavar="FILE",
                       help="where the weights are written (default pretrained.safetensors)")  # fmt: skip
    for name in SETTINGS:
        add_setting(found, name)


def pretrain(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Learn the weights and write them."""
    from resnet_studio.studies import pretraining

    given = vars(options)
    config = TrainConfig(**{name: given[name] for name in SETTINGS if name in given})

    def said(epoch: int, loss: float) -> None:
        terminal.line(f"epoch {epoch:3d}  loss {loss:.4f}")

    found = pretraining.pretrain(options.pictures, config, options.out, workspace, control_from_signals(), said)
    key = "pretrain.collapsed" if found.collapsed else "pretrain.done"
    text = say(key, file=str(found.file), pictures=found.pictures, epochs=len(found.losses))
    facts = {"file": str(found.file), "depth": found.depth, "pictures": found.pictures, "losses": list(found.losses),
             "spread": found.spread, "collapsed": found.collapsed}  # fmt: skip
    return Result(text, facts)
