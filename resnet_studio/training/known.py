"""What is known of pictures when a training ends: the output of its frozen stages, and from that of all the others.

Whoever then asks what the stages make of these pictures, as :mod:`resnet_studio.evaluation.unlikeness` does, need not
read them again, nor pass them through what was frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
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

    Answers = Callable[[list[int]], tuple[Mapping[Stage, Tensor], Tensor]]
    """The ``pooled`` outputs and the ``logits`` of some rows of what is known; see :class:`Known`."""

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


def through_suffix(m: Materials, features: Tensor) -> tuple[Tensor, dict[Stage, Tensor]]:
    """The logits, fp32 on the CPU, that the trained part makes of ``features`` [N, ...], and what the stages within it
    do, pooled; none of these where the head alone is trained.
    """
    looked_at = STAGES if m.config.freeze != "layer4" else ()
    trained = {stage: resnet.map_module(m.model, stage) for stage in looked_at if stage not in frozen_taps(m.config)}
    logits: list[Tensor] = []
    stages: dict[Stage, list[Tensor]] = {stage: [] for stage in trained}
    for chunk in torch.split(features, CHUNK):
        with torch.inference_mode(), tapped(trained) as pooled:
            logits.append(m.suffix(chunk.to(m.device)).float().cpu())
        for stage, each in pooled.items():
            stages[stage].append(each)
    return torch.cat(logits), {stage: torch.cat(each) for stage, each in stages.items()}


@dataclass(frozen=True, eq=False)
class Known:
    """Pictures with these ``contents``: the ``pooled`` outputs [N, F] of all stages, and their ``logits``."""

    contents: Sequence[str]
    pooled: Mapping[Stage, Tensor]
    logits: Tensor


@dataclass(frozen=True, eq=False)
class KnownPictures:
    """Those of the training ``materials`` and what was ``scored``; see :class:`Known`."""

    materials: Materials
    scored: list[Known] = field(default_factory=list)

    def outputs(self, contents: Sequence[str]) -> StageOutputs:
        """What the stages of the network as it is now (eval mode) make of those of pictures with these ``contents``
        that are known, in fp32; none where nothing is kept, or where pictures are shown otherwise in the end.
        """
        wanted = {content: place for place, content in enumerate(contents)}
        places: list[int] = []
        stages: dict[Stage, list[Tensor]] = {stage: [] for stage in STAGES}
        logits: list[Tensor] = []
        for known_contents, answers in self._known():
            named = {
                content: row for row, content in reversed([*enumerate(known_contents)]) if content in wanted and content
            }
            if not named:
                continue
            rows = sorted(named.values())
            places += [wanted.pop(known_contents[row]) for row in rows]
            pooled, some = answers(rows)
            logits.append(some)
            for stage, found in stages.items():
                found.append(pooled[stage])
        if not places:
            return StageOutputs({}, torch.empty(0), ())
        order = torch.tensor(sorted(range(len(places)), key=places.__getitem__))
        whole: dict[str, Tensor] = {stage: torch.cat(found)[order] for stage, found in stages.items()}
        return StageOutputs(whole, torch.cat(logits)[order], tuple(sorted(places)))

    def _known(self) -> Iterator[tuple[Sequence[str], Answers]]:
        """The contents of what is known, and what answers for some rows of it."""
        m = self.materials
        if not isinstance(m.batches, CachedFeatures) or m.config.freeze == "layer4":
            return
        for known in self.scored:
            yield known.contents, partial(_rows_of, known)
        if m.card.preprocessing.reduces != "all":
            kept = m.batches
            if m.compute.precision == "fp32":
                held = kept.validation_features, kept.pooled["validation"]
                yield kept.validation.contents, partial(_computed, m, *held)
            yield kept.training.contents, partial(_computed, m, kept.plain_features, kept.pooled["train"])


def _rows_of(known: Known, rows: list[int]) -> tuple[Mapping[Stage, Tensor], Tensor]:
    return {stage: each[rows] for stage, each in known.pooled.items()}, known.logits[rows]


def _computed(
    m: Materials, features: Tensor, pooled: Mapping[Stage, Tensor], rows: list[int]
) -> tuple[Mapping[Stage, Tensor], Tensor]:
    """The same of ``features`` [N, ...] with the channels last, and of what the stages before them put out."""
    logits, trained = through_suffix(m, arranged(features[rows].to(m.device).float()))
    return {stage: each[rows] for stage, each in pooled.items()} | trained, logits
