"""What each command of the command line does: options in, a result for people and one for programs out."""

from __future__ import annotations

import argparse
import signal
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio import api, recipes
from resnet_studio.api import studies as study_api
from resnet_studio.commands import (
    data,
    datasets,
    exchange,
    exports,
    importing,
    leaderboard,
    lesson,
    looking,
    outside_test,
    people,
    predictions,
    pretraining,
    pruning,
    races,
    reports,
    review,
    runs,
    searches,
    server,
    service,
    serving,
    upkeep,
)
from resnet_studio.commands.data import Result
from resnet_studio.commands.signals import control_from_signals
from resnet_studio.config import TrainConfig
from resnet_studio.durable import make_folder
from resnet_studio.durations import requested_at
from resnet_studio.errors import RunError
from resnet_studio.evaluation import missed
from resnet_studio.evaluation.final_fit import FINAL_FIT
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.model import architecture
from resnet_studio.terminal import Terminal
from resnet_studio.text import say_recorded
from resnet_studio.training import world
from resnet_studio.training.driving import follow
from resnet_studio.upkeep import audit
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.studies.repeats import Repeats
    from resnet_studio.training.finder import Rates

ELSEWHERE = {
    "check": data.check,
    "dataset": datasets.run,
    "race": races.race,
    "search": searches.search,
    "prune": pruning.prune,
    "pretrain": pretraining.pretrain,
    "predict": predictions.predict,
    "people": people.people,
    "lesson": lesson.lesson,
    "leaderboard": leaderboard.leaderboard,
    "exchange": exchange.exchange,
    "predictions": predictions.predictions,
    "review": review.review,
    "label-next": review.label_next,
    "explain": looking.explain,
    "inside": looking.inside,
    "report": reports.report,
    "export": exports.export,
    "verify": exports.verify,
    "import": importing.run,
    "backup": upkeep.backup,
    "bin": upkeep.bin,
    "clean": upkeep.clean,
    "serve": serving.serve,
    "tokens": serving.tokens,
    "limits": upkeep.limits,
    "audit": upkeep.acts,
    "service": service.run,
}


CHANGING = {"train", "prune", "resume", "stop", "pause", "rename", "set-unknown", "backup", "clean"}
"""What the audit log names of the command line; deleting and taking back name themselves."""


def run(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Do what ``options.command`` says, and write it down where it changes something."""
    done = _run(options, workspace, terminal)
    edits = options.command == "dataset" and options.action in ("edit", "undo", "redo")
    looked = getattr(options, "preview", False)
    if (options.command in CHANGING or edits) and done.json and not looked:
        target = next((str(done.json[key]) for key in ("run", "group", "id", "backup") if key in done.json), "")
        audit.record(workspace, audit.user_here(), f"command.{options.command}", target)
    return done


def _run(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Do what ``options.command`` says; take part where another process of a launcher leads."""
    if options.command in ("train", "resume") and world.is_follower():
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # rank 0 gets them too, and decides
        if not follow(world.join()):
            raise RunError("error.devices.lost")
        return Result("", {})
    if (command := ELSEWHERE.get(options.command)) is not None:
        return command(options, workspace, terminal)
    match options.command:
        case "train":
            return train(options, workspace, terminal)
        case "resume":
            return resume(options.run, workspace, terminal)
        case "stop" | "pause":
            return runs.end(options, workspace)
        case "evaluate":
            return data.evaluate(options, workspace, terminal)
        case "runs":
            return runs.list_runs(options, workspace)
        case "compare":
            return reports.compare(options, workspace)
        case "card":
            return reports.card(options, workspace)
        case "tables":
            return reports.write_tables(options, workspace)
        case "plots":
            return reports.write_plots(options, workspace)
        case "doctor":
            return runs.doctor(workspace, terminal)
        case "set-unknown":
            return runs.set_unknown(options, workspace)
        case "rename":
            return runs.rename(options, workspace)
        case _:
            return server.ui(options, workspace)


def train(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Train on a data set."""
    given = vars(options)
    base = recipes.find(options.recipe).config() if options.recipe else TrainConfig()
    changes = {spec.name: given[spec.name] for spec in fields(TrainConfig) if spec.name in given}
    if options.arch is not None:
        changes |= architecture.settings(options.arch, changes)
    chosen = base.replace(**changes)
    dataset, chosen = outside_test.opened(chosen, options, workspace, terminal)
    if options.find_learning_rate:
        found = api.find_learning_rate(
            dataset, chosen, workspace=workspace, on_event=terminal, control=control_from_signals()
        )
        return _found(found)
    if options.tensorboard:  # found out before hours of training
        make_folder(options.tensorboard)
    about: dict[str, Any] = {"name": options.name, "note": options.note, "owner": options.owner}
    if options.seeds is not None:
        study = api.repeat(dataset, chosen, seeds=options.seeds, workspace=workspace, on_event=terminal,
                           control=control_from_signals(), **about)  # fmt: skip
        return outside_test.of_study(study, _repeated(study, options.tensorboard))
    if options.folds is not None:
        study = study_api.cross_validate(dataset, chosen, folds=options.folds, workspace=workspace, on_event=terminal,
                                         control=control_from_signals(), **about).study  # fmt: skip
        return outside_test.of_study(study, _repeated(study, options.tensorboard))
    run = api.train(dataset, chosen, workspace=workspace, on_event=terminal, control=control_from_signals(), **about)
    if options.tensorboard:
        runs.write_tensorboard([run], options.tensorboard)
    trained = _trained(run)
    return Result(trained.text, {**trained.json, "recipe": options.recipe})


def _found(rates: Rates) -> Result:
    """What the search for a learning rate saw: every fifth point, and the last."""
    points = list(zip(rates.rates, rates.losses, strict=True))
    shown = [*points[:-1:5], *points[-1:]]
    lines = ["learning rate      loss", *(f"{rate:13.2e}  {loss:8.4f}" for rate, loss in shown), rates.sentence("en")]
    return Result("\n".join(lines), rates.to_json())


def resume(name: str, workspace: Workspace, terminal: Terminal) -> Result:
    """Go on with a run."""
    from resnet_studio.studies.repeats import summary
    from resnet_studio.training.waiting import study_of

    run = api.resume(name, workspace=workspace, on_event=terminal, control=control_from_signals())
    parts = study_of(run)
    if len(parts) > 1:
        study = summary(parts)
        return outside_test.of_study(study, _repeated(study))
    return _trained(run)


def _repeated(found: Repeats, tensorboard: Path | None = None) -> Result:
    """The result of a study; one that was paused or interrupted says how to resume it."""
    if tensorboard:
        runs.write_tensorboard([part.run for part in found.parts], tensorboard)
    if any(part.status == "interrupted" for part in found.parts) and not found.stopped:
        raise RunError("error.cli.interrupted", run=found.group)
    return runs.study(found)


def _trained(run: Run) -> Result:
    state, config = run.state(), run.config
    if state.finished is None or state.started is None:
        raise RunError("error.cli.interrupted", run=run.id)
    done = state.finished
    test = "" if done.test_accuracy is None else f", test accuracy {done.test_accuracy:.1%}"
    of = "mean of the weights before and after fine-tuning" if state.mean_note else f"epoch {done.best_epoch}"
    text = f"{run.id}: validation accuracy {done.validation_accuracy:.1%} ({of}){test}\n{run.best}"
    never = RunReport(run).get(missed.NEVER_PREDICTED) or ()
    again, outside = RunReport(run).get(FINAL_FIT), outside_test.of_run(run)
    said = [missed.sentence(never), again.sentence() if again else "", outside.text if outside else ""]
    return Result(
        "\n".join([text, *filter(None, said)]),
        {
            "run": run.id,
            "checkpoint": str(run.best),
            "classes": run.about["classes"],
            "depth": config.depth,
            "family": config.family,
            "architecture": architecture.of(config).name,
            "freeze": config.freeze,
            "weights": config.weights,
            "epochs_run": done.epochs_run,
            "best_epoch": done.best_epoch,
            "is_mean": state.mean_note is not None,
            "validation_accuracy": done.validation_accuracy,
            "test_accuracy": done.test_accuracy,
            "never_predicted": list(never),
            "final_fit": FINAL_FIT.to_json(again) if again else None,
            "outside_test": outside.json if outside else None,
            "train_seconds": done.train_seconds,
            "seconds": state.seconds(requested_at(run.about)),
            "preparing_seconds": state.durations.prepared(requested_at(run.about)),
            "device": state.started.device,
            "precision": state.started.precision,
            "threads": state.started.threads,
            "reason": done.reason,
            "notes": list(dict.fromkeys(say_recorded(note.key, "en", note.values) for note in state.notes)),
        },
    )
