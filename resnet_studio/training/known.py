"""What is known of pictures when a training ends: the output of its frozen stages, and from that of all the others.

Whoever then asks what the stages make of these pictures, as :mod:`resnet_studio.evaluation.unlikeness` does, need not
read them again, nor pass them through what was frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from resnet_studio.evaluation.stage_outputs import StageOutputs
from resnet_studio.model import architecture, resnet
from resnet_studio.model.anatomy import frozen_stages
from resnet_studio.model.unlike import EVERYTHING
from resnet_studio.training.kept_views import CachedFeatures, arranged

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from resnet_studio.config import TrainConfig
    from resnet_studio.model.architecture import Stage
    from resnet_studio.training.materials import Materials

CHUNK = 64
STAGES = EVERYTHING.stages


def frozen_taps(config: TrainConfig) -> dict[Stage, str]:
    """The stages that are looked at and that a resolved ``config`` freezes, with the module that each ends in; none
    where the head alone is trained: what those stages make of pictures has a cache of its own.
    """
    if config.freeze == "layer4":
        return {}
    network = architecture.of(config)
    return {stage: network.modules(stage)[-1] for stage in STAGES if stage in frozen_stages(config.freeze)}


@contextmanager
def tapped(modules: Mapping[Stage, Module]) -> Iterator[dict[Stage, Tensor]]:
    """What ``modules`` put out meanwhile, pooled, fp32 [B, F] on the CPU, by stage; of the last batch."""
    found: dict[Stage, Tensor] = {}

    def keep(stage: Stage) -> Callable[..., None]:
        def hook(_: Module, __: object, output: Tensor) -> None:
            found[stage] = EVERYTHING.pool(output.float().reshape(*output.shape[:2], -1, 1)).cpu()

        return hook

    hooks = [module.register_forward_hook(keep(stage)) for stage, module in modules.items()]
    try:
        yield found
    finally:
        for each in hooks:
            each.remove()


@dataclass(frozen=True, eq=False)
class Known:
    """Pictures with these ``contents``: what the frozen stages make of them, ``features`` [N, ...] with the channels
    last, and the ``pooled`` outputs [N, F] of stages before the last of these.
    """

    contents: Sequence[str]
    features: Tensor
    pooled: Mapping[Stage, Tensor]


@dataclass(frozen=True, eq=False)
class KnownPictures:
    """Those of the training ``materials`` and what was ``scored``; see :class:`Known`."""

    materials: Materials
    scored: list[Known] = field(default_factory=list)

    def add(self, contents: Sequence[str], features: Tensor, pooled: Mapping[Stage, Tensor]) -> None:
        """Pictures that were scored; see :class:`Known`."""
        last = features.permute(0, 2, 3, 1) if features.ndim == 4 else features
        self.scored.append(Known(contents, last, pooled))

    def outputs(self, contents: Sequence[str]) -> StageOutputs:
        """What the stages of the network as it is now (eval mode) make of those of pictures with these ``contents``
        that are known, in fp32; none where nothing is kept, or where pictures are shown otherwise in the end.
        """
        m, wanted = self.materials, {content: place for place, content in enumerate(contents)}
        found: list[tuple[int, Known, int]] = []
        for known in self._known():
            for row, content in enumerate(known.contents):
                if content and (place := wanted.pop(content, None)) is not None:
                    found.append((place, known, row))
        found.sort(key=lambda each: each[0])
        stages: dict[Stage, list[Tensor]] = {stage: [] for stage in STAGES}
        logits: list[Tensor] = []
        trained = {stage: resnet.map_module(m.model, stage) for stage in STAGES if stage not in frozen_taps(m.config)}
        for start in range(0, len(found), CHUNK):
            some = found[start : start + CHUNK]
            inputs = torch.stack([known.features[row] for _, known, row in some]).to(m.device).float()
            with torch.inference_mode(), tapped(trained) as pooled:
                logits.append(m.suffix(arranged(inputs)).float().cpu())
            for stage, rows in stages.items():
                known_rows = [known.pooled[stage][row] for _, known, row in some if stage in known.pooled]
                rows.append(torch.stack(known_rows) if known_rows else pooled[stage])
        if not found:
            return StageOutputs({}, torch.empty(0), ())
        whole: dict[str, Tensor] = {stage: torch.cat(rows) for stage, rows in stages.items()}
        return StageOutputs(whole, torch.cat(logits), tuple(place for place, _, _ in found))

    def _known(self) -> Iterator[Known]:
        m = self.materials
        if not isinstance(m.batches, CachedFeatures) or m.config.freeze == "layer4":
            return
        yield from self.scored
        if m.card.preprocessing.reduces != "all":
            kept = m.batches
            if m.compute.precision == "fp32":
                yield Known(kept.validation.contents, kept.validation_features, kept.pooled["validation"])
            yield Known(kept.training.contents, kept.plain_features, kept.pooled["train"])
