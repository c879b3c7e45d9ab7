"""Repeated clicks on one button start one run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from resnet_studio.durations import requested_at
from resnet_studio.errors import RunError
from resnet_studio.upkeep import audit

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.ui.page.context import Studio
    from resnet_studio.workspace import Run

SECONDS = 5.0
ONE_AT_A_TIME = threading.Lock()


def start_once(
    studio: Studio,
    dataset: Dataset,
    config: TrainConfig,
    before: Callable[[], None],
    *,
    run_name: str,
    by: str,
    seeds: int = 1,
    folds: int = 0,
) -> Run:
    """The run of ``config`` on ``dataset``, in the queue now; ``before`` is called first. With several ``seeds``, or
    ``folds`` of a cross-validation, it is the first one of a study.

    Where the same browser ``by`` requested the same a moment ago and that is not over, it is that run: a second click,
    or one on a slow line, starts no other one. Raises :class:`RunError` where too many runs wait, and other
    :class:`StudioError` where none can be made.
    """
    from resnet_studio.studies import folds as cross_validations
    from resnet_studio.studies import repeats
    from resnet_studio.training import plan

    clicked = time.time()  # and not when its turn comes: on a busy machine 200 clicks wait longer than they took
    with ONE_AT_A_TIME:
        if again := _just_started(studio, dataset.id, config, by, (seeds, folds), clicked):
            return again
        studio.quota.check(by)
        studio.jobs.check_room(by)
        if folds:
            runs = [
                *cross_validations.new_folds(dataset, config, studio.workspace, folds, run_name=run_name, started_by=by)
            ]
        elif seeds == 1:
            runs = [plan.new_run(dataset, config, studio.workspace, run_name=run_name, started_by=by)]
        else:
            runs = [*repeats.new_repeats(dataset, config, studio.workspace, seeds, run_name=run_name, started_by=by)]
        before()
        studio.jobs.submit(*runs)
        audit.record(studio.workspace, by, "run.start", runs[0].id)
        return runs[0]


def _just_started(
    studio: Studio, dataset: str, config: TrainConfig, by: str, parts: tuple[int, int], clicked: float
) -> Run | None:
    """The run of that kind, of so many seeds and folds as ``parts`` say, that ``by`` requested a moment ago."""
    for name in (*studio.jobs.queued(), *studio.jobs.running()):  # in this order none is missed on its way between
        try:
            run = studio.workspace.run(name)
            about, requested = run.about, run.requested
            study = about.get("study")
            of, kind = (study.get("of"), study.get("kind")) if isinstance(study, dict) else (1, "")
            alike = ((1, of) if kind == "folds" else (of, 0)) == parts
        except RunError:
            continue
        earlier = requested_at(about)
        recent = earlier is not None and clicked - earlier < SECONDS
        if recent and alike and about["dataset"] == dataset and about.get("started_by") == by and requested == config:
            return run
    return None
