"""How long those in the queue will probably wait, from how fast trainings were here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from resnet_studio.service.watch import RunSnapshot
from resnet_studio.training.cycles import first_of

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig

Seconds = Callable[["TrainConfig", Mapping[str, int]], float | None]


def expected_waits(at_work: Sequence[RunSnapshot], seconds: Seconds) -> dict[str, float]:
    """For each run that waits the seconds until its turn; those are left out of which nothing is known.

    ``at_work`` are those at work, then those that wait in their order; ``seconds`` forecasts a whole training by its
    settings and its numbers of pictures. Several devices share what waits.
    """
    devices = [_left(each, seconds) for each in at_work if each.place == 0]
    if not devices or None in devices:
        return {}
    free, waits = sorted(left for left in devices if left is not None), {}
    for each in at_work:
        if not each.place:
            continue
        waits[each.run.id] = free[0]
        whole = _whole(each, seconds)
        if whole is None:
            break
        free = sorted([free[0] + whole, *free[1:]])
    return waits


def _left(snapshot: RunSnapshot, seconds: Seconds) -> float | None:
    """What is left of a run at work: as it says itself, else by its epochs."""
    progress = snapshot.state.progress
    if progress is not None and progress.remaining_seconds is not None:
        return max(0.0, progress.remaining_seconds)
    whole = _whole(snapshot, seconds)
    return None if whole is None else whole * (1 - len(snapshot.state.epochs) / snapshot.planned)


def _whole(snapshot: RunSnapshot, seconds: Seconds) -> float | None:
    counts = snapshot.about.get("counts")
    if not isinstance(counts, dict) or snapshot.config.epochs is None or snapshot.config.picture_size is None:
        return None
    return seconds(first_of(snapshot.config), counts)
