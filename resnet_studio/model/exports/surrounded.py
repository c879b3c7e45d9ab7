"""A network with what comes before and after it, as one module to be exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from resnet_studio.model.exports.source import normaliser
from resnet_studio.model.resnet import stage_modules
from resnet_studio.model.unlike import PARTS, STAGES, Reference

if TYPE_CHECKING:
    from torchvision.models import ResNet

    from resnet_studio.model.card import Card


class Surrounded(nn.Module):
    """Pictures [N, 3, H, W], normalised, to logits, probabilities [N, classes] and, with a ``reference``, scores [N].

    With ``prepared`` the pictures are plain pixels, uint8 [N, H, W, 3].
    """

    def __init__(self, model: ResNet, card: Card, reference: Reference | None, *, prepared: bool) -> None:
        super().__init__()
        self.model, self.prepared, self.temperature = model, prepared, card.temperature
        self.normalise = normaliser(card.preprocessing)
        self.unlike = None if reference is None else _Unlike(model, reference)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Logits, probabilities, how unlike all training pictures."""
        if self.prepared:
            pictures = self.normalise(pictures.permute(0, 3, 1, 2).float() / 255)
        logits = self.model(pictures)
        answer = logits, (logits / self.temperature).softmax(1)
        return answer if self.unlike is None else (*answer, self.unlike())


class _Unlike(nn.Module):
    """As :meth:`resnet_studio.model.unlike.Reference.scores`, of the pictures that ``model`` has just computed."""

    def __init__(self, model: ResNet, reference: Reference) -> None:
        super().__init__()
        pooled: dict[str, Tensor] = {}

        def pool(stage: str) -> Callable[..., None]:
            def hook(_: object, __: object, output: Tensor) -> None:
                pooled[stage] = output.mean((2, 3))

            return hook

        self.of_stage = pooled.__getitem__
        for stage in STAGES:
            stage_modules(model, stage)[0].register_forward_hook(pool(stage))
        for name, tensor in reference.tensors().items():
            self.register_buffer(name.replace(".", "_"), tensor)

    def forward(self) -> Tensor:
        """Scores [N], computed in double precision."""
        logs = []
        for stage in STAGES:
            means, basis, floor = (getattr(self, f"unlike_{stage}_{part}").double() for part in PARTS)
            rows = self.of_stage(stage).double()
            rows = rows / rows.square().sum(1, keepdim=True).sqrt().clamp_min(1e-12)
            apart = rows.unsqueeze(1) - means
            distances = (apart.square().sum(2) - (apart @ basis).square().sum(2)) / floor
            logs.append(distances.amin(1).clamp_min(1e-12).log())
        return torch.stack(logs).mean(0).float()
