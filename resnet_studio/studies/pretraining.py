"""Starting weights from one's own pictures without labels: SimSiam (Chen and He 2021, arXiv 2011.10566).

Two changed views of a picture go through the network; what a small predictor makes of the one is to point the way of
the other, through which no gradient runs. That, and the predictor, keep the network from giving one answer to all
pictures, without negative pairs or large batches. What comes out is a file of plain weights to train from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from resnet_studio.data.augment import RANDOM, normalise
from resnet_studio.data.decode import decode_all
from resnet_studio.data.unlabelled import pictures_of
from resnet_studio.data.views import Framed
from resnet_studio.errors import ConfigError, DataError
from resnet_studio.model import architecture, resnet, weights
from resnet_studio.model.device import choose_device

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Workspace

WIDTH, NARROW = 512, 128  # of the projection, and inside the predictor: a quarter, as in the paper
RATE, MOMENTUM, DECAY = 0.05, 0.9, 1e-4  # per 256 pictures (section 3)
FEWEST, BATCH, SIZE, EPOCHS = 16, 64, 96, 100
LEAST_SHOWN, HUE = 0.2, 0.1
COLLAPSED = 0.2
"""Of the spread of evenly distributed outputs: below it the network answers all pictures alike (section 4.1)."""


@dataclass(frozen=True)
class Pretrained:
    """The ``file`` of weights for a network ``depth`` deep, from so many ``pictures``; ``losses`` [epochs] go from 0 to
    -1, where both views of all pictures agree. ``spread`` is that of the outputs, 1 where they are evenly distributed.
    """

    file: Path
    depth: int
    pictures: int
    losses: tuple[float, ...]
    spread: float

    @property
    def collapsed(self) -> bool:
        """Whether the network gives all pictures the same answer: of no use."""
        return self.spread < COLLAPSED


class SimSiam(nn.Module):
    """``body`` with ``inputs`` features, a projection and a predictor, both with BatchNorm (section 3)."""

    def __init__(self, body: nn.Module, inputs: int) -> None:
        super().__init__()
        self.body = body
        self.projection = nn.Sequential(
            nn.Linear(inputs, WIDTH, bias=False), nn.BatchNorm1d(WIDTH), nn.ReLU(),
            nn.Linear(WIDTH, WIDTH, bias=False), nn.BatchNorm1d(WIDTH, affine=False),
        )  # fmt: skip
        self.predictor = nn.Sequential(
            nn.Linear(WIDTH, NARROW, bias=False), nn.BatchNorm1d(NARROW), nn.ReLU(), nn.Linear(NARROW, WIDTH)
        )

    def forward(self, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of two views [B, 3, S, S] of the same pictures, and the spread of the outputs."""
        first, second = (self.projection(self.body(each)) for each in (one, other))
        loss = (agreement(self.predictor(first), second) + agreement(self.predictor(second), first)) / 2
        spread = F.normalize(first.detach(), dim=1).std(0).mean() * math.sqrt(WIDTH)
        return loss, spread


def agreement(predicted: Tensor, target: Tensor) -> Tensor:
    """Minus the mean cosine of both [B, D]; no gradient reaches ``target`` (algorithm 1)."""
    return -F.cosine_similarity(predicted, target.detach(), dim=1).mean()


def pretrain(
    where: str,
    config: TrainConfig,
    into: Path,
    workspace: Workspace,
    control: Control,
    on_epoch: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> Pretrained:
    """Learn from the pictures that ``where`` names, a folder or ``dataset:ID``, and write the weights to ``into``.

    Of ``config``: network, starting weights, epochs, batch size, picture size, learning rate, mirroring, seed, device.
    Where ``control`` asks for an end, what was learnt by then is written. Raises :class:`StudioError` where there are
    too few pictures, or where none can be read.
    """
    from safetensors.torch import save_file

    if into.suffix != ".safetensors":
        raise ConfigError("error.pretrain.file", file=into.name)
    device, network = choose_device(config.device), architecture.of(config)
    size = config.picture_size or SIZE
    files = [each.file for each in pictures_of(where, workspace)]
    pixels = torch.from_numpy(decode_all([Path(file) for file in files], Framed(size, size, "crop")).pixels)
    if len(pixels) < FEWEST:
        raise DataError("error.pretrain.few", count=len(pixels), fewest=FEWEST)
    model = resnet.build(network, 1, seed=config.seed)
    weights.load_into(model, network, weights.choose(config.weights, network))
    inputs, model.fc = model.fc.in_features, nn.Identity()
    with RANDOM:
        torch.manual_seed(config.seed)
        learner = SimSiam(model, inputs).to(device)
    ended: list[tuple[float, float]] = []
    for each in _epochs(learner, pixels, config, device, control):
        ended.append(each)
        on_epoch(len(ended), each[0])
    into.parent.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    save_file(state, into)
    losses = tuple(loss for loss, _ in ended)
    return Pretrained(into, network.depth, len(pixels), losses, ended[-1][1] if ended else 0.0)


def _epochs(
    learner: SimSiam, pixels: Tensor, config: TrainConfig, device: torch.device, control: Control
) -> Iterator[tuple[float, float]]:
    """Train; the mean loss and the last spread of each epoch. SGD along a half cosine."""
    batch = min(config.batch_size or BATCH, len(pixels))
    epochs, steps = config.epochs or EPOCHS, len(pixels) // batch
    optimizer = torch.optim.SGD(
        learner.parameters(), config.learning_rate or RATE * batch / 256, momentum=MOMENTUM, weight_decay=DECAY
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * steps)
    learner.train()
    for epoch in range(epochs):
        order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(config.seed + epoch))
        total, spread = 0.0, torch.zeros(())
        for step, chosen in enumerate(torch.split(order[: steps * batch], batch)):
            if control.request:
                return
            with RANDOM:
                torch.manual_seed(config.seed * 1_000_003 + epoch * steps + step)
                views = [_changed(pixels[chosen], config).to(device) for _ in range(2)]
            loss, spread = learner(*views)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        yield total / steps, float(spread)


def _changed(pixels: Tensor, config: TrainConfig) -> Tensor:
    """A changed view [B, 3, S, S] of each picture, uint8 [B, S, S, 3]: cropped, mirrored, recoloured (appendix A)."""
    from torchvision.transforms import v2

    from resnet_studio.model.preprocess import IMAGENET_MEAN, IMAGENET_STD

    steps: Sequence[Any] = (
        v2.RandomResizedCrop(pixels.shape[1], scale=(LEAST_SHOWN, 1.0), antialias=True),
        v2.RandomHorizontalFlip(0.5 if config.horizontal_flip else 0.0),
        v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.4, HUE)], 0.8),
        v2.RandomGrayscale(0.2),
    )
    change = v2.Compose(steps)
    varied = torch.stack([change(each) for each in pixels.permute(0, 3, 1, 2).float() / 255])
    return normalise(varied, IMAGENET_MEAN, IMAGENET_STD)
