"""The network of a training with its starting weights."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from resnet_studio.events import Event, Preparing
from resnet_studio.model import architecture, resnet, weights
from resnet_studio.stepwise import map_steps
from resnet_studio.training.in_thread import in_thread

if TYPE_CHECKING:
    from torchvision.models import ResNet

    from resnet_studio.config import TrainConfig

Progress = Callable[[int, int], None]


def build_network(config: TrainConfig, classes: int, widths: Sequence[int] = ()) -> ResNet:
    """The network of ``config`` for so many ``classes``, with the random weights that its seed gives."""
    return resnet.build(
        architecture.of(config), classes, head=config.head, hidden_units=config.hidden_units, dropout=config.dropout,
        stem=config.stem, features=config.features, widths=widths, seed=config.seed,
    )  # fmt: skip


def starting_weights(
    model: ResNet, config: TrainConfig, classes: tuple[str, ...]
) -> Generator[Event, None, weights.Origin]:
    """Load the starting weights, with the progress of a download."""
    yield Preparing(stage="weights", done=0, total=1)

    def load(progress: Progress) -> weights.Origin:
        return weights.load_into(model, architecture.of(config), config.weights, classes=classes, progress=progress)

    loading = in_thread(load)
    origin: weights.Origin = yield from map_steps(
        loading, lambda ready: Preparing(stage="weights", done=ready[0], total=ready[1])
    )
    return origin
