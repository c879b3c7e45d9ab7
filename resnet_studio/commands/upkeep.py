"""Commands that look after a workspace: backup, restore, bin, clean."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from resnet_studio import cleaning
from resnet_studio.commands.data import Result
from resnet_studio.limits import FILE, Limits
from resnet_studio.terminal import Terminal
from resnet_studio.text import say
from resnet_studio.upkeep import audit
from resnet_studio.upkeep import backup as backups
from resnet_studio.upkeep import restore as restoring
from resnet_studio.upkeep.archive import Manifest
from resnet_studio.upkeep.bin import DAYS, Bin, Binned, size_of
from resnet_studio.workspace import Workspace, default_workspace

EVERY_FILES = 500


def add_parsers(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands ``backup``, ``restore``, ``bin`` and ``clean``."""
    backup = command("backup", "write the whole workspace to one file, also while it is used")
    backup.add_argument("file", metavar="FILE", type=Path, help="where to, such as studio.zip on another disk")
    backup.add_argument("--overwrite", action="store_true", help="replace FILE, once the new backup is complete")
    _add_bin(command)
    clean = command("clean", "remove what nobody needs any more, as a server does every ten minutes")
    clean.add_argument("--preview", action="store_true", help="only list what would be removed")
    who = command("audit", "list who did what to which run or data set, the last first; it names no pictures")
    who.add_argument("--last", type=int, default=100, metavar="N", help="so many (default 100)")
    who.add_argument("--of", metavar="WHO_OR_WHAT", help="of this person, or about this run or data set")
    who.add_argument("--what", metavar="ACT", help="what begins so, such as run. or run.delete")
    command("limits", f"how much one person may take of a server; {FILE} in the workspace changes it")
    restore = command("restore", "make a new workspace of a backup; nothing is ever overwritten")
    restore.add_argument("file", metavar="FILE", type=Path, help="what `backup` wrote")
    restore.add_argument("--check", action="store_true", help="only read all of it and say whether it is sound")


def _add_bin(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    parser = command("bin", f"runs and data sets that were deleted in the last {DAYS} days")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, summary: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=summary)
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        sub.add_argument("--workspace", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return sub

    action("list", "list them")
    action("restore", "take one back").add_argument("entry", metavar="ENTRY", help="as `bin list` names it")
    empty = action("empty", "remove all of them for good, or one")
    empty.add_argument("entry", metavar="ENTRY", nargs="?", help="as `bin list` names it")


def bin(options: argparse.Namespace, workspace: Workspace, _: Terminal) -> Result:
    """List what was deleted, take it back, or remove it for good."""
    held = Bin(workspace)
    if options.action == "restore":
        found = held.take_back(options.entry, audit.user_here())
        return Result(f"{found.id} is back", {"restored": found.id, "kind": found.kind})
    if options.action == "empty":
        entries = [held.find(options.entry)] if options.entry else held.listed()
        freed = sum(held.remove(each.entry, audit.user_here()) for each in entries)
        removed = [each.entry for each in entries]
        return Result(
            f"removed {len(removed)}, freed {_megabytes(freed)} MB", {"removed": removed, "freed_bytes": freed}
        )
    rows = [_binned(each, size_of(held.folder / each.entry)) for each in held.listed()]
    lines = [f"{row['entry']}  {row['kind']}  {row['name']}  {row['days_left']} days left" for row in rows]
    return Result("\n".join(lines) or "the bin is empty", {"bin": rows})


def _binned(each: Binned, size: int) -> dict[str, object]:
    deleted = datetime.fromtimestamp(each.time, UTC).isoformat(timespec="seconds")
    return {"entry": each.entry, "kind": each.kind, "id": each.id, "name": each.name, "deleted": deleted,
            "by": each.by.partition(":")[0], "days_left": each.days_left, "bytes": size}  # fmt: skip


def limits(_: argparse.Namespace, workspace: Workspace, __: Terminal) -> Result:
    """Show the limits that hold where others than whoever is at the machine can come in."""
    file = workspace.root / FILE
    held = Limits.read(file)
    lines = [f"{each.name:26} {getattr(held, each.name):>8,}  {each.metadata['help']}" for each in fields(held)]
    where = f"as in {file}" if file.is_file() else f"the defaults; to change some, write them to {file} as JSON"
    return Result("\n".join([*lines, f"0 is no limit; {where}"]), {
        "limits": held.to_json(), "file": str(file), "own": file.is_file()})  # fmt: skip


def acts(options: argparse.Namespace, workspace: Workspace, _: Terminal) -> Result:
    """List who did what, the last first."""
    wanted = (
        each for each in audit.acts(workspace)
        if options.of in (None, each.who, each.target) and each.what.startswith(options.what or "")
    )  # fmt: skip
    rows = [each.to_json() for each in islice(wanted, options.last)]
    lines = [f"{row['at']}  {row['who']}  {row['what']}  {row['target']}" for row in rows]
    return Result("\n".join(lines) or "nothing was done yet", {"acts": rows})


def clean(options: argparse.Namespace, workspace: Workspace, _: Terminal) -> Result:
    """Remove what nobody needs any more, or list it."""
    found = [
        {"kind": each.kind, "what": say(f"clean.{each.kind}", "en"), "bytes": each.size,
         "paths": [path.relative_to(workspace.root).as_posix() for path in each.paths]}
        for each in cleaning.leftovers(workspace)
    ]  # fmt: skip
    freed = sum(int(str(each["bytes"])) for each in found) if options.preview else cleaning.sweep(workspace)
    lines = [f"{_megabytes(int(str(each['bytes'])))} MB  {each['what']}: {each['paths'][0]}" for each in found]  # type: ignore[index]
    lines.append(f"{'would free' if options.preview else 'freed'} {_megabytes(freed)} MB")
    return Result("\n".join(lines), {"preview": options.preview, "bytes": freed, "found": found})


def backup(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Write the workspace to one file."""
    done = backups.back_up(workspace, options.file, overwrite=options.overwrite, progress=_progress(terminal))
    text = [f"{done.path}: {_amount(done.manifest)}, {_megabytes(done.size)} MB"]
    if done.outside:
        text.append(say("backup.outside", "en", names=list(done.outside)))
    return Result(
        "\n".join(text),
        {"backup": str(done.path), "bytes": done.size, "outside": list(done.outside)} | _facts(done.manifest),
    )


def restore(options: argparse.Namespace, terminal: Terminal) -> Result:
    """Make a workspace of a backup, or only look whether that could be done."""
    if options.check:
        manifest = restoring.check(options.file, _progress(terminal))
        return Result(f"{options.file}: sound, {_amount(manifest)}", {"sound": True} | _facts(manifest))
    root = (options.workspace or default_workspace()).expanduser().resolve()
    manifest = restoring.restore(options.file, root, _progress(terminal))
    return Result(f"{root}: {_amount(manifest)}", {"workspace": str(root)} | _facts(manifest))


def _progress(terminal: Terminal) -> Callable[[int, int], None]:
    def show(files: int, size: int) -> None:
        if files % EVERY_FILES == 0:
            terminal.line(f"{files:,} files, {_megabytes(size)} MB")

    return show


def _facts(manifest: Manifest) -> dict[str, object]:
    return {
        "created": manifest.created, "version": manifest.version, "files": len(manifest.files),
        "contents": len(manifest.objects), "content_bytes": manifest.size,
        "runs": _count(manifest, "runs", "config.json"), "datasets": _count(manifest, "datasets", "dataset.json"),
    }  # fmt: skip


def _count(manifest: Manifest, kind: str, name: str) -> int:
    parts = [entry.path.split("/") for entry in manifest.files]
    return sum(len(each) == 3 and each[0] == kind and each[2] == name for each in parts)


def _amount(manifest: Manifest) -> str:
    facts = _facts(manifest)
    return f"{facts['runs']} runs and {facts['datasets']} data sets in {len(manifest.files):,} files"


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.1f}"
