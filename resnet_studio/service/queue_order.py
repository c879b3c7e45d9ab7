"""The queue as other programs than its own see it: who waits at which place, and how long, by the logs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resnet_studio.service.forecast import Forecaster
from resnet_studio.service.run_data import Overview, RunData
from resnet_studio.service.waits import expected_waits
from resnet_studio.service.watch import RunSnapshot
from resnet_studio.training.turns import Turns, owner_of
from resnet_studio.training.waiting import presence
from resnet_studio.workspace import Run, Workspace


@dataclass(frozen=True)
class QueuePlace:
    """Where a run stands: ``place`` 0 while it is trained, 1 for the next; ``seconds`` until its turn, where known."""

    place: int
    seconds: float | None = None


def places(data: RunData, found: Sequence[Overview]) -> Mapping[str, QueuePlace]:
    """The places of those of ``found``, all runs of a workspace, that are trained or wait, by the run's id.

    A run that a program left behind that has ended waits for nobody, and has none. Where a program uses several
    devices, they count as one queue.
    """
    going = [each for each in found if each.state.status in ("queued", "running")]
    at_work = [each for each in going if each.run.held()]
    waiting = [each for each in going if each.state.status == "queued" and each not in at_work]
    if not waiting:
        return {each.run.id: QueuePlace(0) for each in at_work}
    ordered = _ordered(data.workspace, found, waiting)
    active = [_snapshot(each, 0) for each in at_work]
    active += [_snapshot(each, number) for number, each in enumerate(ordered, 1)]
    waits = expected_waits(active, Forecaster(data.workspace, data).seconds)
    return {each.run.id: QueuePlace(each.place or 0, waits.get(each.run.id)) for each in active}


def _ordered(workspace: Workspace, found: Sequence[Overview], waiting: Sequence[Overview]) -> list[Overview]:
    """``waiting`` in the order of their turns, as the programs that hold them have it: people that were served since
    the program began wait for others.
    """
    ordered = []
    for program in dict.fromkeys(_program(each) for each in waiting):
        if not program or not presence(workspace, program).held():
            continue
        turns: Turns[Run] = Turns(owner_of)
        served = [each for each in found if _program(each) == program and each not in waiting]
        for each in sorted(served, key=lambda each: each.state.started.time if each.state.started else math.inf):
            turns.took(each.run)
        mine = {each.run.id: each for each in waiting if _program(each) == program}
        asked = sorted(mine.values(), key=lambda each: each.state.queued.place if each.state.queued else 0)
        ordered += [mine[run.id] for run in turns.order([each.run for each in asked])]
    return ordered


def _program(found: Overview) -> str:
    return found.state.queued.owner if found.state.queued else ""


def _snapshot(found: Overview, place: int) -> RunSnapshot:
    return RunSnapshot(found.run, found.about, found.config, found.state, 0, place)
