"""What a network computes for pictures: logits, features, the pooled outputs of its stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resnet_studio.errors import StudioError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Activations:
    """What a network computes for N pictures, fp32 on the CPU.

    ``logits`` [N, classes] come before the softmax, in the order of ``card.classes``. ``features`` [N, C] are what the
    head gets: the last stage's output, averaged over the picture. ``stages`` has the requested ones by name, "stem" and
    "layer1" to "layer4", each [N, C of that stage], averaged in the same way; ``spreads`` their standard deviations
    over the picture.

    ``unlike`` [N], fp64, says how unlike all training pictures each is, see :mod:`resnet_studio.model.unlike`; None
    where the checkpoint cannot tell.

    ``places`` [N] are the indices of the pictures of the rows; ``errors`` has the errors of the others, by index.
    """

    logits: Tensor
    features: Tensor
    stages: Mapping[str, Tensor] = field(default_factory=dict)
    places: tuple[int, ...] = ()
    errors: Mapping[int, StudioError] = field(default_factory=dict)
    temperature: float = 1.0
    unlike: Tensor | None = None
    spreads: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def probabilities(self) -> Tensor:
        """The softmax of the logits divided by the ``temperature`` of the card, fp64 [N, classes]: calibrated."""
        import torch

        return torch.softmax(self.logits.double() / self.temperature, 1)

    def split(self, sizes: list[int]) -> list[Activations]:
        """The first of ``sizes`` rows, the next, and so on, without ``places`` and ``errors``."""
        import torch

        rows = zip(torch.split(self.logits, sizes), torch.split(self.features, sizes), strict=True)
        scores = [None] * len(sizes) if self.unlike is None else list(torch.split(self.unlike, sizes))
        return [
            Activations(logits, features, temperature=self.temperature, unlike=unlike)
            for (logits, features), unlike in zip(rows, scores, strict=True)
        ]


def concatenate(
    parts: Sequence[Activations], places: tuple[int, ...], errors: Mapping[int, StudioError]
) -> Activations:
    """The first rows of ``parts``, one for each of ``places``."""
    import torch

    def rows(values: Iterable[Tensor]) -> Tensor:
        return torch.cat(list(values))[: len(places)]

    stages = {stage: rows(part.stages[stage] for part in parts) for stage in parts[0].stages}
    spreads = {stage: rows(part.spreads[stage] for part in parts) for stage in parts[0].spreads}
    logits, features = rows(part.logits for part in parts), rows(part.features for part in parts)
    unlike = None if parts[0].unlike is None else rows(part.unlike for part in parts if part.unlike is not None)
    return Activations(logits, features, stages, places, errors, parts[0].temperature, unlike, spreads)
