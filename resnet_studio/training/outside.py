"""A model that is done is tested on the other pictures that its run names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from resnet_studio.data.run_split import outside_of
from resnet_studio.errors import DataError
from resnet_studio.evaluation import outside
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import counted_by_group, score_test_pictures
from resnet_studio.evaluation.seen import SeenPictures, add_unseen
from resnet_studio.events import Event, Noted
from resnet_studio.model import checkpoint
from resnet_studio.model.device import choose_device

if TYPE_CHECKING:
    from resnet_studio.workspace import Run


def score_outside(run: Run) -> Iterator[Event]:
    """Score the best model of ``run`` on the pictures that were written down for that, as predictions are made.

    What is there of them is scored; where nothing is, that is said.
    """
    split = outside_of(run)
    if split is None:
        return
    best = checkpoint.load(run.best)
    device = choose_device(run.config.device)
    try:
        report = score_test_pictures(best.model.to(device).eval(), best.card, split, device)
    except DataError:
        values = {"count": len(split.test), "name": split.dataset_name}
        yield Noted(key="note.outside_gone", values=values)
        return
    none = SeenPictures(frozenset(), frozenset())  # what the run's own set has was left out when the run was made
    counted = add_unseen(counted_by_group(report, split.test), split.test, none)
    outside.OUTSIDE_TEST.store(RunReport(run), outside.tested(run, counted))
