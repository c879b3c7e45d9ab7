"""The command that installs the server as a service of systemd, and starts nothing."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from resnet_studio.commands import server
from resnet_studio.commands.data import Result
from resnet_studio.terminal import Terminal
from resnet_studio.text import say
from resnet_studio.upkeep import audit, systemd
from resnet_studio.upkeep.systemd import ServiceError, Unit
from resnet_studio.workspace import Workspace


def add(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command ``service``."""
    parser = command("service", "write a systemd unit that serves the page, and say what starts it; starts nothing")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, summary in (("install", "write the unit"), ("uninstall", "remove the unit that install wrote")):
        sub: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=summary)
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        sub.add_argument("--workspace", type=Path, default=argparse.SUPPRESS, help="what is served")
        sub.add_argument("--system", action="store_true", help="for the machine, instead of for whoever is signed in")
        sub.add_argument("--user", default="", metavar="NAME", help="with --system: the account that it runs under")
        sub.add_argument("--name", default=systemd.NAME, metavar="NAME", help=f"of the unit (default {systemd.NAME})")
        sub.add_argument("--dry-run", action="store_true", help="only say what would be done")
        if name == "install":
            sub.add_argument("options", nargs="*", default=[], metavar="OPTION", help="options of `ui`, behind a --")


def run(options: argparse.Namespace, workspace: Workspace, _: Terminal) -> Result:
    """Write the unit, or remove it."""
    given = tuple(getattr(options, "options", ()))
    _check_options(given)
    unit = Unit(workspace=workspace.root, options=given, name=options.name, user=_user(options))
    systemd.check(unit)
    if options.action == "uninstall":
        return _uninstalled(options, unit, workspace)
    if not options.dry_run:
        _check_system()
        unit.install()
        audit.record(workspace, audit.user_here(), "unit.install", str(unit.path))
    key = "service.would_write" if options.dry_run else "service.written"
    text = [say(key, "en", file=str(unit.path)), "", unit.text, say("service.next", "en"), *_indented(unit.steps)]
    return Result("\n".join(text), _facts(unit, options, "written") | {"text": unit.text, "next": unit.steps})


def _uninstalled(options: argparse.Namespace, unit: Unit, workspace: Workspace) -> Result:
    there = unit.path.is_file()
    if not options.dry_run:
        _check_system()
        there = unit.uninstall()
        audit.record(workspace, audit.user_here(), "unit.uninstall", str(unit.path))
    key = "service.none" if not there else "service.would_remove" if options.dry_run else "service.removed"
    text = [say(key, "en", file=str(unit.path))]
    if there:
        text += [say("service.end", "en"), *_indented(unit.ending_steps)]
    return Result("\n".join(text), _facts(unit, options, "removed") | {"found": there, "next": unit.ending_steps})


def _facts(unit: Unit, options: argparse.Namespace, done: str) -> dict[str, object]:
    return {"unit": str(unit.path), "name": unit.name, "dry_run": options.dry_run, done: not options.dry_run}


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _user(options: argparse.Namespace) -> str:
    """The account of a unit of the system: root only where that is said."""
    if not options.system:
        if options.user:
            raise ServiceError("error.service.user_without_system")
        return ""
    name = options.user or os.environ.get("SUDO_USER") or getpass.getuser()
    if name == "root" and options.user != "root":
        raise ServiceError("error.service.root")
    return str(name)


def _check_system() -> None:
    if sys.platform != "linux":
        raise ServiceError("error.service.no_systemd")


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ServiceError("error.service.options", problem=message)


def _check_options(given: tuple[str, ...]) -> None:
    """Raise :class:`ServiceError` where ``ui`` would refuse them: a service that cannot start is none."""
    parser = _Options(add_help=False)
    server.add(lambda _, __: parser)
    parser.parse_args(list(given))
