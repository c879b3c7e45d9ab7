"""A network with what comes before and after it, as one module to be exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from resnet_studio.model.exports.source import normaliser
from resnet_studio.model.resnet import map_module, stage_modules
from resnet_studio.model.unlike import PARTS, Reference

if TYPE_CHECKING:
    from torchvision.models import ResNet

    from resnet_studio.model.card import Card


class Surrounded(nn.Module):
    """Pictures [N, 3, H, W], normalised, to logits, probabilities [N, classes] and, with a ``reference``, scores [N].

    With ``prepared`` the pictures are plain pixels, uint8 [N, H, W, 3]. With ``maps``, which need a linear head, class
    activation maps [N, classes, h, w] come last: what each place of the last stage adds to each logit.
    """

    def __init__(
        self, model: ResNet, card: Card, reference: Reference | None, *, prepared: bool, maps: bool = False
    ) -> None:
        super().__init__()
        self.model, self.prepared, self.temperature = model, prepared, card.temperature
        self.normalise = normaliser(card.preprocessing)
        self.unlike = None if reference is None else _Unlike(model, reference)
        self.maps = _Maps(model) if maps else None

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Logits, probabilities, how unlike all training pictures, class activation maps."""
        if self.prepared:
            pictures = self.normalise(pictures.permute(0, 3, 1, 2).float() / 255)
        logits = self.model(pictures)
        answer = logits, (logits / self.temperature).softmax(1)
        extras = (each() for each in (self.unlike, self.maps) if each is not None)
        return (*answer, *extras)


class WithUnlike(nn.Module):
    """Pictures [N, 3, H, W], normalised, to logits [N, classes] and how unlike all training pictures each is, [N]."""

    def __init__(self, model: ResNet, reference: Reference) -> None:
        super().__init__()
        self.model, self.unlike = model, _Unlike(model, reference)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Logits, how unlike all training pictures."""
        return self.model(pictures), self.unlike()


class _Unlike(nn.Module):
    """As :meth:`resnet_studio.model.unlike.Reference.scores`, of the pictures that ``model`` has just computed."""

    def __init__(self, model: ResNet, reference: Reference) -> None:
        super().__init__()
        pooled: dict[str, Tensor] = {}

        def pool(stage: str) -> Callable[..., None]:
            def hook(_: object, __: object, output: Tensor) -> None:
                pooled[stage] = reference.method.pool(output)

            return hook

        self.of_stage = pooled.__getitem__
        self.stages = reference.method.stages
        for stage in self.stages:
            map_module(model, stage).register_forward_hook(pool(stage))
        for name, tensor in reference.tensors().items():
            self.register_buffer(name.replace(".", "_"), tensor)

    def forward(self) -> Tensor:
        """Scores [N], computed in double precision."""
        logs = []
        for stage in self.stages:
            means, basis, floor = (getattr(self, f"unlike_{stage}_{part}").double() for part in PARTS)
            rows = self.of_stage(stage).double()
            rows = rows / rows.square().sum(1, keepdim=True).sqrt().clamp_min(1e-12)
            apart = rows.unsqueeze(1) - means
            distances = (apart.square().sum(2) - (apart @ basis).square().sum(2)) / floor
            logs.append(distances.amin(1).clamp_min(1e-12).log())
        return torch.stack(logs).mean(0).float()


class _Maps(nn.Module):
    """As :func:`resnet_studio.evaluation.heatmaps.class_activation`, of all classes."""

    def __init__(self, model: ResNet) -> None:
        super().__init__()
        features: dict[str, Tensor] = {}

        def hook(_: object, __: object, output: Tensor) -> None:
            features["last"] = output

        stage_modules(model, "layer4")[0].register_forward_hook(hook)
        self.features = features.__getitem__
        (head,) = (each for each in model.fc.modules() if isinstance(each, nn.Linear))
        self.register_buffer("weights", head.weight.detach().clone()[:, :, None, None])

    def forward(self) -> Tensor:
        """Maps [N, classes, h, w]."""
        weights: Tensor = self.get_buffer("weights")
        return nn.functional.conv2d(self.features("last"), weights)
