"""How unlike all training pictures a picture is, by what the stages of the network make of it.

For each stage, the squared Mahalanobis distance of its pooled output, scaled to length 1, to the nearest class mean
(Lee et al. 2018, arXiv 1807.03888), with one covariance for all classes, its largest directions and a floor for the
others; the score is the mean over the stages of the distance's logarithm. It costs no second forward pass, about a
megabyte, and holds no picture. What it was chosen over, in figures, stands in ``benchmarks/unknown.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from resnet_studio.model.acceptance import CURRENT
from resnet_studio.model.libraries import Stage

if TYPE_CHECKING:
    from torch import Tensor

Value = TypeVar("Value")

PREFIX = "unlike."
"""What the names of the tensors begin with in a checkpoint."""
PARTS = ("means", "basis", "floor")


@dataclass(frozen=True)
class Method:
    """Which ``stages`` are looked at; with ``spread`` the standard deviation of each channel over the picture goes
    beside its mean. ``rank`` directions of the covariance are kept; every direction has at least ``floor`` of the mean
    variance.
    """

    stages: tuple[Stage, ...]
    spread: bool
    rank: int
    floor: float

    def pool(self, output: Tensor) -> Tensor:
        """``output`` [N, C, h, w] of a stage over the picture: [N, C], with the spread [N, 2 C]."""
        import torch

        mean = output.mean((2, 3))
        if not self.spread:
            return mean
        spread = (output - mean[:, :, None, None]).square().mean((2, 3)).sqrt()
        return torch.cat([mean, spread], 1)

    def of_pooled(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What it takes of ``features`` that were pooled by :data:`EVERYTHING`."""
        return {
            stage: features[stage] if self.spread else features[stage][:, : features[stage].shape[1] // 2]
            for stage in self.stages
        }


METHODS: Mapping[int, Method] = MappingProxyType({
    1: Method(("layer2", "layer3", "layer4"), spread=False, rank=256, floor=0.3),
    CURRENT: Method(("layer3", "layer4"), spread=True, rank=128, floor=1.0),
})  # fmt: skip
"""By the version in a card. Checkpoints of before keep theirs."""
EVERYTHING = Method(("layer2", "layer3", "layer4"), spread=True, rank=0, floor=0.0)
"""All that any of the methods looks at."""


@dataclass(frozen=True, eq=False)
class StageReference:
    """One stage with F channels: the class ``means`` [C, F], a ``basis`` [F, R], the ``floor`` [1] of the variance."""

    means: Tensor
    basis: Tensor
    floor: Tensor

    def distances(self, features: Tensor) -> Tensor:
        """The squared distance of each of ``features`` [N, F] to its nearest mean, fp64 [N]."""
        import torch

        rows, means, basis = unit(features), self.means.double(), self.basis.double()
        everywhere = torch.cdist(rows, means).square()
        inside = torch.cdist(rows @ basis, means @ basis).square()
        return ((everywhere - inside) / self.floor.double()).min(1).values.clamp_min(1e-12)


@dataclass(frozen=True, eq=False)
class Reference:
    """What training pictures looked like to each of the stages of :data:`METHODS` [``version``]."""

    stages: Mapping[str, StageReference]
    version: int = CURRENT

    @property
    def method(self) -> Method:
        """By which features are pooled."""
        return METHODS[self.version]

    def scores(self, features: Mapping[str, Tensor]) -> Tensor:
        """How unlike all training pictures those with these pooled ``features`` [N, F] by stage are, fp64 [N]."""
        import torch

        logs = [stage.distances(features[name]).log() for name, stage in self.stages.items()]
        return torch.stack(logs).mean(0)

    def tensors(self) -> dict[str, Tensor]:
        """The tensors by their names in a checkpoint, fp32."""
        return {
            f"{PREFIX}{name}.{part}": getattr(stage, part).float().contiguous()
            for name, stage in self.stages.items()
            for part in PARTS
        }

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], version: int) -> Reference:
        """What :meth:`tensors` of one of this ``version`` gave. Raises ``ValueError`` for anything else."""
        import torch

        names = METHODS[version].stages
        wanted = {f"{PREFIX}{stage}.{part}" for stage in names for part in PARTS}
        if set(tensors) != wanted or any(each.dtype != torch.float32 for each in tensors.values()):
            raise ValueError("other tensors than those of a reference")
        stages: dict[str, StageReference] = {
            stage: StageReference(*(tensors[f"{PREFIX}{stage}.{part}"] for part in PARTS)) for stage in names
        }
        for each in stages.values():
            if each.means.ndim != 2 or each.basis.ndim != 2 or each.basis.shape[0] != each.means.shape[1]:
                raise ValueError("shapes do not go together")
            if each.floor.shape != (1,) or not float(each.floor) > 0 or not len(each.means):
                raise ValueError("no floor, or no class")
        return cls(stages, version)


def fit(features: Mapping[str, Tensor], labels: Tensor, version: int = CURRENT) -> Reference:
    """That of training pictures with ``features`` [N, F] of each stage, pooled as the method of this ``version`` does,
    and ``labels`` [N].
    """
    method = METHODS[version]
    found: dict[str, StageReference] = {}
    for stage in method.stages:
        found[stage] = _fit_stage(unit(features[stage]), labels, method)
    return Reference(found, version)


def unit(features: Tensor) -> Tensor:
    """``features`` [N, F], each row of length 1, fp64."""
    import torch

    return torch.nn.functional.normalize(features.double(), dim=1, eps=1e-12)


def _fit_stage(features: Tensor, labels: Tensor, method: Method) -> StageReference:
    import torch

    present, places = torch.unique(labels, return_inverse=True)
    means = torch.zeros(len(present), features.shape[1], dtype=torch.double).index_add_(0, places, features)
    means /= places.bincount().unsqueeze(1)
    centred = features - means[places]
    _, singular, directions = torch.linalg.svd(centred, full_matrices=False)
    variances = singular.square() / len(features)
    floor = (method.floor * variances.sum() / features.shape[1]).clamp_min(1e-9)
    kept = variances[: method.rank]
    basis = directions[: method.rank].T * (kept / (kept + floor)).sqrt()
    return StageReference(means.float(), basis.float().contiguous(), floor.float().reshape(1))


def split_off(tensors: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """The weights among the ``tensors`` of a checkpoint, and the rest, which a reference is made of."""
    weights = {name: value for name, value in tensors.items() if not name.startswith(PREFIX)}
    return weights, {name: value for name, value in tensors.items() if name.startswith(PREFIX)}
