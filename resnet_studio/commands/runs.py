"""Commands that list runs, end them, and change what they are called."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio import labels
from resnet_studio.commands.data import Result
from resnet_studio.errors import RunError
from resnet_studio.model import architecture
from resnet_studio.service.forecast import format_estimate
from resnet_studio.service.queue_order import QueuePlace, places
from resnet_studio.service.run_data import Damaged, Overview, RunData, look
from resnet_studio.studies import folds
from resnet_studio.text import say
from resnet_studio.training.waiting import part_number
from resnet_studio.upkeep import audit
from resnet_studio.upkeep.bin import DAYS, Bin
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.studies.repeats import Repeats
    from resnet_studio.terminal import Terminal

NONE_OF_THESE = "none of these, nearest "
UNREADABLE = {"error.run.newer": "newer", "error.run.damaged": "damaged"}
UNKNOWN = (
    "note", "owner", "group", "study", "parents", "dataset", "created", "started_by", "seconds", "depth", "family",
    "architecture", "freeze", "weights", "epochs", "validation_accuracy", "test_accuracy", "paused",
)  # fmt: skip


def rename(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Give a run another name, a note, or both."""
    if options.name is None and options.note is None:
        raise RunError("error.run.no_name")
    run = workspace.find_run(options.run)
    labels.write(run.folder, name=options.name, note=options.note)
    name, note = str(run.about["name"]), str(run.about.get("note", ""))
    return Result(f"{run.id}: {name}" + (f"\n{note}" if note else ""), {"run": run.id, "name": name, "note": note})


def doctor(workspace: Workspace, terminal: Terminal) -> Result:
    """Look for what is wrong with the machine and the workspace."""
    from resnet_studio.service.doctor import examine

    found = examine(workspace, lambda device: terminal.line(f"{device}: two steps of training"))
    return Result("\n".join(found.lines()), found.to_json())


def end(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Ask the process that trains a run to stop or pause it, and wait for its end."""
    from resnet_studio.training.driving import ask, wait_for_end
    from resnet_studio.training.waiting import find

    run = find(workspace, options.run)
    session = ask(run, options.command)
    ended = wait_for_end(run, session, options.timeout)
    found = row(look(run))
    said = f"{run.id}: {found['status']}" + ("" if ended else f"; asked to {options.command}, not ended yet")
    return Result(said, {"run": run.id, "request": options.command, "ended": ended, "status": found["status"],
                         "checkpoint": found["checkpoint"]})  # fmt: skip


def study(found: Repeats) -> Result:
    """What the runs of a study came to, each and all together."""
    if folds.is_cross_validation([part.run for part in found.parts]):
        return _cross_validation(found)
    rows = [{"seed": part.seed, **row(look(part.run))} for part in found.parts]
    lines = [f"{found.group}: {found.done} of {len(rows)} runs are done", *(f"  {line(each)}" for each in rows)]
    figures = {"validation": found.validation, "test": found.test}
    lines += [f"{name} accuracy {figure.sentence()}" for name, figure in figures.items() if figure]
    return Result(
        "\n".join(lines),
        {
            "group": found.group,
            "study": "seeds",
            "done": found.done,
            "runs": rows,
            "new_split_each": found.redrawn,
            **{name: figure.to_json() if figure else None for name, figure in figures.items()},
        },
    )


def _cross_validation(found: Repeats) -> Result:
    """What a cross-validation came to: each fold, and all pictures together."""
    pooled = folds.cross_validation([part.run for part in found.parts])
    rows = [{"fold": part_number(part.about.get("study")), **row(look(part.run))} for part in found.parts]
    lines = [f"{found.group}: {found.done} of {len(rows)} folds are done", *(f"  {line(each)}" for each in rows)]
    if (report := pooled.report) is not None:
        low, high = report.interval
        lines += [f"test accuracy {report.accuracy:.1%} (95% confidence interval {low:.1%} to {high:.1%}) over "
                  f"{report.count} pictures, each tested once"]  # fmt: skip
        lines += [f"  {each.name}: {each.correct} of {each.support}" for each in report.per_class]
    validation = found.validation.to_json() if found.validation else None
    facts = {"group": found.group, "study": folds.KIND, "done": found.done, "folds": len(rows), "runs": rows,
             "new_split_each": found.redrawn, "validation": validation}  # fmt: skip
    return Result("\n".join(lines), {**facts, **pooled.to_json()})


def line(row: dict[str, Any]) -> str:
    """A :func:`row` for people."""
    if row["status"] in UNREADABLE.values():
        return f"{row['run']}  {row['status']}  {row['problem']}"
    best = row["validation_accuracy"]
    status = "paused" if row["paused"] else row["status"]
    said = f"{row['run']}  {status}  {row['epochs_run']}/{row['epochs']} epochs"
    said += "" if best is None else f"  validation {best:.1%}"
    if row.get("place"):
        wait = row["expected_wait_seconds"]
        said += f"  place {row['place']}" + ("" if wait is None else f", {format_estimate(wait, 'en')} to wait")
    return f"{said}  {row['name']}" + (f"  {row['problem']}" if row["problem"] else "")


def row(found: Overview | Damaged) -> dict[str, Any]:
    """One run of the list: what it is, and how far it is; one that cannot be read has a ``problem``, and nulls."""
    if isinstance(found, Overview):
        return _sound_row(found)
    run, problem = found.run, found.error
    unknown = dict.fromkeys(UNKNOWN)
    status = UNREADABLE.get(problem.key, "damaged")
    checkpoint = str(run.best) if run.best.exists() else None
    facts = {"run": run.id, "name": run.id, "status": status, "epochs_run": 0, "checkpoint": checkpoint}
    return {**unknown, **facts, "problem": str(problem)}


def _sound_row(found: Overview) -> dict[str, Any]:
    run, config, about, state = found.run, found.config, found.about, found.state
    return {
        "run": run.id,
        "name": found.name,
        "note": found.note,
        "owner": about["owner"],
        "group": about["group"],
        "study": labels.study_part(about),
        "parents": about["parents"],
        "dataset": about["dataset_name"],
        "created": about["created"],
        "started_by": str(about["started_by"]).partition(":")[0] if "started_by" in about else None,
        "seconds": found.seconds,
        "status": state.status,
        "paused": state.status_name == "paused",
        "depth": config.depth,
        "family": config.family,
        "architecture": architecture.of(config).name,
        "freeze": config.freeze,
        "weights": config.weights,
        "epochs": config.epochs,
        "epochs_run": len(state.epochs),
        "validation_accuracy": found.validation_accuracy,
        "test_accuracy": found.test_accuracy,
        "checkpoint": str(run.best) if run.best.exists() else None,
        "problem": say("runs.unreadable", "en", count=state.unreadable) if state.unreadable else None,
    }


def add_accept(predict: argparse.ArgumentParser) -> None:
    """The option ``--accept`` of the command ``predict``."""
    predict.add_argument(
        "--accept", type=share, metavar="SHARE",
        help="say 'none of these' so readily that this share of known pictures, 0.5 to 1 or 'all', is accepted "
        "(default: as the checkpoint says)",
    )  # fmt: skip


def add_set_unknown(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command ``set-unknown``."""
    unknown = command("set-unknown", "choose how readily the model of a run says 'none of these'")
    unknown.add_argument("run", metavar="RUN", help="a run's id, or 'last'")
    unknown.add_argument(
        "--accept", type=share, required=True, metavar="SHARE",
        help="the share of known pictures that is accepted, 0.5 to 1, or 'all'",
    )  # fmt: skip


def set_unknown(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Choose how readily the model of a run says that a picture is of none of its classes."""
    from resnet_studio.evaluation import unknown

    run = workspace.find_run(options.run)
    if run.state().finished is None:
        raise RunError("error.unknown.running", run=run.id)
    found = unknown.set_accepted(run, options.accept)
    text = f"{run.id}: accepts {options.accept:.0%} of pictures like those it was chosen by"
    if found is not None and found.chosen.accuracy is not None:
        text += f"; of its test pictures {found.chosen.accepted:.1%}, {found.chosen.accuracy:.1%} of these right"
    return Result(text, {"run": run.id, "unknown": None if found is None else unknown.UNKNOWN.to_json(found)})


def share(text: str) -> float:
    """A share of known pictures that is accepted, from the command line."""
    found = 1.0 if text == "all" else float(text)
    if not 0.5 <= found <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share from 0.5 to 1")
    return found


def list_runs(options: argparse.Namespace, workspace: Workspace) -> Result:
    """List the runs, delete one, or write their TensorBoard logs."""
    if options.delete:
        run = workspace.find_run(options.delete)
        put = Bin(workspace).put_run(run, audit.user_here())
        text = f"deleted {run.id}; for {DAYS} days: bin restore {put.entry}"
        return Result(text, {"deleted": run.id, "bin": put.entry})
    if options.clear_cache:
        from resnet_studio.data.cache import ArrayCache

        freed = ArrayCache(workspace.cache).clear()
        return Result(f"freed {freed / 2**20:,.1f} MB", {"freed_bytes": freed})
    data = RunData(workspace)
    found = data.listed()
    sound = [each for each in found if isinstance(each, Overview)]
    if options.tensorboard:
        write_tensorboard([each.run for each in sound], options.tensorboard)
    standing = places(data, sound)
    rows = [{**row(each), **_standing(standing.get(each.run.id))} for each in found]
    lines = [line(row) for row in rows]
    return Result("\n".join(lines) or "no runs yet", {"runs": rows, "workspace": str(workspace.root)})


def _standing(found: QueuePlace | None) -> dict[str, Any]:
    """Where a run stands in the queue: 0 while it is trained, null where it does not wait; and until when."""
    if found is None:
        return {"place": None, "expected_wait_seconds": None}
    return {"place": found.place, "expected_wait_seconds": found.seconds}


def write_tensorboard(found: list[Run], folder: Path) -> None:
    """Write the log of each run ``found`` into a folder of its own in ``folder``."""
    from resnet_studio.training.tensorboard import write

    for run in found:
        write(run, folder / run.id)
