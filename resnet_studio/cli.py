"""The command line: a contract that scripts rely on.

With ``--json`` the last line of standard output is exactly one JSON object, in ASCII; progress goes to standard error.
Exit status: 0 success, 2 bad input or usage (one sentence), 1 a failure of the studio.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from resnet_studio import config
from resnet_studio.commands import (
    data,
    datasets,
    dispatch,
    exchange,
    exports,
    importing,
    leaderboard,
    lesson,
    looking,
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
from resnet_studio.config import TrainConfig
from resnet_studio.data.names import undirected
from resnet_studio.durable import disk_trouble, place_trouble
from resnet_studio.errors import StudioError
from resnet_studio.model.architecture import ARCHITECTURES
from resnet_studio.recipes import RECIPES
from resnet_studio.terminal import Terminal
from resnet_studio.text import say
from resnet_studio.version import __version__
from resnet_studio.workspace import Workspace

OUR_FAILURES = frozenset(
    {
        "error.unexpected",
        "error.disk_full",
        "error.disk.broken",
        "error.disk.broken_somewhere",
        "error.devices.lost",
        "error.cli.interrupted",
        "error.race.stopped",
        "error.search.stopped",
        "error.pretrain.stopped",
        "error.rates.stopped",
        "error.predictions.stopped",
    }
)
DATA = "a folder or a zip of class folders, sample:NAME, public:NAME, or dataset:ID of one in the workspace"
MODEL = "a run, 'last', a checkpoint file, or an imported ONNX file"
DEVICE = "auto, cpu, cuda, cuda:N or mps"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        message = re.sub(r"invalid int value: (.*)", r"\1 is no whole number", message)
        message = re.sub(r"invalid \w+ value: (.*)", r"\1 is no number", message)  # of a function of ours: not its name
        raise _UsageError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


class _UsageError(Exception):
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    _escape_unprintable()
    terminal = Terminal(sys.stderr)
    try:
        result = _run(build_parser().parse_args(given), terminal)
    except _UsageError as error:
        return _refused(str(error), 2, as_json)
    except StudioError as error:
        return _refused(str(error), 1 if error.key in OUR_FAILURES else 2, as_json)
    except KeyboardInterrupt:
        return _refused("Interrupted.", 1, as_json)
    except Exception as error:  # noqa: BLE001 - logged there
        return _failed(error, as_json)
    _print(json.dumps(result.json) if as_json and result.json else result.text)
    return 0


def _run(options: argparse.Namespace, terminal: Terminal) -> Result:
    try:
        if options.command == "restore":  # into a workspace that is not there yet
            return upkeep.restore(options, terminal)
        return dispatch.run(options, Workspace.open(options.workspace), terminal)
    except OSError as error:
        workspace = [options.workspace] if options.workspace else []
        given = [each for each in vars(options).values() if isinstance(each, Path) and each not in workspace]
        raise place_trouble(error, given) or disk_trouble(error) or place_trouble(error, workspace) or error from error


def _failed(error: Exception, as_json: bool) -> int:
    logging.getLogger(__name__).error("internal error", exc_info=error)
    return _refused(say("error.unexpected", "en", kind=type(error).__name__), 1, as_json)


def _escape_unprintable() -> None:
    """Escape what the terminal cannot show, such as names that are not UTF-8, instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _refused(sentence: str, status: int, as_json: bool) -> int:
    print(undirected(sentence), file=sys.stderr)
    if as_json:
        _print(json.dumps({"error": sentence}))
    return status


def _print(text: str) -> None:
    if text:
        print(undirected(text), flush=True)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands and their options."""
    parser = _Parser(prog="python -m resnet_studio", description="Fine-tune a ResNet image classifier.")
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, summary: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = subparsers.add_parser(name, help=summary, description=summary)
        sub.add_argument("--json", action="store_true", help="print one JSON object as the last line of output")
        sub.add_argument("--workspace", type=Path, metavar="DIR", help="where data sets and runs are stored")
        return sub

    _add_training(command)
    _add_models(command)
    reports.add(command)
    exports.add(command)
    importing.add(command)
    serving.add(command)
    review.add_parsers(command)
    looking.add_parsers(command)
    _add_studio(command)
    server.add(command)
    service.add(command)
    upkeep.add_parsers(command)
    return parser


def _add_training(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    datasets.add_parser(command)
    check = command("check", "look at a data set: classes, problems, split")
    check.add_argument("data", metavar="DATA", help=DATA)
    data.add_check(check)

    train = command("train", "train on a data set")
    train.add_argument("data", metavar="DATA", help=DATA)
    data.add_choices(train)
    train.add_argument("--tensorboard", type=Path, metavar="DIR", help="also write TensorBoard logs there")
    train.add_argument(
        "--recipe", metavar="NAME", help="settings to start from, listed below; other options change them"
    )
    train.add_argument("--name", metavar="TEXT", help="what the run is called; `rename` changes it later")
    train.add_argument("--note", metavar="TEXT", help="a note on the run")
    train.add_argument("--owner", metavar="TEXT", default="", help="whose run it is, where several people train")
    instead = train.add_mutually_exclusive_group()
    instead.add_argument(
        "--find-learning-rate", action="store_true", help="try rising learning rates and suggest one; trains nothing"
    )
    instead.add_argument(
        "--seeds", type=int, metavar="N", help="train N times, each with another seed, and say how far results differ"
    )
    instead.add_argument(
        "--folds", type=int, metavar="K", help="cross-validation: train K times, so that every picture is tested once"
    )
    train.formatter_class = argparse.RawDescriptionHelpFormatter
    train.epilog = "\n".join(["recipes:", *(f"  {name:18}{recipe.title()}" for name, recipe in RECIPES.items())])
    _add_settings(train)

    races.add_parser(command, _add_setting, DATA)
    searches.add_parser(command, _add_settings, DATA)
    pruning.add_parser(command)
    pretraining.add_parser(command, _add_setting)

    resume = command("resume", "go on with an interrupted or stopped run")
    resume.add_argument("run", metavar="RUN", help="the run's name, or 'last'")
    _add_ends(command)


def _add_ends(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    ends = {
        "stop": "end a training at once and keep its best model, in whichever program of the workspace it runs",
        "pause": "save a training and end it, to be resumed, in whichever program of the workspace it runs",
    }
    for name, summary in ends.items():
        end = command(name, summary)
        end.add_argument("run", metavar="RUN", help="the run's name, or 'last'")
        end.add_argument(
            "--timeout", type=_seconds, default=60.0, metavar="SECONDS", help="wait so long for its end (default 60)"
        )


def _add_models(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    evaluate = command("evaluate", "score a model on labelled pictures")
    evaluate.add_argument("model", metavar="RUN_OR_CHECKPOINT", help=MODEL)
    evaluate.add_argument("data", metavar="DATA", help=f"{DATA}; its test part where it comes with one")
    evaluate.add_argument("--with", dest="others", metavar="RUN", action="append", default=[], help=predictions.WITH)
    evaluate.add_argument(
        "--only-unseen",
        action="store_true",
        help="leave out pictures that the model was trained on or chosen by, and near-duplicates of them",
    )
    data.add_choices(evaluate)
    evaluate.add_argument("--device", default="auto", help=DEVICE)

    predictions.add(command)
    runs.add_set_unknown(command)


def _add_studio(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    listed = command("runs", "list the runs")
    listed.add_argument("--delete", metavar="RUN", help="move a run into the bin; see the command bin")
    listed.add_argument("--clear-cache", action="store_true", help="remove decoded pictures and cached features")
    listed.add_argument("--tensorboard", type=Path, metavar="DIR", help="write the TensorBoard logs of all runs there")

    rename = command("rename", "give a run another name, a note, or both")
    rename.add_argument("run", metavar="RUN", help="the run's id, or 'last'")
    rename.add_argument("name", metavar="NAME", nargs="?", help="what it is called from now on")
    rename.add_argument("--note", metavar="TEXT", help="a note on it; an empty one removes the note")

    people.add_parser(command)
    lesson.add_parser(command)
    leaderboard.add_parser(command)
    exchange.add_parser(command)
    command("doctor", "look for what is wrong with this machine and the workspace; trains two steps on each device")


_DEFAULTS = TrainConfig()


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """An option for every field of :class:`TrainConfig`, grouped as in the form."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for spec in fields(TrainConfig):
        group = spec.metadata["group"]
        if group not in groups:
            groups[group] = parser.add_argument_group(say(f"config.group.{group}", "en"))
        _add_setting(groups[group], spec.name)
    names = ", ".join(entry.name for entry in ARCHITECTURES)
    groups["model"].add_argument(
        "--arch", metavar="NAME", default=None,
        help=f"the network by its name, instead of depth and family; resnext50 and the like will do: {names}",
    )  # fmt: skip


def _add_setting(group: argparse._ActionsContainer, name: str) -> None:
    default = getattr(_DEFAULTS, name)
    shown = "auto" if default is None else default
    allowed = config.choices(name)
    summary = f"{say(f'config.{name}.help', 'en')} (default {shown})".replace("%", "%%")
    flag = f"--{name.replace('_', '-')}"
    if config.is_yes_or_no(name):
        group.add_argument(flag, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=summary)
        return
    aliases = ["--size"] if name == "picture_size" else []
    metavar = "{" + ",".join(map(str, allowed)) + "}" if allowed else name.split("_")[-1].upper()
    group.add_argument(
        flag, *aliases, dest=name, default=argparse.SUPPRESS, metavar=metavar, help=summary, type=_reader(name)
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return seconds


def _reader(name: str) -> Any:
    return lambda text: config.parse(name, text)
