"""A short training first: whether the long one is worth its time is decided by what the short one gained.

Both have a schedule of their own that ends with the rate annealed, so that the first is complete in itself where
nothing more comes, and the second begins from its weights as a warm restart does (SGDR, arXiv 1608.03983). A plain
patience would look at a network whose rate is still high, which says little about how the same epochs end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_studio.events import Noted

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.events import EpochFinished
    from resnet_studio.training.session import Session

FIRST_SHARE = 1 / 3  # of the epochs, in the first cycle
GOES_ON, NOTHING_MORE = "note.cycle.goes_on", "note.cycle.nothing_more"
ENOUGH_PICTURES = 1.0  # a gain of no more than so many validation pictures may be chance


@dataclass(frozen=True)
class Cycle:
    """The epochs from ``begin`` (from 0) up to ``end``: one schedule from its warm-up to its lowest rate."""

    begin: int
    end: int

    @property
    def epochs(self) -> int:
        """How many they are."""
        return self.end - self.begin


def cycle_at(config: TrainConfig, epoch: int) -> Cycle:
    """The cycle of a resolved ``config`` that ``epoch`` (from 0) is in; the last one after the end."""
    assert config.epochs is not None
    first = config.first_epochs or 0
    if not 0 < first < config.epochs:
        return Cycle(0, config.epochs)
    return Cycle(0, first) if epoch < first else Cycle(first, config.epochs)


def enters_second(config: TrainConfig, epoch: int) -> bool:
    """Whether a second cycle begins with ``epoch`` (from 0)."""
    return epoch > 0 and cycle_at(config, epoch).begin == epoch


def gained(start: EpochFinished | None, best: EpochFinished | None, pictures: int) -> float:
    """How many of the ``pictures`` for validation ``best`` has right that ``start`` has not; all of them where nothing
    was known at the start.
    """
    if start is None or best is None:
        return float(pictures)
    return (best.score[0] - start.score[0]) * pictures


def decision(session: Session) -> Noted | None:
    """Whether the second cycle follows, as a note, where ``session`` stands between both; None elsewhere. It follows
    from what is saved, so that a training that is resumed decides alike.
    """
    m = session.materials
    if session.batch or not enters_second(m.config, session.epoch):
        return None
    gain = round(gained(session.start, session.best, len(m.batches.validation)), 6)
    values = {"epochs": session.epoch, "planned": session.epochs, "gain": max(0, round(gain)),
              "pictures": len(m.batches.validation)}  # fmt: skip
    return Noted(key=GOES_ON if gain > ENOUGH_PICTURES else NOTHING_MORE, values=values)
