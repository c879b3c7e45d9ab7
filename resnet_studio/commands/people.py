"""``people``: who has an account, from the command line; and the options of ``ui`` about accounts.

A password is read from standard input or made up, never given as an argument: all users of a machine can see those.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from resnet_studio.commands.data import Result
from resnet_studio.errors import StudioError
from resnet_studio.service.people.rules import ROLES, Person
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.service.people.accounts import Accounts, Given
    from resnet_studio.terminal import Terminal

ACTIONS = ("list", "add", "remove", "reset", "role", "share", "unshare")


def add_parser(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command and what it can do."""
    parser = command("people", "list, add, remove people with an account, reset their password, change their role")
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="what to do (default list)")
    parser.add_argument(
        "name", nargs="?", metavar="NAME",
        help="whom it is about; to share or unshare: run:ID, dataset:ID or model:FILE, which the class sees and uses",
    )  # fmt: skip
    parser.add_argument("--role", choices=ROLES, default=None, help="administrator, teacher or pupil (default pupil)")
    parser.add_argument(
        "--password-stdin", action="store_true",
        help="read the password from standard input; without it, one is made up that has to be changed",
    )  # fmt: skip


def add_ui(ui: argparse.ArgumentParser) -> None:
    """The options of the page."""
    ui.add_argument(
        "--accounts", action="store_true",
        help="people sign in, and each sees their own; the first start shows how to make an administrator",
    )  # fmt: skip
    ui.add_argument(
        "--class", dest="school_class", nargs="?", const="", default=None, metavar="NAME",
        help="with accounts, and pupils join by a code and choose a name and four pictures instead of a password",
    )  # fmt: skip
    ui.add_argument(
        "--auth-huggingface", action="store_true",
        help="with accounts; people sign in with Hugging Face, as by itself on a Space with hf_oauth: true",
    )  # fmt: skip
    ui.add_argument(
        "--auth-header", default="", metavar="NAME",
        help="with accounts; the --trusted-proxy says in this header who is there; of all others it is removed",
    )  # fmt: skip


def people(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:  # noqa: ARG001
    """Do what the options say."""
    from resnet_studio.service.people.accounts import Accounts
    from resnet_studio.service.people.store import People

    if options.action != "list" and not options.name:
        raise StudioError("error.people.no_name", action=options.action)
    if options.action in ("share", "unshare"):
        return _share(workspace, options.name, shared=options.action == "share")
    accounts = Accounts(People(workspace.root))
    match options.action:
        case "add":
            return _told(accounts.add(None, options.name, options.role or "pupil", _password(options)))
        case "reset":
            return _told(accounts.reset(None, _found(accounts, options.name), _password(options)))
        case "remove":
            person = _found(accounts, options.name)
            accounts.remove(None, person)
            return Result(f"{person.name} has no account any more.", {"removed": person.id, "name": person.name})
        case "role":
            accounts.set_role(None, _found(accounts, options.name), options.role or "pupil")
            return _listed(accounts)
        case _:
            return _listed(accounts)


def _share(workspace: Workspace, named: str, *, shared: bool) -> Result:
    from resnet_studio.service.people import sharing

    kind, _, id = named.partition(":")
    sharing.share(workspace, kind, id, shared=shared)
    said = f"The class can see and use {named}." if shared else f"The class no longer sees {named}."
    return Result(said, {"kind": kind, "id": id, "shared": shared})


def _listed(accounts: Accounts) -> Result:
    rows = [row(person) for person in accounts.people.all()]
    lines = [f"{each['name']}  {each['role']}  {each['id']}" for each in rows]
    return Result("\n".join(lines) or "nobody has an account yet", {"people": rows})


def row(person: Person) -> dict[str, Any]:
    """One person of the list."""
    return {
        "id": person.id, "name": person.name, "role": person.role, "signs_in_by": person.secret,
        "must_change": person.must_change,
    }  # fmt: skip


def _told(given: Given) -> Result:
    """The person, and the password where one was made up: it is shown once."""
    found = {**row(given.person), "password": given.password or None, "pictures": list(given.pictures) or None}
    found["must_change"] = bool(given.password or given.pictures)
    secret = given.password or " ".join(given.pictures)
    said = f"{given.person.name} ({given.person.role})"
    return Result(f"{said}: {secret}  (to be changed at the first sign-in)" if secret else said, found)


def _found(accounts: Accounts, name: str) -> Person:
    person = accounts.people.named(name) or accounts.people.named(name, "proxy") or accounts.people.find(name)
    if person is None:
        raise StudioError("error.people.missing", name=name)
    return person


def _password(options: argparse.Namespace) -> str:
    if not options.password_stdin:
        return ""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise StudioError("error.people.no_password")
    return password
