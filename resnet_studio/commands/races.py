"""The command ``race``: which network, starting weights, freeze level and picture size to take."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, get_args

from resnet_studio.api import studies
from resnet_studio.commands import data
from resnet_studio.commands.data import Result
from resnet_studio.commands.signals import control_from_signals
from resnet_studio.config import DEPTHS, Freeze, TrainConfig
from resnet_studio.errors import RunError
from resnet_studio.studies.race import LEVELS, Race, said
from resnet_studio.studies.racing import RaceStep
from resnet_studio.terminal import Terminal
from resnet_studio.text import say
from resnet_studio.workspace import Workspace

SETTINGS = ("seed", "groups", "device", "fit", "augmentation", "validation_fraction", "test_fraction")
"""What else a training has that a race can be run with."""


def add_parser(
    command: Callable[[str, str], argparse.ArgumentParser],
    add_setting: Callable[[argparse._ActionsContainer, str], None],
    about_data: str,
) -> None:
    """The command with its options; ``add_setting`` adds one of the settings of a training."""
    race = command("race", "compare networks, starting weights, freeze levels and picture sizes by cross-validation")
    race.add_argument("data", metavar="DATA", help=about_data)
    data.add_choices(race)
    race.add_argument("--depths", nargs="+", type=int, choices=DEPTHS["resnet"], metavar="N", help="only these ResNets")
    race.add_argument("--sizes", nargs="+", type=_size, metavar="PX", help="picture sizes, instead of those that fit")
    race.add_argument(
        "--freeze", nargs="+", choices=[level for level in get_args(Freeze) if level != "auto"], metavar="LEVEL",
        help=f"freeze levels (default: {' '.join(LEVELS)}); layer4 is a head on cached features, always among them, "
        "the others are short fine-tunings",
    )  # fmt: skip
    race.add_argument("--download", action="store_true", help="also networks whose weights have to be downloaded")
    for name in SETTINGS:
        add_setting(race, name)


def race(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Run a race, or what is left of it."""
    given = vars(options)
    config = TrainConfig(**{name: given[name] for name in SETTINGS if name in given})
    dataset = data.opened(options, workspace, terminal)
    found = studies.race(
        dataset, config, depths=options.depths, sizes=options.sizes, levels=options.freeze or LEVELS,
        download=options.download, workspace=workspace, on_step=_Shown(terminal), control=control_from_signals(),
    )  # fmt: skip
    if not found.cells:
        raise RunError("error.race.stopped")
    return Result("\n".join(lines(found)), found.to_json())


def lines(found: Race) -> list[str]:
    """A race for people: a line a cell, what was left out, and what to take."""
    alike = {cell.candidate.key for cell in found.alike()}
    rows = [
        f"{'*' if cell.candidate.key in alike else ' '} {said(cell.candidate):52} {found.score(cell):6.1%} "
        f"({low:.1%} to {high:.1%})  {cell.seconds:6.1f} s  {cell.milliseconds:6.1f} ms  "
        f"{cell.memory_megabytes:7,.0f} MB in training  {cell.megabytes:5,.0f} MB file"
        for cell in found.cells
        for low, high in [found.interval(cell)]
    ]
    left = [" ".join(filter(None, [each.name, each.weights, each.freeze, f"{each.size} px" if each.size else ""]))
            + f": {say(each.reason)}" for each in found.skipped]  # fmt: skip
    unfinished = [] if found.complete else [say("race.unfinished")]
    balanced = [say("race.balanced")] if found.scoring.even else []
    return [*rows, *left, *balanced, *unfinished, found.sentence()]


class _Shown:
    """Says each cell once, and how far it is."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal, self._last = terminal, -1

    def __call__(self, step: RaceStep) -> None:
        if step.candidate is not None and step.done != self._last:
            self._last = step.done
            self._terminal.line(f"{step.done + 1} of at most {step.total}: {said(step.candidate)}")
        if step.event is not None:
            self._terminal(step.event)


def _size(text: str) -> Any:
    size = int(text)
    if not 32 <= size <= 1024:
        raise argparse.ArgumentTypeError(f"{text} is no size from 32 to 1024 px")
    return size
