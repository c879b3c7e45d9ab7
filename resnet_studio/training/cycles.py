"""A short training first: whether the long one is worth its time is decided by what the short one gained at its end.

Both have a schedule of their own that ends with the rate annealed, so that the first is complete in itself where
nothing more comes, and the second begins from its weights as a warm restart does (SGDR, arXiv 1608.03983). A plain
patience would look at a network whose rate is still high, which says little about how the same epochs end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_studio.events import Noted

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.events import EpochFinished
    from resnet_studio.training.session import Session

FIRST_SHARE = 1 / 3
"""Of the epochs, in the first cycle: on 42 sets of 51 to 612 training pictures it was as good as all of them at once,
+0.0004 ± 0.008, and so was the rest after it (``benchmarks/epochs.py``).
"""
FEW = 1_000
"""Up to so many training pictures the studio chooses a first cycle by itself. With more, seven epochs in small batches
are all there are (:mod:`resnet_studio.training.lengths`): in batches of 64 a third alone had cost 1.3 ± 1.1 points on
15 sets of 1,500 to 1,800 (``benchmarks/epochs.py``).
"""
FEW_TO_CHOOSE_BY = 11
"""Fewer validation pictures than so many choose nothing: chosen on 27 sets, on which training on them too and for all
epochs gained 2.2 ± 1.9 points; on 24 others 0.9 ± 1.3 (``benchmarks/few.py``).
"""
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


def first_of(config: TrainConfig) -> TrainConfig:
    """A training of the first cycle of a resolved ``config`` alone."""
    return config.replace(epochs=cycle_at(config, 0).end, first_epochs=0)


def enters_second(config: TrainConfig, epoch: int) -> bool:
    """Whether a second cycle begins with ``epoch`` (from 0)."""
    return epoch > 0 and cycle_at(config, epoch).begin == epoch


def gained(start: EpochFinished | None, history: Sequence[EpochFinished], pictures: int) -> float:
    """How many of the ``pictures`` for validation the second half of the epochs in ``history`` has right that neither
    the first half nor ``start`` has, by their best.
    """
    half = len(history) // 2
    before = [epoch.score[0] for epoch in (*history[:half], *([start] if start else []))]
    return (max(epoch.score[0] for epoch in history[half:]) - max(before, default=0.0)) * pictures


def decision(session: Session) -> Noted | None:
    """Whether the second cycle follows, as a note, where ``session`` stands between both; None elsewhere. It follows
    from what is saved, so that a training that is resumed decides alike.
    """
    m = session.materials
    if session.batch or not enters_second(m.config, session.epoch):
        return None
    pictures = len(m.batches.validation)
    gain = round(gained(session.start, session.history, pictures), 6)
    values = {"epochs": session.epoch, "planned": session.epochs, "gain": max(0, round(gain)), "pictures": pictures,
              "half": session.epoch - session.epoch // 2}  # fmt: skip
    return Noted(key=GOES_ON if gain > ENOUGH_PICTURES else NOTHING_MORE, values=values)


def first_cycle(config: TrainConfig, epochs: int, *, chosen: bool) -> int:
    """The length of the first cycle of a training of ``epochs`` where the user leaves that open; 0 for none.

    ``chosen``: the studio has chosen ``epochs`` for a pretrained network. What a user asks for is never cut, nor where
    it has rules of its own for when to stop or what to train when, and a head alone takes no time.
    """
    own = config.early_stopping_patience or config.gradual_unfreezing or config.schedule in ("step", "constant")
    if not chosen or own or config.freeze == "layer4":
        return 0
    return max(1, round(epochs * FIRST_SHARE))
