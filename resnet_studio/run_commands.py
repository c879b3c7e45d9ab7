"""Commands that list runs and change what they are called."""

from __future__ import annotations

import argparse
from typing import Any

from resnet_studio import labels
from resnet_studio.data_commands import Result
from resnet_studio.durations import asked_at
from resnet_studio.errors import RunError
from resnet_studio.events import RunState
from resnet_studio.workspace import Run, Workspace


def rename(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Give a run another name, a note, or both."""
    if options.name is None and options.note is None:
        raise RunError("error.run.no_name")
    run = workspace.find_run(options.run)
    labels.write(run.folder, name=options.name, note=options.note)
    name, note = str(run.about["name"]), str(run.about.get("note", ""))
    return Result(f"{run.id}: {name}" + (f"\n{note}" if note else ""), {"run": run.id, "name": name, "note": note})


def row(run: Run, state: RunState) -> dict[str, Any]:
    """One run of the list: what it is, and how far it is."""
    config, about, done = run.config, run.about, state.finished
    kept = done or state.best
    return {
        "run": run.id,
        "name": about["name"],
        "note": about.get("note", ""),
        "dataset": about["dataset_name"],
        "created": about["created"],
        "started_by": str(about["started_by"]).partition(":")[0] if "started_by" in about else None,
        "seconds": state.seconds(asked_at(about)),
        "status": state.status,
        "depth": config.depth,
        "freeze": config.freeze,
        "weights": config.weights,
        "epochs": config.epochs,
        "epochs_run": len(state.epochs),
        "validation_accuracy": None if kept is None else kept.validation_accuracy,
        "test_accuracy": None if done is None else done.test_accuracy,
        "checkpoint": str(run.best) if run.best.exists() else None,
    }
