"""Knowledge distillation: trained models teach a new one (Hinton et al. 2015, arXiv 1503.02531).

The student learns the teachers' softened answers beside the labels, for the very view of a picture that it is shown
itself (Beyer et al. 2021, arXiv 2106.05237). Several teachers answer with the mean of their probabilities. Pictures
without a label are taught in the same way; what the teachers see in one is its class wherever one is needed.

The teachers' models are copied into the run's folder when it is made, so that it can be resumed when their runs are
gone; the copies go when it ends.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from resnet_studio.data import unlabelled
from resnet_studio.data.augment import normalise
from resnet_studio.data.by_model import TEACHER, unlike
from resnet_studio.data.decode import CHUNK, decode_all
from resnet_studio.data.run_split import outside_of, split_of
from resnet_studio.data.views import Framed
from resnet_studio.events import Event, Noted, Preparing
from resnet_studio.model import checkpoint
from resnet_studio.model.device import choose_device, layout
from resnet_studio.training.batches import as_batch, autocast
from resnet_studio.training.hardware import Compute, choose_compute
from resnet_studio.training.lineage import teacher_files
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Sample
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Run

STAGE = "teachers"
COPIES = "teacher-*.safetensors"
MARK = "taught"
"""What a split records of pictures that teachers have labelled: how many."""


@dataclass(frozen=True)
class Teacher:
    """A trained network, in eval mode; column ``order[i]`` of its logits is of the student's class ``i``."""

    loaded: checkpoint.Checkpoint
    order: Tensor

    def probabilities(self, pictures: Tensor, temperature: float) -> Tensor:
        """[B, C] for ``pictures`` [B, 3, H, W] in [0, 1], shown at the side that the network was trained for."""
        how = self.loaded.card.preprocessing
        if pictures.shape[-1] != how.crop:
            pictures = F.interpolate(pictures, how.crop, mode="bilinear", antialias=True).clamp(0, 1)
        inputs = normalise(pictures.clone(), how.mean, how.std)  # in place
        logits: Tensor = self.loaded.model(inputs.contiguous(memory_format=layout(inputs.device)))
        return (logits.float()[:, self.order] / temperature).softmax(1)


@dataclass(frozen=True)
class Teachers:
    """Networks that teach together."""

    members: tuple[Teacher, ...]
    temperature: float
    compute: Compute

    @classmethod
    def of(
        cls, run: Run, config: TrainConfig, classes: Sequence[str], device: torch.device, compute: Compute
    ) -> Teachers | None:
        """The teachers of ``run`` on ``device``; None where it has none."""
        members = []
        for file in copies(run) or teacher_files(config):
            loaded = checkpoint.load(file)
            model = loaded.model.requires_grad_(False).to(device, memory_format=layout(device))
            order = torch.tensor([loaded.card.classes.index(name) for name in classes], device=device)
            members.append(Teacher(replace(loaded, model=model), order))
        return cls(tuple(members), config.temperature, compute) if members else None

    @property
    def key(self) -> list[object]:
        """What their answers depend on besides the pictures."""
        return [sorted(member.loaded.card.sha256 for member in self.members), self.temperature]

    def answers(self, pictures: Tensor) -> Tensor:
        """The mean of their softened probabilities, [B, C], for ``pictures`` [B, 3, H, W] in [0, 1]."""
        with torch.no_grad(), autocast(pictures.device, self.compute):
            each = [member.probabilities(pictures, self.temperature) for member in self.members]
        return torch.stack(each).mean(0)


def copies(run: Run) -> list[Path]:
    """The models of the teachers in the folder of ``run``, or of the run that it is the second training of."""
    return sorted(run.folder.glob(COPIES)) or sorted(run.folder.parent.glob(COPIES))


def label_unlabelled(run: Run, control: Control) -> Generator[Event, None, bool]:
    """Add the pictures without a label that ``run`` asks for to its training pictures, once, with the class that its
    teachers see in them. None that is also a validation or test picture.

    Returns False where ``control`` asked it to end.
    """
    config, split = run.config, split_of(run)
    if config.unlabelled == "none" or MARK in split.together:
        return True
    other = outside_of(run)
    known = unlike(
        unlabelled.samples(config.unlabelled, split, Workspace(run.folder.parent.parent)),
        [*split.validation, *split.test, *(other.test if other else ())],
    )
    device = choose_device(config.device)
    teachers = Teachers.of(run, config, split.classes, device, choose_compute("fp32", device))
    assert teachers is not None
    added: list[Sample] = []
    side = max(member.loaded.card.preprocessing.crop for member in teachers.members)
    how = next(m.loaded.card.preprocessing for m in teachers.members if m.loaded.card.preprocessing.crop == side)
    for start in range(0, len(known), CHUNK):
        yield Preparing(stage=STAGE, done=start, total=len(known))
        if control.request:
            return False
        some = known[start : start + CHUNK]
        decoded = decode_all([split.path(each) for each in some], Framed.of(how), reading=how.reading)
        if decoded.indices:
            answers = teachers.answers(as_batch(torch.from_numpy(decoded.pixels), device)).argmax(1).tolist()
            for index, label in zip(decoded.indices, answers, strict=True):
                added.append(replace(some[index], label=label, labelled_by=TEACHER, part=None))
    together = {**split.together, MARK: len(added)}
    run.write_json("split.json", replace(split, train=(*split.train, *added), together=together).to_json())
    yield Noted(key="note.taught", values={"count": len(added), "labelled": len(split.train)})
    return True
