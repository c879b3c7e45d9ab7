"""A model that is done is tested on the other pictures that its run names."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from resnet_studio.data import near as near_duplicates
from resnet_studio.data import splitting
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.run_split import outside_of, split_of
from resnet_studio.errors import DataError
from resnet_studio.evaluation import outside
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import counted_by_group, score_test_pictures
from resnet_studio.evaluation.seen import SeenPictures, add_unseen
from resnet_studio.events import Event, Noted, Preparing
from resnet_studio.grouping import parse
from resnet_studio.model import checkpoint
from resnet_studio.model.device import choose_device
from resnet_studio.stepwise import map_steps
from resnet_studio.training.near_duplicates import STAGE

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Split
    from resnet_studio.workspace import Run


def score_outside(run: Run) -> Iterator[Event]:
    """Score the best model of ``run`` on the pictures that were written down for that, as predictions are made.

    What is there of them is scored, without near-duplicates of the run's own pictures; where nothing is, that is said.
    """
    written = outside_of(run)
    if written is None:
        return
    split = yield from _without_near_duplicates(run, written)
    near = len(written.test) - len(split.test)
    if not split.test:
        yield Noted(key="note.outside_near", values={"count": near, "name": split.dataset_name})
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
    outside.OUTSIDE_TEST.store(RunReport(run), outside.tested(run, counted, near))


def _without_near_duplicates(run: Run, outside_split: Split) -> Generator[Event, None, Split]:
    """``outside_split`` without pictures that are near-duplicates of those of ``run``, in whatever part these are, or
    as it is where the settings of ``run`` do not look for any.
    """
    own = split_of(run)
    if not parse(run.config.groups).near:
        return outside_split
    known, others = splitting.whole(own).samples, outside_split.test
    search = near_duplicates.near_to(
        (known, [*map(own.path, known)]), (others, [*map(outside_split.path, others)]), ArrayCache(run.cache)
    )
    near = yield from map_steps(search, lambda step: Preparing(stage=STAGE, done=step.done, total=step.total))
    fresh = tuple(sample for place, sample in enumerate(others) if place not in near)
    return replace(outside_split, test=fresh)
