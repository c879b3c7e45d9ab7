"""Commands that look after a workspace: backup and restore."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from resnet_studio.commands.data import Result
from resnet_studio.terminal import Terminal
from resnet_studio.text import say
from resnet_studio.upkeep import backup as backups
from resnet_studio.upkeep import restore as restoring
from resnet_studio.upkeep.archive import Manifest
from resnet_studio.workspace import Workspace, default_workspace

EVERY_FILES = 500


def add_parsers(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands ``backup`` and ``restore``."""
    backup = command("backup", "write the whole workspace to one file, also while it is used")
    backup.add_argument("file", metavar="FILE", type=Path, help="where to, such as studio.zip on another disk")
    backup.add_argument("--overwrite", action="store_true", help="replace FILE, once the new backup is complete")
    restore = command("restore", "make a new workspace of a backup; nothing is ever overwritten")
    restore.add_argument("file", metavar="FILE", type=Path, help="what `backup` wrote")
    restore.add_argument("--check", action="store_true", help="only read all of it and say whether it is sound")


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
