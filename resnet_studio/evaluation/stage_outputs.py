"""What the stages of a network make of pictures.

Where the head alone is trained, the stages before it stay the same from one training to the next, and so does this:
after pictures were added to a set, those alone are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.data import cached_rows, decode
from resnet_studio.errors import StudioError
from resnet_studio.model import resnet
from resnet_studio.model.checkpoint import Checkpoint
from resnet_studio.model.unlike import EVERYTHING
from resnet_studio.model.weights_hash import weights_hash
from resnet_studio.prediction import Predictor

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor
    from torch.nn import Module

    from resnet_studio.batching import Picture
    from resnet_studio.data.cache import ArrayCache
    from resnet_studio.model.activations import Activations
    from resnet_studio.model.card import Card

VERSION = 2
STAGES = EVERYTHING.stages
FEATURES = "features"
NAMES = (*STAGES, FEATURES)


@dataclass(frozen=True, eq=False)
class StageOutputs:
    """Of N pictures, which are ``places`` of those asked for, the logits and the outputs of ``stages`` by name: each
    channel's mean and then its standard deviation over the picture [N, 2 C], fp32 on the CPU.
    """

    stages: dict[str, Tensor]
    logits: Tensor
    places: tuple[int, ...]


Known = Callable[[Sequence[str]], StageOutputs]
"""What is known without looking of those of pictures with these contents that are known."""


@dataclass(frozen=True, eq=False)
class Looker:
    """Looks at pictures with ``predictor``, unless they are ``known``; in ``cache`` it keeps what the stages before the
    head made of them.
    """

    predictor: Predictor
    cache: ArrayCache | None = None
    known: Known | None = None

    @classmethod
    def of(
        cls, model: Module, card: Card, device: torch.device, cache: ArrayCache | None = None,
        known: Known | None = None,
    ) -> Looker:  # fmt: skip
        """With ``model`` in eval mode on ``device``, as ``card`` describes it."""
        return cls(Predictor(Checkpoint(model, card), device=str(device)), cache, known)

    def outputs(self, pictures: Sequence[Picture], contents: Sequence[str]) -> StageOutputs:
        """What the network makes of ``pictures`` with these ``contents``; those that cannot be read are left out."""
        known = self.known(contents) if self.known else None
        if known is None or not known.places:
            return self._looked_at(pictures, contents)
        left = sorted(set(range(len(pictures))) - set(known.places))
        if not left:
            return known
        looked = self._looked_at([pictures[place] for place in left], [contents[place] for place in left])
        looked = replace(looked, places=tuple(left[place] for place in looked.places))
        return _merged(known, looked)

    def _looked_at(self, pictures: Sequence[Picture], contents: Sequence[str]) -> StageOutputs:
        if self.cache is None:
            found = self.predictor.activations(pictures, stages=STAGES)
            return StageOutputs(_pooled(found), found.logits, found.places)
        rows, places = self._kept_or_computed(self.cache, pictures, contents)
        return StageOutputs({name: rows[name] for name in STAGES}, self._logits(rows[FEATURES]), places)

    def _kept_or_computed(
        self, cache: ArrayCache, pictures: Sequence[Picture], contents: Sequence[str]
    ) -> tuple[dict[str, Tensor], tuple[int, ...]]:
        import torch

        family = cache.key(*self._family)
        known, new = cached_rows.find(cache, family, FEATURES, contents)
        arrays: dict[str, list[NDArray[Any]]] = {
            name: [found.arrays[name][found.rows] for found in known] for name in NAMES
        }
        places = [place for found in known for place in found.places.tolist()]
        if new or not known:
            looked = self.predictor.activations([pictures[place] for place in new], stages=STAGES)
            computed = {name: each.numpy() for name, each in (*_pooled(looked).items(), (FEATURES, looked.features))}
            seen = [new[place] for place in looked.places]
            for name in NAMES:
                arrays[name].append(computed[name][: len(seen)])
            places += seen
            _store(cache, family, computed, [contents[place] for place in seen])
        order = np.argsort(places, kind="stable")
        rows = {name: torch.from_numpy(np.concatenate(arrays[name])[order]) for name in NAMES}
        return rows, tuple(sorted(places))

    @cached_property
    def _family(self) -> tuple[object, ...]:
        """All that an output depends on, besides the picture."""
        body = resnet.body_of(self.predictor.model)
        preprocessing = asdict(self.predictor.preprocessing)
        return "outputs of stages", VERSION, STAGES, weights_hash(body), preprocessing, decode.VERSION

    def _logits(self, features: Tensor) -> Tensor:
        import torch

        with self.predictor.alone() as model, torch.inference_mode():
            head = torch.nn.Sequential(*resnet.stage_modules(model, "head"))
            device = next(head.parameters()).device
            found: Tensor = head(features.to(device)).float().cpu()
        return found


def _pooled(found: Activations) -> dict[str, Tensor]:
    import torch

    return {stage: torch.cat([found.stages[stage], found.spreads[stage]], 1) for stage in STAGES}


def _merged(one: StageOutputs, other: StageOutputs) -> StageOutputs:
    """Both, in the order of their places."""
    import torch

    places = (*one.places, *other.places)
    order = torch.tensor(sorted(range(len(places)), key=places.__getitem__))
    count = len(other.places)  # rows of pictures that cannot be read are not there, but one may stand for their widths
    stages = {name: torch.cat([each, other.stages[name][:count]])[order] for name, each in one.stages.items()}
    logits = torch.cat([one.logits, other.logits[:count]])[order]
    return StageOutputs(stages, logits, tuple(sorted(places)))


def _store(cache: ArrayCache, family: str, rows: dict[str, NDArray[Any]], contents: list[str]) -> None:
    """Keep ``rows`` of pictures with these ``contents``, where there is room."""
    if not contents or not cache.has_room(sum(each.nbytes for each in rows.values())):
        return
    shapes = {name: ((len(contents), *rows[name].shape[1:]), "<f4") for name in NAMES}
    shapes[cached_rows.contents_of(FEATURES)] = cached_rows.shape_of_contents(len(contents))
    # a full disk is no reason to lose a training that has come to its end
    with suppress(OSError, StudioError), cache.building(cache.key(family, contents), shapes) as building:
        for name in NAMES:
            building.arrays[name][:] = rows[name][: len(contents)]
        cached_rows.record_contents(building, family, **{FEATURES: contents})
