"""Training switched off for a moment, so that a class looks up: one file of the workspace, for all its programs.

What is being trained goes on; what waits keeps its place, and nothing new is taken into the queue.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from resnet_studio import labels
from resnet_studio.durable import write_json
from resnet_studio.errors import RunError, StudioError
from resnet_studio.workspace import Workspace

FILE = "hold.json"
LONGEST = 200


@dataclass(frozen=True)
class Hold:
    """The ``text`` that every page shows, empty for the usual one; ``since`` in seconds since 1970."""

    text: str = ""
    since: float = 0.0


def held(root: Path) -> Hold | None:
    """The hold on the workspace at ``root``; None where there is none. One that cannot be read still holds."""
    try:
        values = json.loads((root / FILE).read_text(encoding="utf-8"))
        return Hold(str(values["text"])[:LONGEST], float(values["since"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return Hold()


def hold(workspace: Workspace, text: str = "") -> Hold:
    """Switch training off until :func:`release`. Raises :class:`StudioError` where the ``text`` is too long."""
    said = labels.on_one_line(text)
    if len(said) > LONGEST:
        raise StudioError("error.lesson.long", most=LONGEST)
    found = Hold(said, time.time())
    write_json(workspace.root / FILE, asdict(found))
    return found


def release(workspace: Workspace) -> None:
    """Let trainings begin again."""
    (workspace.root / FILE).unlink(missing_ok=True)


def check(workspace: Workspace) -> None:
    """Raise :class:`RunError` while training is switched off."""
    if held(workspace.root) is not None:
        raise RunError("error.lesson.held")
