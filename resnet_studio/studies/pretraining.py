"""A file of starting weights from one's own pictures without labels, see :mod:`resnet_studio.training.simsiam`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from resnet_studio.data import measured
from resnet_studio.data.augment import RANDOM
from resnet_studio.data.decode import decode_all
from resnet_studio.data.reading import Reading
from resnet_studio.data.unlabelled import pictures_of
from resnet_studio.data.views import Framed
from resnet_studio.durable import replacing
from resnet_studio.errors import ConfigError, DataError, RunError
from resnet_studio.model import architecture, resnet, weights
from resnet_studio.model.device import choose_device
from resnet_studio.stepwise import result_of
from resnet_studio.training import simsiam
from resnet_studio.training.simsiam import COLLAPSED, FEWEST

if TYPE_CHECKING:
    from torch import Tensor
    from torchvision.models import ResNet

    from resnet_studio.config import TrainConfig
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Workspace

SIZE, EPOCHS = 96, 100


@dataclass(frozen=True)
class PretrainingResult:
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


def pretrain(
    where: str,
    config: TrainConfig,
    into: Path,
    workspace: Workspace,
    control: Control,
    on_epoch: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> PretrainingResult:
    """Learn from the pictures that ``where`` names, a folder or ``dataset:ID``, and write the weights to ``into``.

    Of ``config``: network, starting weights, epochs, batch size, picture size, learning rate, mirroring, seed, device.
    Where ``control`` asks for an end, what was learnt by then is written, once an epoch is over. Raises
    :class:`StudioError` where there are too few pictures, or where nothing can be written.
    """
    from safetensors.torch import save_file

    if into.suffix != ".safetensors":
        raise ConfigError("error.pretrain.file", file=into.name)
    if config.batch_size == 1:
        raise ConfigError("error.pretrain.batch")
    with replacing(into) as temporary:
        temporary.touch()  # where nothing can be written, that is found out before anything is learnt
        model, lesson = _lesson(where, config, workspace)
        for _ in lesson.epochs(control):
            on_epoch(len(lesson.ended), lesson.ended[-1][0])
        if not lesson.ended:
            raise RunError("error.pretrain.stopped")
        save_file({name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}, temporary)
    losses = tuple(loss for loss, _ in lesson.ended)
    return PretrainingResult(into, architecture.of(config).depth, len(lesson.pixels), losses, lesson.ended[-1][1])


def _lesson(where: str, config: TrainConfig, workspace: Workspace) -> tuple[ResNet, simsiam.Lesson]:
    """The network, without its head, and what is to be learnt with it."""
    device, network = choose_device(config.device), architecture.of(config)
    pixels = _pixels(where, config.picture_size or SIZE, workspace)
    model = resnet.build(network, 1, seed=config.seed)
    weights.load_into(model, network, weights.choose(config.weights, network))
    inputs, model.fc = model.fc.in_features, nn.Identity()
    with RANDOM:
        torch.manual_seed(config.seed)
        learner = simsiam.SimSiam(model, inputs).to(device)
    return model, simsiam.Lesson(learner, pixels, _plan(config), device)


def _pixels(where: str, size: int, workspace: Workspace) -> Tensor:
    """The pictures that ``where`` names, [N, size, size, 3]; those of more than 8 bits by the range that they use."""
    files = [Path(each.file) for each in pictures_of(where, workspace)]
    reading = Reading(result_of(measured.measure(files)))
    pixels = torch.from_numpy(decode_all(files, Framed(size, size, "crop"), reading=reading).pixels)
    if len(pixels) < FEWEST:
        raise DataError("error.pretrain.few", count=len(pixels), fewest=FEWEST)
    return pixels


def _plan(config: TrainConfig) -> simsiam.Plan:
    return simsiam.Plan(
        config.epochs or EPOCHS, config.batch_size or simsiam.BATCH, config.seed, config.learning_rate,
        config.horizontal_flip,
    )  # fmt: skip
