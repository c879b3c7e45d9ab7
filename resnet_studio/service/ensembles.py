"""Which models answer together: runs, checkpoints and studies by name, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from resnet_studio import api
from resnet_studio.errors import RunError
from resnet_studio.evaluation import together
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.together import EnsembleCost, Gain
from resnet_studio.workspace import Run, Workspace


def checkpoints(names: Sequence[str], workspace: Workspace) -> list[Path]:
    """The checkpoints of ``names``: runs, files, or studies, which stand for all their runs that have a model.

    One that is named twice counts once. Raises :class:`RunError` where there is none of that name.
    """
    found: list[Path] = []
    for name in names:
        found += _of_one(name, workspace)
    return list(dict.fromkeys(path.resolve() for path in found))


def _of_one(name: str, workspace: Workspace) -> list[Path]:
    from resnet_studio.training.waiting import parts_of

    try:
        return [api.checkpoint_path(name, workspace)]
    except RunError:
        parts = [run.best for run in parts_of(workspace, name) if run.best.is_file()]
        if not parts:
            raise
        return parts


def reports_of(files: Sequence[Path]) -> list[RunReport] | None:
    """The reports of the runs that the checkpoints ``files`` are of; None where one is of no run."""
    runs = [Run(file.parent) for file in files]
    return [RunReport(run) for run in runs] if all((run.folder / "config.json").is_file() for run in runs) else None


def judged(files: Sequence[Path]) -> tuple[EnsembleCost, Gain] | None:
    """What the models in ``files`` cost and gain together; None where they are not all runs that were tested."""
    reports = reports_of(files)
    if reports is None or any(report.report is None for report in reports):
        return None
    return together.cost_of(reports), together.gain_of(reports)
