"""A learning-rate range test (Smith, arXiv 1506.01186): which learning rates a training can use, before it begins.

The rate rises exponentially from batch to batch on a copy of the network, until the loss explodes; what it did on the
way says where learning begins and where it breaks.
"""

from __future__ import annotations

import copy
import math
import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from torch.optim.lr_scheduler import LambdaLR

from resnet_studio.events import Event, Preparing
from resnet_studio.run_settings import RunSettings
from resnet_studio.text import Language, say
from resnet_studio.training.materials import Tally
from resnet_studio.training.plan import resolve_for
from resnet_studio.training.session import Session
from resnet_studio.training.setup import prepare
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.training.control import Control
    from resnet_studio.training.materials import Materials
    from resnet_studio.workspace import Workspace

UPDATES = 100
LOWEST, HIGHEST = 1e-6, 10.0
SMOOTHING = 0.9
"""Of the moving average of the losses; fastai's 0.98 would look back over half of the 100 points."""
EXPLODED = 4.0
"""The test ends where the loss exceeds this many times the best one (as fastai's ``lr_find`` does)."""
BELOW_BEST = 10.0
"""The suggestion is the rate of the lowest loss divided by this: an order of magnitude before learning stalls."""
LONG = 10_000
FELL = 0.98
"""A loss that never falls to this share of the first one says nothing."""


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What the test saw: learning rates of the head, rising, and the smoothed loss at each.

    ``suggested`` is a tenth of the rate at which the loss was lowest; None where the loss did not fall at all.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]

    @property
    def lowest(self) -> int:
        """Which point has the lowest loss."""
        return min(range(len(self.losses)), key=self.losses.__getitem__)

    @property
    def suggested(self) -> float | None:
        """The learning rate to train with, with two digits."""
        if len(self.losses) < 2 or self.losses[self.lowest] > FELL * self.losses[0]:
            return None
        return float(f"{self.rates[self.lowest] / BELOW_BEST:.2g}")

    def sentence(self, language: Language = "en") -> str:
        """What follows from it."""
        if self.suggested is None:
            return say("rates.none", language)
        lowest = f"{self.rates[self.lowest]:.2g}"
        return say("rates.suggested", language, rate=f"{self.suggested:g}", lowest=lowest)

    def to_json(self) -> dict[str, Any]:
        """``rates``, ``losses`` and what is ``suggested``."""
        return {"rates": list(self.rates), "losses": list(self.losses), "suggested": self.suggested}


def find_rate(
    dataset: Dataset, config: TrainConfig, workspace: Workspace, control: Control, *, updates: int = UPDATES
) -> Generator[Event, None, Rates | None]:
    """Test the rates for a training of ``config`` on ``dataset``; None where ``control`` asked it to end.

    Prepares like a training, with the same cache, in a temporary folder that is removed: no run is made. Yields
    :class:`Preparing`, at last with the stage ``rates``. Raises :class:`StudioError` as a training would.
    """
    resolved, parts = resolve_for(dataset, config)
    run = Run(workspace.new_folder("temporary", "learning-rate"))
    try:
        run.write_json("split.json", parts.to_json())
        run.write_settings(RunSettings({}, config, resolved))
        session = yield from prepare(run, control)
        if session is None:
            return None
        return (yield from sweep(session.materials, control, updates=updates))
    finally:
        shutil.rmtree(run.folder, ignore_errors=True)


def sweep(materials: Materials, control: Control, *, updates: int = UPDATES) -> Generator[Event, None, Rates | None]:
    """Raise the rate over ``updates`` updates on a copy of the trained part of the network; the rest as in a training.

    The copy is dropped: the network and the run of ``materials`` stay as they are.
    """
    session = copy_session(materials, updates)
    rates: list[float] = []
    losses: list[float] = []
    average = 0.0
    for done, loss in enumerate(_losses(session, updates)):
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        smoothed = average / (1 - SMOOTHING ** (done + 1))
        if not math.isfinite(smoothed) or (losses and smoothed > EXPLODED * min(losses)):
            break
        rates.append(rate_at(done, updates))
        losses.append(smoothed)
        yield Preparing(stage="rates", done=done + 1, total=updates)
        if control.request:
            return None
    return Rates(rates=tuple(rates), losses=tuple(losses))


def rate_at(update: int, updates: int = UPDATES) -> float:
    """The rate of ``update`` (from 0) of ``updates``: evenly spread on a logarithmic scale."""
    return float(LOWEST * (HIGHEST / LOWEST) ** (update / max(1, updates - 1)))


def copy_session(m: Materials, updates: int) -> Session:
    """A session like that of a training, on a copy of the network and with a rising rate; it saves nothing.

    It has more epochs than it will come to, so that pictures stay at the size of the first epochs.
    """
    copied: dict[int, Any] = {}
    model, suffix = copy.deepcopy(m.model, copied), copy.deepcopy(m.suffix, copied)  # they share their modules
    stages = [(stage, [copied[id(parameter)] for parameter in group]) for stage, group in m.stages]
    config = m.config.replace(learning_rate=1.0, average_weights=False, epochs=LONG)
    session = Session(replace(m, config=config, model=model, suffix=suffix, stages=stages))
    session.schedule = LambdaLR(session.optimizer, lambda update: rate_at(update, updates))
    return session


def _losses(session: Session, updates: int) -> Iterator[float]:
    """The loss of each of ``updates`` updates, mean over its pictures; epoch after epoch as long as it takes."""
    device, wanted = session.materials.device, updates
    while wanted:
        for batch in session.batches_left():
            session.step(batch)
            if session.within_group:
                continue
            yield float(session.tally.loss) / session.tally.seen
            session.tally = Tally.on(device)
            wanted -= 1
            if not wanted:
                return
        session.epoch, session.batch = session.epoch + 1, 0
