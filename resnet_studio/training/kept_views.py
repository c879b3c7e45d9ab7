"""Batches of cached features: of every training picture several views are kept, and each step draws one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from resnet_studio.data.augment import to_device
from resnet_studio.model.device import layout
from resnet_studio.training.batches import WHOLE, Batches, Part, select_rows

if TYPE_CHECKING:
    from resnet_studio.model.architecture import Stage


@dataclass(frozen=True)
class CachedFeatures:
    """Batches of cached features, the inputs of the suffix.

    ``plain_features`` [N, ...] are of the training pictures as they are, ``varied_features`` [views, N, ...] of their
    augmented views, ``validation_features`` [M, ...] of the validation pictures. Where there are teachers, their
    answers to the same views are ``plain_taught`` [N, C] and ``varied_taught`` [views, N, C]. ``pooled`` [N, F] is what
    earlier stages put out for the unaugmented pictures of each part, ``train`` and ``validation``.
    """

    training: Part
    validation: Part
    plain_features: Tensor
    varied_features: Tensor
    validation_features: Tensor
    plain_taught: Tensor | None = None
    varied_taught: Tensor | None = None
    pooled: Mapping[str, Mapping[Stage, Tensor]] = field(default_factory=dict)

    def train(
        self,
        indices: np.ndarray,
        size: int,  # noqa: ARG002
        part: slice = WHOLE,
    ) -> tuple[Tensor, ...]:
        """See :class:`Batches`; a view is drawn for each picture, at the size that it was cached at.

        Maps of two sizes do not go into one batch: where the augmented views are smaller, they are all that is drawn.
        """
        chosen = torch.from_numpy(indices)
        views = torch.randint(1 + len(self.varied_features), (len(chosen),))
        if self.plain_features.shape[1:] != self.varied_features.shape[2:]:
            views = 1 + torch.randint(len(self.varied_features), (len(chosen),))
            inputs = _of_views(None, self.varied_features, views[part], chosen[part])
        else:
            inputs = _of_views(self.plain_features, self.varied_features, views[part], chosen[part])
        views, chosen = views[part], chosen[part]
        labels, targets = (select_rows(of, chosen) for of in (self.training.labels, self.training.targets))
        taught: tuple[Tensor, ...] = ()
        if self.plain_taught is not None and self.varied_taught is not None:
            taught = (_of_views(self.plain_taught, self.varied_taught, views, chosen).to(labels.device),)
        return arranged(inputs.to(labels.device)), targets, labels, *taught

    def plain(self, chosen: Tensor) -> Tensor:
        """See :class:`Batches`."""
        return arranged(select_rows(self.plain_features, chosen).to(self.training.labels.device))

    def validate(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """See :class:`Batches`."""
        labels = self.validation.labels
        for inputs, answers in zip(
            torch.split(self.validation_features, batch_size), torch.split(labels, batch_size), strict=True
        ):
            yield arranged(inputs.to(labels.device)), answers


def _of_views(plain: Tensor | None, varied: Tensor, views: Tensor, chosen: Tensor) -> Tensor:
    """The rows of the pictures ``chosen`` [B] in ``plain`` [N, ...] where their view is 0, else in ``varied``."""
    places = (views - 1) * varied.shape[1] + chosen
    if plain is None:
        return select_rows(varied.flatten(0, 1), places)
    rows = select_rows(plain, chosen)
    if len(others := views.nonzero().flatten()):
        drawn = select_rows(varied.flatten(0, 1), places[others])
        rows[to_device(others, rows.device)] = drawn.to(rows.device)
    return rows


def views_of(batches: Batches) -> int:
    """How many views of each training picture are cached as features; 0 where none are."""
    return 1 + len(batches.varied_features) if isinstance(batches, CachedFeatures) else 0


def arranged(features: Tensor) -> Tensor:
    """Stored features [B, H, W, C] as the suffix wants them, [B, C, H, W]; pooled ones [B, C] as they are."""
    if features.ndim != 4:
        return features
    return features.permute(0, 3, 1, 2).contiguous(memory_format=layout(features.device))
