"""Pictures in; ranked classes, logits and features out; with a checkpoint and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.batching import BatchedModel, Pictures
from resnet_studio.batching import Prediction as Prediction
from resnet_studio.errors import StudioError
from resnet_studio.model.activations import Activations, concatenate
from resnet_studio.model.architecture import STAGES, Stage
from resnet_studio.model.checkpoint import Checkpoint, load
from resnet_studio.model.device import choose_device, layout, threads_for
from resnet_studio.model.unlike import EVERYTHING
from resnet_studio.one_or_many import as_list

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module
    from torchvision.models import ResNet

TAPPED = STAGES[:-1]
"""The stages whose outputs :meth:`Predictor.activations` gives; the head's are the logits."""


class Predictor(BatchedModel):
    """A model that answers; any number of threads may call it at once.

    ``checkpoint`` is a file, which is verified, or a loaded one, whose model the predictor takes over. The weights are
    moved to ``device`` once and computed with in fp32, as in the exported code. Raises :class:`CheckpointError` for a
    file that is not sound, :class:`ConfigError` for a device that this machine does not have.

    Of pictures like the training pictures a share of ``accept`` is accepted, 1 is all, the rest is unknown; by default
    what the card says. Where the card says that the model cannot tell unlike pictures, all are accepted.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | str | Path,
        device: str = "auto",
        *,
        batch_size: int = 32,
        accept: float | None = None,
    ) -> None:
        import torch

        self._device = choose_device(device)
        if device == "auto" and self._device.type == "mps":  # beside a training, two threads on Metal can crash it
            self._device = torch.device("cpu")  # (pytorch/pytorch issue 197805)
        loaded = load(Path(checkpoint)) if isinstance(checkpoint, str | Path) else checkpoint
        self.card = loaded.card
        self.model = loaded.model.eval().to(device=self._device, memory_format=layout(self._device))
        known = self.card.unlike if accept is None or self.card.unlike is None else self.card.unlike.at(accept)
        self._reference = loaded.reference if known and known.usable else None
        accepted = known.threshold if known else math.inf
        super().__init__(self.card.classes, self.card.preprocessing, accepted=accepted, batch_size=batch_size)
        side = self.preprocessing.crop
        self._activations(torch.zeros(1, 3, side, side))

    def activations(
        self, pictures: Pictures, *, drawings: bool = False, stages: Stage | Sequence[Stage] = ()
    ) -> Activations:
        """The logits and features of ``pictures``, and the pooled outputs of ``stages``; ``drawings`` as for a call.

        Pictures that cannot be used have no row, and their error in :attr:`Activations.errors`. Raises ``ValueError``
        for a stage that there is not.
        """
        import torch

        stages = as_list(stages)
        if unknown := set(stages) - set(TAPPED):
            raise ValueError(f"no stages {sorted(unknown)}: there are {', '.join(TAPPED)}")
        parts: list[Activations] = []
        places: list[int] = []
        errors: dict[int, StudioError] = {}
        for inputs in self._inputs(pictures, drawings):
            usable: list[Tensor] = []
            for place, each in enumerate(inputs, len(places) + len(errors)):
                if isinstance(each, StudioError):
                    errors[place] = each
                else:
                    places.append(place)
                    usable.append(each)
            if usable:
                parts.append(self._activations(torch.stack(usable), stages))
        if not parts:  # the widths are those of any picture
            side = self.preprocessing.crop
            parts.append(self._activations(torch.zeros(1, 3, side, side), stages))
        return concatenate(parts, tuple(places), errors)

    @contextmanager
    def alone(self, pictures: int | None = None) -> Iterator[ResNet]:
        """The model, by which no other call computes meanwhile: for hooks and gradients.

        ``pictures``: how many it is asked about at a time, see :func:`~resnet_studio.model.device.threads_for`.
        """
        with self._compute_lock, threads_for(self._batch_size if pictures is None else pictures, self._device):
            yield self.model

    def compute(self, batch: Tensor, stages: Sequence[Stage] = ()) -> Activations:
        """What the network makes of ``batch`` [N, 3, crop, crop], at once and in the calling thread."""
        import torch

        from resnet_studio.model.resnet import map_module, stage_modules

        found: dict[str, Tensor] = {}

        def keep_features(_: Module, inputs: tuple[Tensor, ...]) -> None:
            found["head"] = inputs[0].float().cpu()

        def keep(stage: str) -> Callable[..., None]:
            def hook(_: Module, __: object, output: Tensor) -> None:
                found[stage] = EVERYTHING.pool(output.float().reshape(*output.shape[:2], -1, 1)).cpu()

            return hook

        hooks = [stage_modules(self.model, "head")[0].register_forward_pre_hook(keep_features)]
        for stage in dict.fromkeys([*stages, *(self._reference.method.stages if self._reference else ())]):
            hooks.append(map_module(self.model, stage).register_forward_hook(keep(stage)))
        try:
            with (
                threads_for(len(batch), self._device),
                torch.inference_mode(),
                torch.autocast(self._device.type, enabled=False),
            ):
                logits = self.model(batch.to(self._device).contiguous(memory_format=layout(self._device)))
        finally:
            for each in hooks:
                each.remove()
        halves = {stage: found[stage].chunk(2, 1) for stage in stages}
        means: dict[str, Tensor] = {stage: half[0] for stage, half in halves.items()}
        spreads: dict[str, Tensor] = {stage: half[1] for stage, half in halves.items()}
        unlike = self._reference.scores(self._reference.method.of_pooled(found)) if self._reference else None
        logits = logits.float().cpu()
        temperature = self.card.temperature
        return Activations(logits, found["head"], means, temperature=temperature, unlike=unlike, spreads=spreads)
