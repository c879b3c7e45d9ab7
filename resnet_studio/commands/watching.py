"""``predict --watch``: a folder whose new pictures are named as they come, such as that of a camera trap."""

from __future__ import annotations

import argparse
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import Timeout

from resnet_studio.commands import prediction_details as details
from resnet_studio.commands.data import Result
from resnet_studio.errors import DataError, StudioError
from resnet_studio.locks import Lock
from resnet_studio.predicting import copies
from resnet_studio.predicting.arrivals import Arrivals
from resnet_studio.predicting.watching import Done, FolderWatch, Sorting, home_of, may_pass
from resnet_studio.service.answering import answering
from resnet_studio.thresholds import parse
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.predicting.engine import Answering
    from resnet_studio.terminal import Terminal

AT_ONCE = 16
"""Pictures between two writes: after a crash so many are named again at most."""
TABLE = "predictions.csv"
SORTED = "sorted"
WATCH = "name new pictures in FOLDER as they come, until Ctrl-C; goes on where it ended, and does none twice"


def add(predict: argparse.ArgumentParser) -> None:
    """The options of ``predict``."""
    watched = predict.add_argument_group("a folder that is watched, instead of PICTURES; --out names its table, a .csv")
    watched.add_argument("--watch", type=Path, metavar="FOLDER", help=WATCH)
    watched.add_argument(
        "--sort", action="store_true", help="put them into class folders in FOLDER/sorted, or in that of --sort-into"
    )
    watched.add_argument("--move", action="store_true", help="move pictures instead of copying them")
    watched.add_argument("--once", action="store_true", help="end when all that is there is done")
    watched.add_argument(
        "--settle",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="a file is complete once unchanged for so long (2)",
    )


def watch(options: argparse.Namespace, workspace: Workspace, terminal: Terminal, load: Callable[[Path], Any]) -> Result:
    """Watch a folder until Ctrl-C or SIGTERM, or with ``--once`` until all is done."""
    folder = _checked(options)
    paths = details.models(options, workspace)
    sorting, table = _where(options, folder)
    from resnet_studio.model.onnx_card import card_at

    classes = card_at(paths[0]).classes
    thresholds = parse(options.threshold, classes)
    watched = FolderWatch(
        folder, home_of(workspace.root, folder, sorting, table), classes, sorting, table,
        **({"patience": options.settle} if options.once else {}),
    )  # fmt: skip
    apart = [each for each in (sorting and sorting.folder, table) if each]
    arrivals = Arrivals(folder, settle=options.settle, apart=apart)
    try:
        lock = Lock(watched.home / "lock").acquire(timeout=0)
    except Timeout as error:
        raise DataError("error.watch.busy", path=str(folder)) from error
    try:
        watched.open()
        keys, asked = details.keys(paths, workspace), {"drawings": options.drawings, "thresholds": thresholds}
        tool = partial(answering, keys, workspace, load, **asked)
        with _ended() as ended:
            _follow(watched, arrivals, tool, options, terminal, ended)
    finally:
        lock.release()
    return _summary(watched, arrivals)


def _checked(options: argparse.Namespace) -> Path:
    """The folder, once what was asked for makes sense."""
    if options.pictures or options.unlabelled or options.nearest or options.resume:
        raise DataError("error.watch.alone")
    if not options.sort and not options.sort_into and not options.out:
        raise DataError("error.watch.nothing")
    if options.move and not (options.sort or options.sort_into):
        raise DataError("error.watch.move")
    if not 0 <= options.settle < 86_400:
        raise DataError("error.watch.settle")
    folder: Path = options.watch.expanduser()
    if not folder.is_dir():
        raise DataError("error.watch.folder", path=str(folder))
    return folder


def _where(options: argparse.Namespace, folder: Path) -> tuple[Sorting | None, Path | None]:
    """The class folders, and the table."""
    into: Path | None = options.sort_into or (folder / SORTED if options.sort else None)
    table: Path | None = options.out or (into / TABLE if into else None)
    if table is not None and table.is_dir():
        table = table / TABLE
    if table is not None and table.suffix.lower() != ".csv":
        raise DataError("error.watch.csv", path=str(table))
    if into is not None and into.exists() and (not into.is_dir() or into.resolve() == folder.resolve()):
        raise DataError("error.watch.into", path=str(into))
    return (Sorting(into, options.unsure_into or copies.UNSURE, options.move) if into else None), table


def _follow(
    watched: FolderWatch, arrivals: Arrivals, tool: Callable[[], Answering], options: argparse.Namespace,
    terminal: Terminal, ended: threading.Event,
) -> None:  # fmt: skip
    loaded, gone, trouble, broken = None, False, "", False
    terminal.line(f"watching {watched.folder}: {watched.before:,} done before")
    while not ended.is_set():
        begun = time.monotonic()
        found = arrivals.look(watched.done)
        took = time.monotonic() - begun  # very large folders are looked at less often
        made: list[Done] = []
        for start in range(0, len(found), AT_ONCE):
            if ended.is_set():
                return
            loaded = loaded or tool()
            try:
                if broken:  # what was written before it failed counts: look again
                    watched.open_again()
                    broken = False
                    break
                named, trouble = watched.name(found[start : start + AT_ONCE], loaded), ""
            except (OSError, StudioError) as error:
                if options.once or not may_pass(error):
                    raise
                if str(error) != trouble:
                    terminal.line(f"{error} - trying again until it works")
                trouble, broken = str(error), True
                break
            for row in named:
                terminal.line(_said(row))
            made += named
        if options.once and not made and not arrivals.waiting:
            return
        if gone != (not watched.folder.is_dir()):
            gone = not gone
            terminal.line(f"{watched.folder} is {'gone; waiting for it' if gone else 'there again'}")
        pause = min(2.0, max(0.05, options.settle / 2))
        ended.wait(0 if made else max(pause, 20 * took))


def _said(row: Done) -> str:
    if row.problem:
        return f"{row.name}: {row.problem}"
    none = "none of these; " if row.level == "unknown" else ""
    return f"{row.name}: {none}{row.label} {row.probability:.1%}{f' -> {row.target}' if row.target else ''}"


@contextmanager
def _ended() -> Iterator[threading.Event]:
    """Set by Ctrl-C and SIGTERM."""
    ended = threading.Event()
    before = {each: signal.signal(each, lambda *_: ended.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _summary(watched: FolderWatch, arrivals: Arrivals) -> Result:
    made = watched.rows[watched.before :]
    counts = Counter(row.label for row in made if row.label and row.level != "unknown")
    levels = Counter(row.level for row in made)
    sorting = watched.sorting
    found = {
        "watched": str(watched.folder), "done": len(made), "before": watched.before,
        "failed": sum(bool(row.problem) for row in made), "unsure": levels["unsure"], "unknown": levels["unknown"],
        "waiting": arrivals.waiting, "others": arrivals.others,
        "counts": {name: counts[name] for name in watched.classes},
        "file": str(watched.table) if watched.table else None,
        "sorted": {"folder": str(sorting.folder), "moved": sorting.move} if sorting else None,
    }  # fmt: skip
    lines = [f"{len(made):,} pictures: {found['failed']:,} could not be read, {levels['unknown']:,} are none of these"]
    lines += [f"  {count:7,}  {name}" for name, count in counts.items()]
    return Result("\n".join([*lines, *filter(None, [found["file"]])]), found)  # type: ignore[list-item]
