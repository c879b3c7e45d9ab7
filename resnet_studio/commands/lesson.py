"""``lesson``: what a teacher does with a class, from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.commands.data import Result
from resnet_studio.errors import StudioError
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.service.people.lesson import Lesson, Pupil
    from resnet_studio.terminal import Terminal

ACTIONS = ("show", "hold", "release", "collect", "clear")


def add_parser(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command and what it can do."""
    parser = command("lesson", "see a class, switch training off and on again, collect, clear the class")
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="show", help="what to do (default show)")
    parser.add_argument(
        "text", nargs="?", default="", metavar="TEXT",
        help="hold: what every page says meanwhile; clear: the name of the class, which without it is only looked at",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="collect: the zip (default: class.zip)")
    parser.add_argument("--checkpoints", action="store_true", help="collect: with the models")
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="collect: of the reports (default en)")


def lesson(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:  # noqa: ARG001
    """Do what the options say."""
    from resnet_studio.training import hold

    match options.action:
        case "hold":
            found = hold.hold(workspace, options.text)
            return Result("Training is switched off.", {"held": True, "text": found.text})
        case "release":
            hold.release(workspace)
            return Result("Training is switched on.", {"held": False, "text": ""})
        case "collect":
            return _collect(options, workspace)
        case "clear":
            return _clear(options.text, workspace)
        case _:
            return _show(workspace)


def _collect(options: argparse.Namespace, workspace: Workspace) -> Result:
    from resnet_studio.service.people import collecting

    out = options.out or Path("class.zip")
    found = collecting.chosen(_looked(workspace).pupils)
    collecting.write(found, out, checkpoints=options.checkpoints, language=options.language)
    rows = [{"person": each.pupil.person.name, "run": each.run.id, "folder": each.folder} for each in found]
    return Result(f"{out}: {len(rows)} runs", {"file": str(out), "runs": rows})


def _looked(workspace: Workspace) -> Lesson:
    from resnet_studio.service.people.lesson import Lessons
    from resnet_studio.service.people.store import People
    from resnet_studio.service.run_data import RunData

    return Lessons(workspace, People(workspace.root), RunData(workspace)).look()


def _show(workspace: Workspace) -> Result:
    from resnet_studio.training import hold

    found = _looked(workspace)
    rows = [_row(pupil) for pupil in found.pupils]
    lines = [
        f"{row['name']}  {row['role']}  {row['runs']} runs  {row['bytes'] / 2**20:.1f} MB"
        + ("" if row["validation_accuracy"] is None else f"  {row['validation_accuracy']:.1%} ({row['status']})")
        for row in rows
    ]
    held = hold.held(workspace.root)
    values = {
        "people": rows,
        "running": [run.run.id for run in found.running], "queued": [run.run.id for run in found.queued],
        "bytes": found.bytes, "held": held is not None, "text": held.text if held else "",
    }  # fmt: skip
    return Result("\n".join(lines) or "nobody has an account yet", values)


def _row(pupil: Pupil) -> dict[str, Any]:
    shown = pupil.shown
    return {
        "id": pupil.person.id, "name": pupil.person.name, "role": pupil.person.role, "seen": pupil.seen,
        "runs": len(pupil.runs), "bytes": pupil.bytes, "run": shown and shown.run.id,
        "status": shown and shown.state.status, "validation_accuracy": shown and shown.validation_accuracy,
        "validation_accuracies": list(pupil.curve),
    }  # fmt: skip


def _clear(typed: str, workspace: Workspace) -> Result:
    from resnet_studio.service.people import clearing
    from resnet_studio.service.people.accounts import Accounts
    from resnet_studio.service.people.store import People
    from resnet_studio.text import say
    from resnet_studio.training.driving import ask

    accounts = Accounts(People(workspace.root))
    if not clearing.called(accounts):
        raise StudioError("error.lesson.no_class")
    cleared = bool(typed)
    found = (
        clearing.clear(workspace, accounts, typed, stop=lambda id: ask(workspace.run(id), "stop"))
        if cleared
        else clearing.preview(workspace, accounts)
    )
    counts = {"runs": found.runs, "datasets": found.datasets, "models": found.models, "predictions": found.predictions}
    said = (
        say("lesson.clear.done", name=found.name, pupils=len(found.pupils))
        if cleared
        else say("lesson.clear.preview", pupils=len(found.pupils), **counts)
    )
    return Result(said, {**found.to_json(), "cleared": cleared})
