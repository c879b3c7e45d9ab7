"""Before a training: the network learns from its pictures without their labels, see
:mod:`resnet_studio.training.simsiam`. It belongs to the run, which can be paused in the middle of it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import torch
from torch import nn

from resnet_studio.data import unlabelled
from resnet_studio.data.augment import RANDOM
from resnet_studio.data.by_model import unlike
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.decode import content, decode_all
from resnet_studio.data.run_split import outside_of
from resnet_studio.data.views import Framed
from resnet_studio.errors import DataError
from resnet_studio.events import Event, Noted, Preparing
from resnet_studio.model import resnet
from resnet_studio.model.device import layout
from resnet_studio.training import saving
from resnet_studio.training.simsiam import BATCH, FEWEST, Lesson, Plan, SimSiam
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor
    from torchvision.models import ResNet

    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Sample, Split
    from resnet_studio.data.reading import Reading
    from resnet_studio.training.control import Control
    from resnet_studio.training.hardware import Compute
    from resnet_studio.workspace import Run

STAGE, SAVED = "simsiam", "simsiam.pt"


def state_file(run: Run) -> Path:
    """Where ``run`` keeps how far it is; not needed any more once the training itself has begun."""
    return run.folder / SAVED


def learn_without_labels(
    run: Run, config: TrainConfig, split: Split, model: ResNet, reading: Reading, compute: Compute,
    device: torch.device, control: Control,
) -> Generator[Event, None, bool]:  # fmt: skip
    """Let ``model`` learn for the epochs that ``config`` asks for, from the training pictures and those without a label
    that came along; none that is also a validation or test picture. False where ``control`` asked for an end.

    Raises :class:`DataError` where there are too few pictures.
    """
    samples = pictures(run, config, split)
    yield Preparing(stage=STAGE, done=0, total=config.pretrain_epochs)
    pixels = _pixels(run, config, split, samples, reading)
    if len(pixels) < FEWEST:
        raise DataError("error.pretrain.few", count=len(pixels), fewest=FEWEST)
    plan = Plan(config.pretrain_epochs, BATCH, config.seed, mirrored=config.horizontal_flip)
    lesson = Lesson(_learner(model, config.seed).to(device), pixels, plan, device, compute)
    left = next((file for file in (state_file(run), run.folder.parent / SAVED) if file.exists()), None)
    if left is not None:  # its own, or that of the run that it is the second training of
        lesson.restore(saving.read(left))
    for _ in lesson.epochs(control):
        done = len(lesson.ended)
        saving.write(state_file(run), lesson.state())
        yield Preparing(stage=STAGE, done=done, total=plan.epochs)
    if control.request:
        return False
    key = "note.pretrained.collapsed" if lesson.collapsed else "note.pretrained"
    extra = len(samples) - len(split.train)
    yield Noted(key=key, values={"pictures": len(pixels), "unlabelled": extra, "epochs": plan.epochs})
    return True


def pictures(run: Run, config: TrainConfig, split: Split) -> list[Sample]:
    """The training pictures, then those without a label, which are those of the data set unless ``config`` names
    others.
    """
    workspace = Workspace(run.folder.parent.parent)
    where = config.unlabelled if config.unlabelled != "none" else unlabelled.OWN
    try:
        more = unlabelled.samples(where, split, workspace)
    except DataError:  # none came along: it learns from the training pictures alone
        more = []
    other = outside_of(run)
    known = unlike(more, [*split.validation, *split.test, *(other.test if other else ())])
    there = {sample.content or sample.file for sample in split.train}
    return [*split.train, *(sample for sample in known if (sample.content or sample.file) not in there)]


def _pixels(run: Run, config: TrainConfig, split: Split, samples: list[Sample], reading: Reading) -> Tensor:
    assert config.picture_size is not None
    files = [split.path(sample) for sample in samples]
    contents = [content(sample, file) for sample, file in zip(samples, files, strict=True)]
    view = Framed(config.picture_size, config.picture_size, "crop")
    decoded = decode_all(files, view, reading=reading, contents=contents, cache=ArrayCache(run.cache))
    return torch.from_numpy(decoded.pixels)


def _learner(model: ResNet, seed: int) -> SimSiam:
    """All of ``model`` before its head, which it shares, with a projection and a predictor."""
    inputs = next(layer.in_features for layer in model.fc.modules() if isinstance(layer, nn.Linear))
    model.to(memory_format=layout(next(model.parameters()).device))
    with RANDOM:
        torch.manual_seed(seed)
        return SimSiam(resnet.body_of(model), inputs)
