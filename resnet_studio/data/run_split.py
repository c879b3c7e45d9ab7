"""The pictures of a run, wherever they are by now: a workspace or a folder of pictures may have been moved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.data.dataset import Split
from resnet_studio.data.editing import base_of
from resnet_studio.errors import RunError

if TYPE_CHECKING:
    from resnet_studio.workspace import Run


def split_of(run: Run) -> Split:
    """The parts that ``run`` was made with. Raises :class:`RunError` where what is written of them makes no sense."""
    values, datasets = run.split, run.cache.parent / "datasets"
    try:
        store = datasets / base_of(str(values["dataset"]))
        return Split.from_json(values, root=_root(values, datasets), store=store)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RunError("error.run.damaged", file="split.json", run=run.id) from error


def _root(values: dict[str, Any], datasets: Path) -> Path:
    """The folder that the pictures lie in: of the data set in this workspace, else the recorded one,
    else one with equal pictures under equal names that was opened since.
    """
    base = base_of(str(values["dataset"]))
    kept, written = datasets / base, Path(values["root"])
    if (kept / "pictures").is_dir():
        return kept
    if written.is_dir():
        return written
    fingerprint = base.rpartition("-")[2]
    for summary in datasets.glob(f"*-{fingerprint}/summary.json") if fingerprint.isalnum() else ():
        try:
            opened = json.loads(summary.read_text(encoding="utf-8"))["root"]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        if opened and Path(opened).is_dir():
            return Path(opened)
    return written
