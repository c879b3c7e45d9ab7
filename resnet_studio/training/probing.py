"""Where fine-tuning starts and what it has to beat: the linear probe, with adapted statistics or with those that came.

Training begins with adapted statistics, as it uses those of its batches; a head fitted to others would be thrown off by
the first step. Whether they are the better ones to answer with is another question, which validation pictures decide:
with ten classes of 100 px, the probe without adaptation was up to seven points better.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_studio.events import Event, Probed
from resnet_studio.training import adapting, balance, halfway, probe

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_studio.training.final_fit import Settled
    from resnet_studio.training.materials import Materials
    from resnet_studio.training.session import Session


@dataclass(frozen=True)
class Probes:
    """The network knows the classes; ``other`` is its trained part with the statistics that came and the head for
    those, ``better`` where validation says so.
    """

    other: Mapping[str, Tensor] | None
    better: bool = False

    def begin(self, session: Session, settled: Settled | None) -> None:
        """Let ``session`` start here: the better of both is what it has to beat, unless all is ``settled``."""
        halfway.remember(session)
        if settled is None:
            self.keep(session)
        elif not settled.epochs:
            self.take(session, unadapted=settled.unadapted)

    def keep(self, session: Session) -> None:
        """Make the better of both the network that fine-tuning has to beat."""
        session.keep_probe()
        if self.other is not None and self.better:
            self._keep_other(session, self.other)
        session.start = session.best

    def _keep_other(self, session: Session, other: Mapping[str, Tensor]) -> None:
        network = session.scored
        before, adapted = _copied(network.state_dict()), session.best
        network.load_state_dict(other)
        session.keep_probe()
        session.best_network.unadapted = session.best is not adapted
        network.load_state_dict(before)

    def take(self, session: Session, *, unadapted: bool) -> None:
        """Make that probe what ``session`` is left with where nothing is trained; nothing is compared."""
        if unadapted and self.other is not None:
            session.scored.load_state_dict(self.other)


def probe_start(m: Materials, begun: float) -> Generator[Event, None, Probes | None]:
    """Yield what a linear probe reaches where the starting weights know anything, and let it be the head unless a head
    for these classes came with the weights; None where the network does not know the classes now.
    """
    if m.config.weights == "scratch":
        return None
    came_with_head = bool(m.card.weights_origin["detail"].get("head"))
    adapts = not came_with_head and adapting.adapts(m)
    other = _fitted(m) if adapts else None
    other_state = None
    if other is not None and probe.install(other[0], m.model.fc):
        other_state = _copied(m.suffix.state_dict())
    if adapts:
        adapting.adapt(m)
    fitted, accuracy = _fitted(m)
    best = max(accuracy, other[1] if other is not None else 0.0)
    yield Probed(validation_accuracy=best, seconds=time.perf_counter() - begun)
    if not came_with_head and not probe.install(fitted, m.model.fc):
        return None
    return Probes(other_state, best > accuracy)


def _fitted(m: Materials) -> tuple[probe.Probe, float]:
    given = (m.batches, m.suffix, len(m.card.classes), m.config.seed, m.compute)
    return probe.probe(*given, weighting=balance.resolved(m.config))


def _copied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}
