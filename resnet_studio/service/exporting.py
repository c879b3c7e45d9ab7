"""Models being exported for the page, each in a process of its own.

Converters take a second or a minute, lock Python meanwhile, and what goes wrong in one must not end the server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from resnet_studio.errors import CheckpointError, ExportError
from resnet_studio.evaluation import certificate
from resnet_studio.evaluation.certificate import Certificate
from resnet_studio.model.card import read_card
from resnet_studio.workspace import Run, Workspace

REMEMBERED = 50
State = Literal["queued", "working", "done", "failed"]


@dataclass
class Export:
    """One export that somebody asked for; where it ``failed``, the text that says why and its ``values``."""

    run: Run
    format: str
    state: State = "queued"
    problem: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether it waits or is at work."""
        return self.state in ("queued", "working")


class Exporting:
    """Exports one at a time; the files stay in the folders of the runs. Safe to use from many threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: OrderedDict[tuple[str, str], Export] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def begin(self, run: Run, format: str) -> Export:
        """Begin to export the model of ``run``; the export that is on its way already where there is one."""
        key = (run.id, format)
        with self._lock:
            known = self._known.get(key)
            if known is not None and known.active:
                return known
            begun = self._known[key] = Export(run, format)
            self._known.move_to_end(key)
            for old in [each for each, export in self._known.items() if not export.active][:-REMEMBERED]:
                del self._known[old]
        threading.Thread(target=self._work, args=(begun,), name="export", daemon=True).start()
        return begun

    def get(self, run: Run, format: str) -> Export | None:
        """The last export of the model of ``run`` in this ``format``; None where this server began none."""
        with self._lock:
            return self._known.get((run.id, format))

    def _work(self, begun: Export) -> None:
        with self._turn:
            begun.state = "working"
            try:
                found = self._export(begun)
            except Exception:
                begun.state = "failed"
                raise
        begun.problem, begun.values = str(found.get("key", "")), dict(found.get("values", {}))
        begun.state = "failed" if "key" in found else "done"

    def _export(self, begun: Export) -> dict[str, Any]:
        """What the process says; the file goes to its place only when it is whole."""
        final = place(begun.run, begun.format)
        for stale in final.parent.parent.glob("*") if final.parent.parent.is_dir() else ():
            if stale != final.parent:
                shutil.rmtree(stale, ignore_errors=True)
        final.parent.mkdir(parents=True, exist_ok=True)
        arguments = [str(self._workspace.root), begun.run.id, begun.format, str(final)]
        with tempfile.TemporaryFile() as said:
            subprocess.run(
                [sys.executable, "-m", "resnet_studio.service.export_process", *arguments], stdout=said,
                stdin=subprocess.DEVNULL, check=False, cwd=Path(__file__).parents[2],
                env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
            )  # fmt: skip
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").strip().splitlines()
        try:
            found: dict[str, Any] = json.loads(lines[-1])
        except (ValueError, IndexError):
            return {"key": ""}
        return found


def place(run: Run, format: str) -> Path:
    """Where the exported model of ``run`` lies; another one once the run has another model.

    Raises :class:`CheckpointError` where the run has none.
    """
    from resnet_studio.model.exports.formats import FORMATS

    suffix = FORMATS[format].suffix or f"-{format}"
    return run.folder / "exports" / read_card(run.best).sha256[:16] / f"model{suffix}"


def finished(run: Run, format: str) -> tuple[Path, Certificate] | None:
    """The exported model of ``run`` and its certificate; None where there is none, or another than was certified."""
    try:
        file = place(run, format)
        return file, certificate.read(file)
    except (CheckpointError, ExportError):
        return None
