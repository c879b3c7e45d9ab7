"""The report of a run as a whole: which parts it has, and how they are written when a training ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resnet_studio.data.run_split import split_of
from resnet_studio.evaluation import outputs as outputs_file
from resnet_studio.evaluation.calibration import CALIBRATION
from resnet_studio.evaluation.exciting import INSIDE
from resnet_studio.evaluation.final_fit import FINAL_FIT
from resnet_studio.evaluation.forecast import FORECAST
from resnet_studio.evaluation.groups import GROUPS
from resnet_studio.evaluation.missed import NEVER_PREDICTED
from resnet_studio.evaluation.next_steps import NEXT_STEPS
from resnet_studio.evaluation.operating_points import OPERATING_POINTS
from resnet_studio.evaluation.outputs import Outputs
from resnet_studio.evaluation.outside import OUTSIDE_TEST
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.evaluation.picture_map import MAP
from resnet_studio.evaluation.report import Report, counted_by_group
from resnet_studio.evaluation.robustness import ROBUSTNESS
from resnet_studio.evaluation.shortcut import SHORTCUT
from resnet_studio.evaluation.unknown import UNKNOWN
from resnet_studio.workspace import Run

PARTS: tuple[Part[Any], ...] = (
    CALIBRATION,
    UNKNOWN,
    NEVER_PREDICTED,
    FINAL_FIT,
    OUTSIDE_TEST,
    GROUPS,
    OPERATING_POINTS,
    FORECAST,
    ROBUSTNESS,
    SHORTCUT,
    MAP,
    INSIDE,
    NEXT_STEPS,
)
"""All there are, each after those that it is computed from."""


def write(run: Run, report: Report | None, validation: Outputs | None) -> None:
    """Write what is known of a ``run`` that was trained: the logits first, then the scores that follow from them.

    ``report`` is on the test pictures, ``validation`` what the same network computed for the validation pictures; None
    where there are none.
    """
    tested = report.outputs if report else None
    outputs = {"validation": validation, "test": tested}
    outputs_file.write(run.logits_file, {part: found for part, found in outputs.items() if found is not None})
    if report is not None:
        counted = counted_by_group(report, split_of(run).test)
        run.write_json(run.report_file.name, counted.to_json())


def complete(run: Run) -> None:
    """Compute and store the parts that take no time."""
    report = RunReport(run)
    for part in PARTS:
        if part.quick:
            report.update(part)


def find(name: str) -> Part[Any] | None:
    """The part called ``name``; None where there is none."""
    return next((part for part in PARTS if part.name == name), None)


def to_json(report: RunReport) -> Mapping[str, Any]:
    """The scores and pictures, and under its name each part that is stored or takes no time; else None."""
    values: dict[str, Any] = {} if report.report is None else report.report.to_json()
    for part in PARTS:
        found = report.get(part) if part.quick else part.load(report)
        values[part.name] = None if found is None else part.to_json(found)
    return values
