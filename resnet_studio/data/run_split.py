"""The pictures of a run, wherever they are by now: a workspace or a folder of pictures may have been moved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.data import outside_set
from resnet_studio.data.checked import check_labelled
from resnet_studio.data.dataset import Split
from resnet_studio.data.editing import base_of
from resnet_studio.errors import RunError

if TYPE_CHECKING:
    from resnet_studio.workspace import Run


def split_of(run: Run) -> Split:
    """The parts that ``run`` was made with. Raises :class:`RunError` where what is written of them makes no sense."""
    return _read(run, run.split, "split.json")


def outside_of(run: Run) -> Split | None:
    """The pictures of another set that ``run`` is tested on, as the test part of a split; None where there are none.

    Raises as :func:`split_of`.
    """
    if not (run.folder / outside_set.FILE).is_file():
        return None
    return _read(run, run.read_json(outside_set.FILE), outside_set.FILE)


def _read(run: Run, values: dict[str, Any], file: str) -> Split:
    datasets = run.cache.parent / "datasets"
    try:
        store = datasets / base_of(str(values["dataset"]))
        found = Split.from_json(values, root=_root(values, datasets), store=store)
        check_labelled([*found.train, *found.validation, *found.test], found.classes)
        return found
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RunError("error.run.damaged", file=file, run=run.id) from error


def _root(values: dict[str, Any], datasets: Path) -> Path:
    """The folder that the pictures lie in: of the data set in this workspace, else the recorded one,
    else one with equal pictures under equal names that was opened since.
    """
    base = base_of(str(values["dataset"]))
    kept, written = datasets / base, Path(values["root"])
    if _is_folder(kept / "pictures"):
        return kept
    if _is_folder(written):
        return written
    fingerprint = base.rpartition("-")[2]
    for summary in datasets.glob(f"*-{fingerprint}/summary.json") if fingerprint.isalnum() else ():
        try:
            opened = json.loads(summary.read_text(encoding="utf-8"))["root"]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        if opened and _is_folder(opened):
            return Path(opened)
    return written


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:  # a name too long for any system, a place that nobody may look into
        return False
