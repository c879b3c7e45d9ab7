"""A set that is for testing alone, ``train --test-data``: each model that was trained is scored on it at the end."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from resnet_studio.commands import data
from resnet_studio.commands.data import Result
from resnet_studio.data.outside_set import DATASET, NONE
from resnet_studio.evaluation.outside import OUTSIDE_TEST, OutsideSet
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.studies.repeats import figure

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.studies.repeats import Repeats
    from resnet_studio.terminal import Terminal
    from resnet_studio.workspace import Run, Workspace


def opened(
    config: TrainConfig, options: argparse.Namespace, workspace: Workspace, terminal: Terminal
) -> tuple[Dataset, TrainConfig]:
    """The data set to train on, and ``config`` with the id of the one to test on, both looked at before hours of
    training and not after them.
    """
    if config.test_data == NONE:
        return data.opened(options, workspace, terminal), config
    if not config.test_data.startswith(DATASET):
        data.check_source(config.test_data)
    dataset = data.opened(options, workspace, terminal)
    outside = data.opened_for_testing(config.test_data, options, workspace, terminal)
    terminal.line(OutsideSet.of(outside, dataset, config.groups, workspace).sentence("en"))
    return dataset, config.replace(test_data=f"{DATASET}{outside.id}")


def of_run(run: Run) -> Result | None:
    """What ``run`` scored on the set for testing alone; None where it has none."""
    found = RunReport(run).get(OUTSIDE_TEST)
    if found is None:
        return None
    said = data.scored(found.report, [run.best], "all", found.notes["en"])
    values = {"name": found.name, "shared": found.shared, "text": found.sentence()}
    return Result("\n".join([found.sentence(), said.text]), {**said.json, **values})


def of_study(found: Repeats, result: Result) -> Result:
    """``result`` of the study ``found``, with the scores of all its finished runs on that set and their mean."""
    lines, rows = [result.text], list[dict[str, Any]]()
    for part in found.parts:
        if part.status == "finished" and (scored := of_run(part.run)) is not None:
            rows.append({"run": part.run.id, **scored.json})
            lines.append(f"  {part.run.id}: {scored.text.splitlines()[0]}")
    if not rows:
        return Result(result.text, {**result.json, "outside_test": None})
    mean = figure([row["accuracy"] for row in rows])
    assert mean is not None
    lines.insert(1, f"accuracy on {rows[0]['name']} {mean.sentence()}")
    return Result("\n".join(lines), {**result.json, "outside_test": {**mean.to_json(), "runs": rows}})
