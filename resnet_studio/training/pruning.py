"""A training on fewer channels: they are taken out of the starting weights before its first step.

The card in the run's folder says which width each block has from then on, so that resuming builds the same network.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.errors import CheckpointError
from resnet_studio.events import Event, Noted
from resnet_studio.model.anatomy import trained_stages
from resnet_studio.model.card import read_card
from resnet_studio.model.weights import is_path
from resnet_studio.model.widths import prune, widths_of
from resnet_studio.training import cards

if TYPE_CHECKING:
    from torchvision.models import ResNet

    from resnet_studio.config import TrainConfig
    from resnet_studio.workspace import Run


def starting_widths(run: Run, config: TrainConfig, *, resuming: bool) -> tuple[int, ...]:
    """The inner widths of the network that ``run`` goes on with, or of its starting weights; none where they are the
    usual ones.
    """
    if resuming and (card := cards.saved(run)) is not None:
        return card.widths
    if not is_path(config.weights):
        return ()
    try:
        return read_card(Path(config.weights).expanduser()).widths
    except CheckpointError:  # weights from elsewhere
        return ()


def take_out(model: ResNet, config: TrainConfig) -> Iterator[Event]:
    """Prune ``model`` as ``config`` says; a note on what is gone."""
    if config.keep_channels == 1:
        return
    before, counted = sum(widths_of(model)), _millions(model)
    stages = trained_stages(config.freeze)
    by = "l1" if config.weights == "scratch" else config.prune_by  # random channels have equal scales
    gone = before - sum(prune(model, config.keep_channels, by, stages))
    yield Noted(key="note.pruned", values={"gone": gone, "before": counted, "after": _millions(model)})


def widths(model: ResNet, config: TrainConfig, starting: tuple[int, ...]) -> tuple[int, ...]:
    """What the card of ``model`` says: nothing where it has the usual widths."""
    return widths_of(model) if starting or config.keep_channels < 1 else ()


def _millions(model: ResNet) -> float:
    return float(sum(parameter.numel() for parameter in model.parameters())) / 1e6
