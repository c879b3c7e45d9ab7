"""The commands that edit a data set, look at its log and save it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.commands import data
from resnet_studio.commands.data import Result
from resnet_studio.data.names import shown
from resnet_studio.errors import DataError
from resnet_studio.stepwise import result_of
from resnet_studio.terminal import Terminal
from resnet_studio.text import say
from resnet_studio.upkeep import audit
from resnet_studio.upkeep.bin import DAYS, Bin
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.data.editing import EditedSet
    from resnet_studio.data.edits import Edit

_DATA = "a folder or a zip of class folders, sample:NAME, public:NAME, or dataset:ID of one in the workspace"
_BY = ("folder", "name", "time", "csv", "column")
_NAMED = ("move", "leave_out", "put_back", "remove", "keep", "together", "apart")
_OTHERS = ("rename", "merge", "add", "set_part", "group_by", "leaks_to_training")
_FILES = "names as `check` and `review` give them"


def add_parser(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command ``dataset`` with its actions."""
    parser = command("dataset", "edit a data set by recorded, reversible steps; save it")
    parser.description = (
        "Edit a data set by recorded, reversible steps, and save what it has become. The files that it came from are "
        "never changed: edits are kept in the workspace, and count wherever the data set is used from then on."
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, summary: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=summary)
        sub.add_argument("data", metavar="DATA", help=_DATA)
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        sub.add_argument("--workspace", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return sub

    _add_edit(action("edit", "move, rename, merge, leave out, add: one step"))
    for name, summary in (("undo", "take the last step back"), ("redo", "do again what was undone last")):
        sub = action(name, summary)
        sub.add_argument("--steps", type=int, default=1, metavar="N", help="so many steps (default 1)")
        data.add_choices(sub)
    data.add_choices(action("log", "list what was edited, by whom and when"))
    action("delete", "move it into the bin with its edits; a folder on this machine stays as it is")
    export = action("export", "save it as a zip or a folder, one folder a class, with changes.csv")
    export.add_argument("target", metavar="TARGET", type=Path, help="NAME.zip, or a new or empty folder")
    data.add_choices(export)


def _add_edit(edit: argparse.ArgumentParser) -> None:
    one = edit.add_argument_group("what to do, one of")
    one.add_argument("--move", nargs="*", metavar="FILE", help=f"move pictures to the class --to; {_FILES}")
    one.add_argument("--rename", nargs=2, metavar=("CLASS", "NAME"), help="rename a class")
    one.add_argument("--merge", nargs="+", metavar="CLASS", help="make one class of several, called --to")
    one.add_argument("--leave-out", nargs="*", metavar="FILE", help="do not use these pictures")
    one.add_argument("--put-back", nargs="*", metavar="FILE", help="use pictures again that were left out")
    one.add_argument("--remove", nargs="*", metavar="FILE", help="take pictures out for good; undo brings them back")
    one.add_argument("--keep", nargs="*", metavar="FILE", help="these were looked at, and their label is right")
    one.add_argument("--add", nargs="+", type=Path, metavar="PATH", help="copy pictures, or folders of them, into --to")
    one.add_argument("--together", nargs="*", metavar="FILE", help="keep these in one part of any split")
    one.add_argument("--apart", nargs="*", metavar="FILE", help="do not keep these together any more")
    one.add_argument(
        "--group-by", metavar="HOW",
        help="keep pictures together from now on: folder, name, time:SECONDS, csv:FILE, csv:FILE#COLUMN, column:NAME",
    )  # fmt: skip
    one.add_argument("--set-part", nargs="*", metavar="FILE", help="put these into the part --part")
    one.add_argument(
        "--leaks-to-training", action="store_true", default=None,
        help="look for copies and near-duplicates across preset parts, and put those outside of training into it",
    )  # fmt: skip
    edit.add_argument("--to", metavar="CLASS", default="", help="the class; a new name makes a new class")
    edit.add_argument("--part", choices=("train", "validation", "test", "none"), default="none", help="for --set-part")
    edit.add_argument("--class", dest="of_class", action="append", default=[], metavar="CLASS", help="all its pictures")
    edit.add_argument("--list", type=Path, metavar="FILE", help="a text file with one name of a picture a line")
    edit.add_argument("--why", default="", metavar="TEXT", help="a word on the reason, for the log")
    data.add_choices(edit)


def run(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Do what ``options.action`` says."""
    from resnet_studio.data import editing

    if options.action == "delete":
        return _deleted(options, workspace)
    dataset = data.opened(options, workspace, terminal, purpose="look")
    opened = editing.edited_set(workspace, dataset.id)
    match options.action:
        case "edit":
            return _edited(options, workspace, opened, terminal)
        case "undo" | "redo":
            step = opened.undo if options.action == "undo" else opened.redo
            for _ in range(max(1, options.steps)):
                step()
            return _state(opened)
        case "log":
            return _log(opened)
        case _:
            return _exported(options, dataset, opened)


def _deleted(options: argparse.Namespace, workspace: Workspace) -> Result:
    put, stay = Bin(workspace).put_dataset(options.data.removeprefix("dataset:"), audit.user_here())
    text = f"deleted {put.name}; for {DAYS} days: bin restore {put.entry}"
    if stay:
        text += f"; {stay:,} pictures that runs need stay"
    return Result(text, {"deleted": put.id, "bin": put.entry, "pictures_needed": stay})


def _edited(options: argparse.Namespace, workspace: Workspace, opened: EditedSet, terminal: Terminal) -> Result:
    from resnet_studio.data import adding

    given = vars(options)
    actions = [name for name in (*_NAMED, *_OTHERS) if given[name] is not None]
    if len(actions) != 1:
        raise DataError("error.edit.one_action")
    if options.add is not None:
        files = adding.files_in(options.add)
        _, refused = adding.add(workspace, opened.log.folder.name, files, options.to, opened=opened)
        return _state(opened, {"refused": refused} if refused else {})
    if options.leaks_to_training:
        opened.edit(_leaks(workspace, opened, options.why, terminal))
    else:
        opened.edit(_step(options, actions[0], opened))
    return _state(opened)


def _leaks(workspace: Workspace, opened: EditedSet, why: str, terminal: Terminal) -> Edit:
    """The edit that puts what leaks across preset parts into training."""
    from resnet_studio.data import near
    from resnet_studio.data.cache import ArrayCache
    from resnet_studio.data.edits import Edit

    dataset = opened.dataset()
    files = [dataset.path(sample) for sample in dataset.samples]
    search, report = near.near_groups(dataset.samples, files, ArrayCache(workspace.cache)), terminal.steps("likeness")
    found = near.leaking(dataset, result_of(search, lambda step: report(step.done, step.total)))
    if not found:
        raise DataError("error.edit.no_leaks", name=shown(dataset.name))
    pictures = near.outside_training(dataset, found)
    return Edit(kind="part", pictures=pictures, part="train", why=why or "near-duplicates in several parts")


def _step(options: argparse.Namespace, action: str, opened: EditedSet) -> Edit:
    """The edit that ``options`` ask for."""
    from resnet_studio.data.edits import Edit

    why = options.why
    if action == "rename":
        return Edit(kind="rename", classes=(options.rename[0],), label=options.rename[1], why=why)
    if action == "merge":
        if not options.to:
            raise DataError("error.edit.no_target")
        return Edit(kind="merge", classes=tuple(options.merge), label=options.to, why=why)
    if action == "group_by":
        return _grouped(options.group_by, opened, why)
    pictures = _pictures(options, getattr(options, action), opened)
    if action == "set_part":
        return Edit(kind="part", pictures=pictures, part="" if options.part == "none" else options.part, why=why)
    if action == "move" and not options.to:
        raise DataError("error.edit.no_target")
    kind: Any = action
    label = options.to if action == "move" else ""
    return Edit(kind=kind, pictures=pictures, label=label, group=options.to if action == "together" else "", why=why)


def _grouped(how: str, opened: EditedSet, why: str) -> Edit:
    from resnet_studio.data import groups
    from resnet_studio.grouping import parse

    grouping = parse(how)
    if grouping.kind not in _BY:
        raise DataError("error.edit.group_by", found=how, allowed=list(_BY))
    return groups.together(opened.dataset(), grouping, why)


def _pictures(options: argparse.Namespace, given: Sequence[str], opened: EditedSet) -> tuple[str, ...]:
    """The pictures that are meant: named, listed in a file, of whole classes."""
    from resnet_studio.data.editing import pictures_of

    listed: list[str] = []
    if options.list is not None:
        try:
            listed = [line for line in options.list.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        except (OSError, ValueError) as error:
            raise DataError("error.edit.list", path=str(options.list)) from error
    named = [_found(name, opened) for name in (*given, *listed)]
    return tuple(dict.fromkeys([*named, *pictures_of(opened.dataset(), options.of_class)]))


def _found(given: str, opened: EditedSet) -> str:
    """The picture called ``given``, by its name in the data set, its place on the disk, or its file's name alone."""
    places = opened.state.places
    name = given.replace("\\", "/")
    if given in places or name in places:
        return given if given in places else name
    root = opened.state.base.root
    below = Path(given).expanduser()
    if below.is_absolute() and below.is_relative_to(root) and below.relative_to(root).as_posix() in places:
        return below.relative_to(root).as_posix()
    ends = [each for each in places if each.endswith(f"/{name}")]
    if len(ends) > 1:
        raise DataError("error.edit.several_pictures", file=given)
    return ends[0] if ends else given


def _state(opened: EditedSet, more: dict[str, Any] | None = None) -> Result:
    """What the data set is now."""
    dataset, history = opened.dataset(), opened.history()
    lines = [f"{dataset.name}: {len(dataset.samples):,} pictures in {len(dataset.classes):,} classes ({dataset.id})"]
    lines += [f"  {count:6,}  {name}" for name, count in dataset.counts.items()]
    lines += [f"{len(history.done):,} edits, {len(history.undone):,} undone"]
    lines += [f"  not a picture: {name} ({why})" for name, why in (more or {}).get("refused", {}).items()]
    return Result(
        "\n".join(lines),
        {
            "dataset": dataset.id,
            "parent": dataset.parent,
            "name": dataset.name,
            "pictures": len(dataset.samples),
            "unlabelled": len(dataset.unlabelled),
            "classes": dataset.counts,
            "edits": len(history.done),
            "undone": len(history.undone),
            **(more or {}),
        },
    )


def _log(opened: EditedSet) -> Result:
    history = opened.history()
    rows, lines = [], []
    done = {id(edit) for edit in history.done}
    for edit in history.lines:
        counts = id(edit) in done
        row = {**edit.to_json(), "undone": not counts and edit.kind not in ("undo", "redo")}
        row["added"] = [each["name"] for each in edit.added]
        rows.append(row)
        when = datetime.fromtimestamp(edit.time).astimezone()
        what = " ".join(filter(None, [edit.kind, _counted(edit), f"-> {edit.label}" if edit.label else "", edit.part]))
        mark = "" if counts or edit.kind in ("undo", "redo") else "  (undone)"
        lines.append(f"{when:%Y-%m-%d %H:%M:%S}  {what}{f'  ({edit.why})' if edit.why else ''}{mark}")
    now = opened.dataset().id
    return Result("\n".join(lines) or "nothing was edited", {"dataset": now, "log": rows, "edits": len(history.done)})


def _counted(edit: Edit) -> str:
    count = len(edit.pictures) + len(edit.added)
    if count == 1:
        return edit.pictures[0] if edit.pictures else str(edit.added[0]["name"])
    return f"{count:,} pictures" if count else ", ".join(edit.classes)


def _exported(options: argparse.Namespace, dataset: Dataset, opened: EditedSet) -> Result:
    from resnet_studio.data.saved_set import changes_of, save_set

    changes = changes_of(opened.state.base, opened.history(dataset.id))
    saved = save_set(dataset, options.target, changes)
    text = f"{saved.path}: {saved.pictures:,} pictures in {saved.classes:,} classes, {saved.edits:,} edits"
    text += f"\n{say('mend.not_saved', 'en', count=saved.unlabelled)}" if saved.unlabelled else ""
    return Result(text, {**asdict(saved), "path": str(saved.path), "dataset": dataset.id})
