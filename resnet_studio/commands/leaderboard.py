"""``leaderboard``: sealed test sets and the runs that are scored on them, from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from resnet_studio.commands import data
from resnet_studio.commands.data import Result
from resnet_studio.errors import StudioError
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.service.people.boards import Board, Boards
    from resnet_studio.terminal import Terminal

ACTIONS = ("list", "create", "submit", "show", "close", "open", "reveal", "delete")


def add_parser(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command and what it can do."""
    parser = command(
        "leaderboard", "seal a test set, score runs on it, and show who is ahead as far as pictures can tell"
    )
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="what to do (default list)")
    parser.add_argument(
        "data", nargs="?", metavar="WHAT", help="create: the test set, as for train; all others: the leaderboard's id"
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="submit: the run's id, or 'last'")
    parser.add_argument("--name", metavar="TEXT", help="create: what it is called (default: as the data set)")
    parser.add_argument(
        "--tries", type=int, default=3, metavar="N", help="create: how often each may submit (default 3)"
    )
    parser.add_argument(
        "--by-device", action="store_true",
        help="create: all who use one browser have their tries together; not where pupils share computers",
    )  # fmt: skip
    parser.add_argument("--as", dest="who", metavar="NAME", help="submit: for whom (default: whose run it is)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    data.add_choices(parser)


def leaderboard(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Do what the options say."""
    from resnet_studio.service.people.boards import Boards

    boards = Boards(workspace)
    if options.action == "list":
        found = [board.to_json() for board in boards.all()]
        lines = [f"{each['id']}  {each['name']}  {each['pictures']} pictures" for each in found]
        return Result("\n".join(lines) or "there is no leaderboard yet", {"leaderboards": found})
    if not options.data:
        raise StudioError("error.boards.which", action=options.action)
    if options.action == "create":
        dataset = data.opened(options, workspace, terminal, purpose="score")
        board = boards.create(dataset.id, options.name or dataset.name, options.tries, by_device=options.by_device)
        return Result(f"{board.id}: {board.pictures} pictures are sealed", board.to_json())
    board = boards.find(options.data)
    match options.action:
        case "submit":
            return _submit(boards, board, options)
        case "close" | "open":
            board = boards.set_open(board, open=options.action == "open")
        case "reveal":
            board = boards.reveal(board)
        case "delete":
            boards.delete(board)
            return Result(f"{board.id} is gone; its data set is dataset:{board.dataset} again", {"deleted": board.id})
    return _shown(workspace, board)


def _submit(boards: Boards, board: Board, options: argparse.Namespace) -> Result:
    from resnet_studio import belonging
    from resnet_studio.service.people.scoring import score

    if not options.run:
        raise StudioError("error.boards.which_run")
    run = boards.workspace.find_run(options.run)
    owners = sorted(belonging.of_run(run.folder).owners)
    who = f"name:{options.who}" if options.who else f"{belonging.PERSON}{owners[0]}" if owners else f"name:{run.id}"
    if options.who and (person := _person(boards.workspace, options.who)):
        who = f"{belonging.PERSON}{person}"
    done = score(boards, board, boards.submit(board, run, who), options.device)
    if done.failed:
        raise StudioError(done.problem, **done.values)
    seen = f", {done.seen} of them seen in training" if done.seen else ""
    said = f"accuracy {done.accuracy:.1%} (95% confidence interval {done.low:.1%} to {done.high:.1%}) on "
    left = board.left(who)
    text = f"{said}{done.pictures} sealed pictures{seen}; {left} tries left"
    return Result(text, {**done.to_json(), "left": left})


def _shown(workspace: Workspace, board: Board) -> Result:
    from resnet_studio.service.people.ranking import ranked

    rows: list[dict[str, Any]] = []
    for place in ranked(board.submissions()):
        values = place.submission.to_json()
        name = _name(workspace, place.submission.who)
        rows.append({"rank": place.rank, "tied": place.tied, "p_value": place.p_value, "person": name, **values})
    lines = [
        f"{row['rank']}{'=' if row['tied'] else ' '} {row['person']}  {row['accuracy']:.1%} "
        f"({row['low']:.1%} to {row['high']:.1%})  {row['name']}" + (f"  {row['seen']} seen" if row["seen"] else "")
        for row in rows
    ]
    state = "revealed" if board.revealed else "open" if board.open else "closed"
    return Result("\n".join([f"{board.name} ({state})", *lines]), {**board.to_json(), "places": rows})


def _person(workspace: Workspace, name: str) -> str:
    from resnet_studio.service.people import schema
    from resnet_studio.service.people.store import People

    if not (workspace.root / schema.FILE).is_file():
        return ""
    found = People(workspace.root).named(name)
    return found.id if found else ""


def _name(workspace: Workspace, who: str) -> str:
    from resnet_studio.service.people import schema
    from resnet_studio.service.people.store import People

    kind, _, id = who.partition(":")
    if kind == "person" and (workspace.root / schema.FILE).is_file():
        return People(workspace.root).name_of(id) or id
    return id
