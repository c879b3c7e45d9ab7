"""The command ``prune``: a trained run with fewer channels, fine-tuned and measured."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import get_args

from resnet_studio import api
from resnet_studio.api.pruning import prune as pruned
from resnet_studio.commands.data import Result
from resnet_studio.commands.signals import control_from_signals
from resnet_studio.config import PruneBy
from resnet_studio.errors import RunError
from resnet_studio.terminal import Terminal
from resnet_studio.workspace import Workspace


def add_parser(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command with its options."""
    prune = command("prune", "take channels out of a trained run, fine-tune what is left, and compare size and speed")
    prune.add_argument("run", metavar="RUN", help="a run's id, or 'last'")
    prune.add_argument("--keep", type=float, default=0.7, metavar="SHARE", help="of the channels inside the blocks "
                       "(default 0.7)")  # fmt: skip
    prune.add_argument("--by", choices=get_args(PruneBy), default="batchnorm",
                       help="what a channel is judged by (default batchnorm)")  # fmt: skip
    prune.add_argument("--epochs", type=int, metavar="N", help="of fine-tuning (default: half of what the run had)")
    prune.add_argument("--name", metavar="TEXT", help="what the new run is called")
    prune.add_argument("--note", metavar="TEXT", help="a note on it")


def prune(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Prune a run."""
    from resnet_studio.studies.pruned import compare

    parent = workspace.find_run(options.run)
    run = pruned(
        parent, keep=options.keep, by=options.by, epochs=options.epochs, workspace=workspace, on_event=terminal,
        control=control_from_signals(), name=options.name, note=options.note,
    )  # fmt: skip
    finished = run.state().finished
    if finished is None:
        raise RunError("error.cli.interrupted", run=run.id)
    found = compare(parent, run)
    text = f"{run.id}: {found.sentence()}\n{api.checkpoint_path(run)}"
    facts = {"run": run.id, "parent": parent.id, "checkpoint": str(run.best), "keep": options.keep, "by": options.by}
    return Result(text, {**facts, **found.to_json(), "reason": finished.reason})
