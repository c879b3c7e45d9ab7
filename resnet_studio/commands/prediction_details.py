"""What the command ``predict`` says beside answers: which models answer together, and nearest training pictures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from resnet_studio.errors import DataError
from resnet_studio.service import ensembles
from resnet_studio.service.answering import key_of
from resnet_studio.stepwise import result_of
from resnet_studio.terminal import Terminal
from resnet_studio.workspace import Workspace


def add_nearest(
    rows: list[dict[str, Any]], files: Sequence[Path], options: argparse.Namespace, paths: Sequence[Path],
    terminal: Terminal,
) -> list[str]:  # fmt: skip
    """Add the nearest training pictures to ``rows``; lines that name them."""
    from resnet_studio.evaluation import slow_parts
    from resnet_studio.evaluation.nearest import NEAREST, neighbours

    reports = ensembles.reports_of(paths)
    if len(paths) > 1 or not reports:
        raise DataError("error.nearest.no_run", model=" + ".join(map(name_of, paths)))
    steps = slow_parts.update(reports[0], NEAREST)
    bank = result_of(steps, lambda step: terminal.progress(NEAREST.name, step.done, step.total))
    if bank is None:
        raise DataError("error.nearest.gone", run=reports[0].run.id)
    found = neighbours(reports[0], bank, reports[0].predictor, files, options.nearest, drawings=options.drawings)
    lines = []
    for row, near in zip(rows, found, strict=True):
        if "error" not in row:
            row["nearest"] = [{**vars(each), "agrees": each.label == row["label"]} for each in near]
            lines += [f"  {row['file']} resembles {each.picture} ({each.similarity:.3f})" for each in near]
    return lines


def models(options: argparse.Namespace, workspace: Workspace) -> list[Path]:
    """The checkpoints that are to answer, all of the same classes."""
    from resnet_studio.ensemble import check_classes
    from resnet_studio.model.onnx_card import card_at

    paths = ensembles.checkpoints([options.model, *options.others], workspace)
    if len(paths) > 1:
        check_classes([(name_of(path), card_at(path).classes) for path in paths])
    return paths


def name_of(path: Path) -> str:
    """What the checkpoint is called: by its run, or its file."""
    return path.parent.name if path.name == "best.safetensors" else path.stem


def keys(paths: Sequence[Path], workspace: Workspace) -> tuple[str, ...]:
    """The keys of checkpoints, as jobs keep them."""
    return tuple(key_of(path, workspace) for path in paths)


def together(paths: Sequence[Path], workspace: Workspace) -> dict[str, Any]:
    """What is known of an ensemble, as JSON values; nothing of a single model."""
    if len(paths) < 2:
        return {}
    said = ensembles.judged(paths)
    cost, gain = (vars(said[0]), said[1].to_json()) if said else (None, None)
    return {"ensemble": {"models": list(keys(paths, workspace)), "cost": cost, "gain": gain}}
