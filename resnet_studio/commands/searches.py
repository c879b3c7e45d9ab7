"""The command ``search``: settings by Optuna."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from resnet_studio.api import studies
from resnet_studio.commands import data
from resnet_studio.commands.data import Result
from resnet_studio.commands.signals import control_from_signals
from resnet_studio.config import TrainConfig, as_options
from resnet_studio.durable import make_folder
from resnet_studio.errors import RunError
from resnet_studio.model import architecture
from resnet_studio.studies.search import METHODS, SEARCHED, Search, spelled
from resnet_studio.terminal import Terminal
from resnet_studio.workspace import Workspace


def add_parser(
    command: Callable[[str, str], argparse.ArgumentParser],
    add_settings: Callable[[argparse.ArgumentParser], None],
    about_data: str,
) -> None:
    """The command with its options; ``add_settings`` adds those of a training."""
    search = command("search", "search for learning rate, weight decay, augmentation and epochs, each trial a run")
    search.add_argument("data", metavar="DATA", help=about_data)
    data.add_choices(search)
    search.add_argument("--trials", type=int, required=True, metavar="N", help="how many, those of before included")
    search.add_argument("--method", default="tpe", choices=METHODS, help="how settings are proposed (default tpe)")
    search.add_argument(
        "--over", nargs="+", default=list(SEARCHED), choices=SEARCHED, metavar="SETTING",
        help=f"what is searched for (default: {' '.join(SEARCHED)})",
    )  # fmt: skip
    search.add_argument("--plots", type=Path, metavar="DIR", help="write Optuna's plots there as PNG")
    add_settings(search)


def search(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Search, or go on with that."""
    given = vars(options)
    changes = {spec.name: given[spec.name] for spec in fields(TrainConfig) if spec.name in given}
    if options.arch is not None:
        changes |= architecture.settings(options.arch, changes)
    if options.plots is not None:  # found out before hours of trials
        make_folder(options.plots)
    dataset = data.opened(options, workspace, terminal)

    def on_trial(found: Search) -> None:
        terminal.line(found.progress())

    found = studies.search(
        dataset, TrainConfig(**changes), trials=options.trials, method=options.method, over=options.over,
        workspace=workspace, on_trial=on_trial, on_event=terminal, control=control_from_signals(),
    )  # fmt: skip
    written, problem = [], ""
    try:
        written = [] if options.plots is None else studies.save_search_plots(found, options.plots, workspace=workspace)
    except RunError as error:  # too few trials: what was found is worth more
        problem = str(error)
    lines = [
        f"{place:4} {trial.status:9} {'' if trial.accuracy is None else format(trial.accuracy, '.1%'):>7}  "
        f"{spelled(trial.settings)}  {trial.run}"
        for place, trial in enumerate(found.trials, 1)
    ]
    best = [found.sentence(), _command(options.data, found)] if found.best else [found.sentence()]
    return Result(
        "\n".join([*lines, *best, *filter(None, [problem])]),
        {**found.to_json(), "plots": [str(path) for path in written], "plots_problem": problem or None},
    )


def _command(data: str, found: Search) -> str:
    """The command that trains with the best settings, and the others of the search."""
    words = as_options({**found.base.changed(), **found.settings})
    return shlex.join(["python", "-m", "resnet_studio", "train", data, *words])
