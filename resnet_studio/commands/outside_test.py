"""A set that is for testing alone, ``train --test-data``: each model that was trained is scored on it at the end."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from resnet_studio.commands import data
from resnet_studio.commands.data import Result
from resnet_studio.studies.repeats import figure

if TYPE_CHECKING:
    from resnet_studio.studies.repeats import Repeats
    from resnet_studio.terminal import Terminal
    from resnet_studio.workspace import Run, Workspace


def score(run: Run, options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result | None:
    """What ``run`` scores on the set that ``options`` name for testing alone; None where they name none."""
    if options.test_data is None:
        return None
    asked = {"device": "auto", **vars(options), "model": run.id, "data": options.test_data, "only_unseen": True}
    return data.evaluate(argparse.Namespace(**asked), workspace, terminal)


def score_study(
    found: Repeats, result: Result, options: argparse.Namespace, workspace: Workspace, terminal: Terminal
) -> Result:
    """``result`` of the study ``found``, with the scores of all its finished runs on that set and their mean."""
    if options.test_data is None:
        return Result(result.text, {**result.json, "outside_test": None})
    lines, rows = [result.text], list[dict[str, Any]]()
    for part in found.parts:
        if part.status == "finished" and (scored := score(part.run, options, workspace, terminal)) is not None:
            rows.append({"run": part.run.id, **scored.json})
            lines.append(f"  {part.run.id}: {scored.text.splitlines()[0]}")
    mean = figure([row["accuracy"] for row in rows])
    if mean is not None:
        lines.insert(1, f"accuracy on {options.test_data} {mean.sentence()}")
    outside = {**mean.to_json(), "runs": rows} if mean is not None else None
    return Result("\n".join(lines), {**result.json, "outside_test": outside})
