"""The mean of the weights before and after fine-tuning, unless validation pictures find it worse than the best epoch.

Between the network that the linear probe left and the one that fine-tuning ends with lies one that keeps more of what
the starting weights know and costs nothing more to use (WiSE-FT: Wortsman et al. 2022, arXiv 2109.01903, with the share
of one half that they recommend). It needs no epoch to be chosen, which with few validation pictures is chance: on 45
sets with 18 to 40 validation pictures, by which the limits here were chosen, it had 0.6 ± 0.6 points more right in the
test than the best epoch (``benchmarks/halfway.py``), on 17 others with 6 to 40 it had 1.2 ± 0.6
(``benchmarks/settled.py``), and is taken there where nobody says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from resnet_studio.events import Noted
from resnet_studio.run_state import MEAN, MEAN_OF_PROBE

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_studio.training.session import Session

SHARE = 0.5
"""Of the trained weights in the mean."""
CHANCE = 5.0
"""So many validation pictures fewer are no reason against it: by the exact test of paired answers six of six are the
first that chance alone seldom makes.
"""
FEW_TO_COMPARE = 60
"""With fewer validation pictures the mean is taken where nobody says otherwise."""
TAKEN, TAKEN_PROBE = MEAN, MEAN_OF_PROBE
"""Which note says so: that the best was an epoch, or the probe."""
KEPT, KEPT_PROBE, NONE = "note.halfway.kept", "note.halfway.kept.probe", "note.halfway.none"
"""Which note says that the best stays, or that there is nothing to take the mean of."""


def mean_of(start: Mapping[str, Tensor], end: Mapping[str, Tensor], share: float = SHARE) -> dict[str, Tensor]:
    """``start`` moved by a ``share`` of the way to ``end``, BatchNorm's statistics too; counts are those of ``end``."""
    return {
        name: value.lerp(start[name].to(value.device), 1 - share) if value.is_floating_point() else value.clone()
        for name, value in end.items()
    }


def remember(session: Session) -> None:
    """Hold the weights of the probe, with which ``session`` begins, where their mean with the last ones is of use."""
    config = session.materials.config
    if config.mean_with_start and config.freeze != "layer4" and not config.adversarial and session.world.main:
        state = session.scored.state_dict()
        session.start_suffix = {name: value.detach().cpu().clone() for name, value in state.items()}


def settle(session: Session) -> Noted | None:
    """Make the mean of the weights before and after the training the best network, unless validation pictures say that
    the best epoch is better; says which it is. None where nobody asked for it.
    """
    best = session.best
    if session.start_suffix is None:
        return Noted(key=NONE) if session.materials.config.mean_with_start else None
    if best is None or not session.history:
        return None
    network = session.scored
    end = {name: value.detach().clone() for name, value in network.state_dict().items()}
    network.load_state_dict(mean_of(session.start_suffix, end))
    scores = session.validation_scores()
    balanced = None if best.balanced_accuracy is None else scores.balanced_accuracy
    found = replace(session.history[-1], validation_loss=scores.loss, validation_accuracy=scores.accuracy,
                    balanced_accuracy=balanced, best=True)  # fmt: skip
    pictures = len(session.materials.batches.validation)
    taken = (best.score[0] - found.score[0]) * pictures <= CHANCE + 1e-6
    if taken:
        session.best_network.update(found, network)
        session.best_network.halfway = True
    network.load_state_dict(end)
    values = {"right": round(scores.accuracy * pictures), "pictures": pictures, "epoch": best.epoch,
              "of_epoch": round(best.validation_accuracy * pictures)}  # fmt: skip
    of_epoch, of_probe = (TAKEN, TAKEN_PROBE) if taken else (KEPT, KEPT_PROBE)
    return Noted(key=of_epoch if best.epoch else of_probe, values=values)
