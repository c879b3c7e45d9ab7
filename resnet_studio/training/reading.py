"""One sentence that reads the curves: what they show, and what to try.

Only trends are compared, never the two losses with each other: training pictures are augmented and their labels
smoothed, so that a healthy run may well have the higher loss on them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Literal

from resnet_studio.events import EpochFinished
from resnet_studio.text import Language, say

Kind = Literal[
    "early", "diverging", "start", "start_perfect", "start_stopped", "apart", "guessing", "overfitting", "plateau",
    "underfitting", "learning", "perfect", "steady",
]  # fmt: skip

FEWEST = 3
"""Epochs before anything but a divergence is said."""
SURE_MISS = math.log(100)
"""What a picture costs (its cross-entropy) whose own class is given one percent."""
LEARNED = 0.95
"""The accuracy on training pictures from which on they count as learned."""


@dataclass(frozen=True)
class CurveReading:
    """What the curves show; ``serious`` where the user should act."""

    kind: Kind
    ended: bool
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def serious(self) -> bool:
        """Whether going on as it is would be a waste of time."""
        return self.kind in ("diverging", "apart", "guessing", "overfitting")

    def sentence(self, language: Language = "en") -> str:
        """The reading in the reader's language; advice for the next training where this one has ended."""
        key = f"reading.{self.kind}.ended" if self.ended else f"reading.{self.kind}"
        return say(key, language, **self.values)


def read(
    epochs: Sequence[EpochFinished],
    *,
    planned: int,
    classes: int = 0,
    pictures: int = 0,
    probe: float | None = None,
    ended: bool = False,
) -> CurveReading:
    """Read the scores of ``epochs`` out of ``planned``.

    ``classes`` tells what guessing would score, ``pictures`` (of the validation part) how much of a change is that of
    one picture, which is no trend; 0 where unknown. ``probe`` is the validation accuracy that training started from.
    """
    if (since := _diverging_since(epochs)) is not None:
        return CurveReading("diverging", ended, {"epoch": since})
    epochs = [epoch for epoch in epochs if math.isfinite(epoch.validation_accuracy)]
    if len(epochs) < FEWEST:
        return CurveReading("early", ended, {"epochs": FEWEST})
    if not any(epoch.best for epoch in epochs):
        return _start_is_kept(epochs, planned, pictures, probe, ended)
    best = next(epoch for epoch in reversed(epochs) if epoch.best)
    values = {"epoch": best.epoch, "accuracy": best.validation_accuracy}
    if _guesses(epochs, best, planned, classes):
        return CurveReading("guessing", ended, {**values, "chance": 1 / classes})
    if (since := _overfitting_since(epochs, pictures)) is not None:
        return CurveReading("overfitting", ended, {**values, "since": since})
    if best.validation_accuracy == 1:
        return CurveReading("perfect", ended, values)
    window = max(5, math.ceil(0.2 * len(epochs)))
    if len(epochs) > window and _flat(epochs, window, pictures):
        training = fmean(epoch.train_accuracy for epoch in epochs[-window:])
        weak = training < min(0.75, best.validation_accuracy + 0.05)
        return CurveReading("underfitting" if weak else "plateau", ended, {**values, "epochs": window})
    if _gains(epochs, pictures, classes):
        return CurveReading("learning", ended, values)
    return CurveReading("steady", ended, values)


def _start_is_kept(
    epochs: Sequence[EpochFinished], planned: int, pictures: int, probe: float | None, ended: bool
) -> CurveReading:
    """What it means that no epoch is the best so far: nothing before half of the training is done.

    The first epochs are trained at a rising learning rate and are expected to be worse than the start; but not so where
    the training pictures are learned already.
    """
    if probe is not None and (apart := _apart(epochs, probe, pictures)):
        return CurveReading("apart", ended, apart)
    if probe is not None and probe >= 1 - one_picture(pictures):
        return CurveReading("start_perfect", ended, {"accuracy": probe})
    enough = max(FEWEST, math.ceil(planned / 2))
    if len(epochs) >= enough:
        return CurveReading("start", ended)
    return CurveReading("start_stopped", ended) if ended else CurveReading("early", ended, {"epochs": enough})


def _diverging_since(epochs: Sequence[EpochFinished]) -> int | None:
    """The epoch from which the training loss ran away: not a number, or far above what it had been, and rising."""
    for epoch in epochs:
        if not math.isfinite(epoch.train_loss):
            return epoch.epoch
    if len(epochs) < 2:
        return None
    lowest = min(epochs, key=lambda epoch: epoch.train_loss)
    last, before = epochs[-1], epochs[-2]
    ran_away = last.train_loss > 1.5 * lowest.train_loss + 0.1 and last.train_loss >= before.train_loss
    above_start = last.train_loss > 1.05 * epochs[0].train_loss
    return lowest.epoch + 1 if ran_away and above_start else None


def _apart(epochs: Sequence[EpochFinished], probe: float, pictures: int) -> dict[str, Any] | None:
    """The training pictures are learned, and yet no epoch reaches the start on new ones: the two look different to the
    network, as where one is shown at another size.
    """
    train = max(epoch.train_accuracy for epoch in epochs[-FEWEST:])
    best = max(epoch.validation_accuracy for epoch in epochs)
    if train < LEARNED or best > probe - max(0.02, 2 / pictures if pictures else 0.02):
        return None
    return {"train": train, "best": best, "probe": probe}


def _guesses(epochs: Sequence[EpochFinished], best: EpochFinished, planned: int, classes: int) -> bool:
    """No better than chance after a fair share of the training: 3 epochs at least, and a fifth of those planned."""
    if classes < 2 or len(epochs) < max(FEWEST, math.ceil(planned / 5)):
        return False
    return best.validation_accuracy <= 1.25 / classes and best.train_accuracy <= 1.25 / classes


def _overfitting_since(epochs: Sequence[EpochFinished], pictures: int) -> int | None:
    """The first epoch after the lowest validation loss, where that loss has risen for good while training went on.

    For good: over at least 3 epochs and a tenth of the run, by 5 % of the lowest in the mean of the last 3 and by more
    than one picture costs that is missed for sure, with the training loss 5 % lower than it was then and no better
    accuracy, beyond one picture, since.
    """
    known = [epoch for epoch in epochs if math.isfinite(epoch.validation_loss)]
    if not known:
        return None
    lowest = min(known, key=lambda epoch: epoch.validation_loss)
    since = [epoch for epoch in known if epoch.epoch > lowest.epoch]
    if len(since) < max(FEWEST, math.ceil(0.1 * len(epochs))):
        return None
    last = since[-3:]
    one_miss = SURE_MISS / pictures if pictures else 0.0
    lowest_loss = lowest.validation_loss
    risen = fmean(epoch.validation_loss for epoch in last) > max(1.05 * lowest_loss, lowest_loss + one_miss)
    memorised = fmean(epoch.train_loss for epoch in last) < 0.95 * lowest.train_loss
    before = max(epoch.validation_accuracy for epoch in known if epoch.epoch <= lowest.epoch)
    better = fmean(epoch.validation_accuracy for epoch in last) > before + one_picture(pictures)
    return lowest.epoch + 1 if risen and memorised and not better else None


def _flat(epochs: Sequence[EpochFinished], window: int, pictures: int) -> bool:
    """Whether neither accuracy nor loss on validation pictures was bettered in the last ``window`` epochs."""
    before, last = epochs[:-window], epochs[-window:]
    accuracy = max(epoch.validation_accuracy for epoch in before)
    if max(epoch.validation_accuracy for epoch in last) > accuracy + one_picture(pictures):
        return False
    loss = _lowest(before)
    return not _lowest(last) < 0.98 * loss


def _gains(epochs: Sequence[EpochFinished], pictures: int, classes: int) -> bool:
    """Whether the last third (3 epochs at least) bettered the validation loss or accuracy of all before, by more than
    one picture can: in accuracy its share, in loss what it costs to guess at it.
    """
    window = min(len(epochs) - 1, max(FEWEST, len(epochs) // 3))
    before, last = epochs[:-window], epochs[-window:]
    accuracy = max(epoch.validation_accuracy for epoch in before)
    if max(epoch.validation_accuracy for epoch in last) > accuracy + one_picture(pictures):
        return True
    one_guess = math.log(max(classes, 2)) / pictures if pictures else 0.0
    loss = _lowest(before)
    return _lowest(last) < min(0.99 * loss, loss - one_guess)


def explains_losses(epochs: Sequence[EpochFinished]) -> bool:
    """Whether the training loss lies visibly (a twentieth) above the validation loss, over the last three epochs."""
    last = [e for e in epochs[-FEWEST:] if math.isfinite(e.train_loss) and math.isfinite(e.validation_loss)]
    if len(last) < FEWEST:
        return False
    return fmean(epoch.train_loss for epoch in last) > 1.05 * fmean(epoch.validation_loss for epoch in last)


def _lowest(epochs: Sequence[EpochFinished]) -> float:
    return min((epoch.validation_loss for epoch in epochs if math.isfinite(epoch.validation_loss)), default=math.inf)


def one_picture(pictures: int) -> float:
    """The change in accuracy that means nothing: one picture, and never less than a fifth of a percent.

    Half a picture more, because shares are computed in different precisions.
    """
    return max(0.002, 1.5 / pictures if pictures else 0.002)
