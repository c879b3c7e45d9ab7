"""``exchange``: models that a class tries and attacks, from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.commands.data import Result
from resnet_studio.errors import StudioError
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.batching import Prediction
    from resnet_studio.service.people.exchange.entries import Entry, Exchange
    from resnet_studio.terminal import Terminal

ACTIONS = (
    "list", "open", "close", "bring", "take-out", "show", "try", "attack", "count", "reject", "report", "delete",
    "stick", "unstick", "bar", "admit",
)  # fmt: skip


def add_parser(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command and what it can do."""
    parser = command("exchange", "a class tries its models: open or stop it, judge attacks, remove pictures")
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="what to do (default list)")
    parser.add_argument(
        "what", nargs="?", metavar="WHAT",
        help="bring: the run's id, or 'last'; bar and admit: a person's name; all others: the model's number or id",
    )  # fmt: skip
    parser.add_argument(
        "which", nargs="?", metavar="WHICH",
        help="try and attack: the picture; count, reject, report and delete: the attack's number; stick: the sticker",
    )  # fmt: skip
    parser.add_argument("--true", metavar="CLASS", help="attack: of which class the picture really is")
    parser.add_argument("--as", dest="who", default="", metavar="NAME", help="attack and stick: who does it")
    parser.add_argument("--device", default="auto", help="try and attack: auto, cpu, cuda, cuda:N or mps")


def exchange(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:  # noqa: ARG001
    """Do what the options say."""
    from resnet_studio.limits import FILE, Limits
    from resnet_studio.service.people.exchange.entries import Exchange

    found = Exchange(workspace, Limits.read(workspace.root / FILE))
    match options.action:
        case "list":
            return _listed(found)
        case "open" | "close":
            found.set_open(open=options.action == "open")
            return Result(f"the exchange is {'open' if found.open else 'closed'}", {"open": found.open})
    if not options.what:
        raise StudioError("error.exchange.which", action=options.action)
    match options.action:
        case "bar" | "admit":
            return _barred(found, options)
        case "bring":
            entry = found.bring(workspace.find_run(options.what))
            return Result(f"model {entry.number} is in the exchange", entry.to_json())
    entry = _entry(found, options.what)
    match options.action:
        case "take-out":
            return Result(f"model {entry.number} is out of the exchange", found.take_out(entry).to_json())
        case "show":
            return _shown(entry)
        case "try" | "attack":
            return _asked(found, entry, options)
        case "stick" | "unstick":
            return _stuck(found, entry, options)
        case _:
            return _judged(found, entry, options)


def _listed(found: Exchange) -> Result:
    from resnet_studio.service.people.exchange import attacks, standings

    every = [(entry, attacks.kept(entry)) for entry in found.every()]
    models = [
        {**row.entry.to_json(), "attacks": row.attacks, "waiting": row.waiting, "stickers": dict(row.stickers),
         "person": _name(found.workspace, f"person:{row.entry.owner}")}
        for row in standings.models(every)
    ]  # fmt: skip
    people = [
        {"who": row.who, "person": _name(found.workspace, row.who), "points": row.points, "waiting": row.waiting}
        for row in standings.attackers(every)
    ]
    lines = [f"the exchange is {'open' if found.open else 'closed'}"]
    lines += [
        f"model {row['number']}  {row['person'] or '-'}  {row['attacks']} attacks counted, {row['waiting']} wait, "
        f"{row['tries']} tries" + ("" if row["shared"] else "  (out)")
        for row in models
    ]
    lines += [f"{row['person']}  {row['points']} points, {row['waiting']} wait" for row in people]
    barred = sorted(found.barred)
    return Result("\n".join(lines), {"open": found.open, "models": models, "people": people, "barred": barred})


def _shown(entry: Entry) -> Result:
    from resnet_studio.service.people.exchange import attacks

    workspace = Workspace(entry.root.parents[2])
    rows = [{**each.to_json(), "person": _name(workspace, each.who)} for each in attacks.kept(entry).attacks]
    lines = [f"{row['number']}  {row['person']}: said {row['said']}, is {row['true']}  {row['status']}" for row in rows]
    return Result("\n".join(lines) or "nobody has attacked it yet", {**entry.to_json(), "attacks": rows})


def _asked(found: Exchange, entry: Entry, options: argparse.Namespace) -> Result:
    from resnet_studio.data.pictures import read_picture
    from resnet_studio.prediction import Predictor
    from resnet_studio.service.people.exchange import attacks, trying

    if not options.which:
        raise StudioError("error.exchange.which_picture")
    picture = read_picture(Path(options.which))
    said = trying.answered(found, entry, picture, lambda file: Predictor(file, options.device))
    values = {
        "label": said.label,
        "probability": said.probability,
        "unknown": said.unknown,
        "scores": dict(said.scores),
    }
    if options.action == "try":
        return Result(_said(said), values)
    made = attacks.attack(found, entry, picture, said, options.true or "", _who(found.workspace, options.who))
    return Result(f"{_said(said)}; attack {made.number} waits to be judged", {**values, **made.to_json()})


def _said(said: Prediction) -> str:
    return "none of its classes" if said.unknown else f"{said.label} ({said.probability:.1%})"


def _judged(found: Exchange, entry: Entry, options: argparse.Namespace) -> Result:
    from resnet_studio.service.people.exchange import attacks

    if not (options.which or "").isdecimal():
        raise StudioError("error.exchange.which_attack")
    number = int(options.which)
    if options.action == "delete":
        done = attacks.remove_picture(found, entry, number)
    elif options.action == "report":
        done = attacks.report(found, entry, number)
    else:
        done = attacks.judge(found, entry, number, counts=options.action == "count")
    return Result(f"attack {done.number} on model {entry.number}: {done.status}", done.to_json())


def _stuck(found: Exchange, entry: Entry, options: argparse.Namespace) -> Result:
    from resnet_studio.service.people.exchange import attacks

    on, who = options.action == "stick", _who(found.workspace, options.who)
    attacks.stick(found, entry, options.which or "", who, on=on)
    return Result(f"{options.which} is {'on' if on else 'off'}", {"sticker": options.which, "on": on})


def _barred(found: Exchange, options: argparse.Namespace) -> Result:
    who, barred = _who(found.workspace, options.what), options.action == "bar"
    kind, _, id = who.partition(":")
    if kind != "person":
        raise StudioError("error.people.missing", name=options.what[:60])
    found.bar(id, barred=barred)
    return Result(
        f"{options.what} {'may not take part' if barred else 'may take part'}", {"person": id, "barred": barred}
    )


def _entry(found: Exchange, what: str) -> Entry:
    number = next((each for each in found.entries() if str(each.number) == what), None)
    return number or found.find(what)


def _who(workspace: Workspace, name: str) -> str:
    from resnet_studio.service.people import schema
    from resnet_studio.service.people.store import People

    known = People(workspace.root).named(name) if name and (workspace.root / schema.FILE).is_file() else None
    return f"person:{known.id}" if known else f"name:{name}"


def _name(workspace: Workspace, who: str) -> str:
    from resnet_studio.service.people import schema
    from resnet_studio.service.people.store import People

    kind, _, id = who.partition(":")
    if kind == "person" and (workspace.root / schema.FILE).is_file():
        return People(workspace.root).name_of(id) or id
    return id
