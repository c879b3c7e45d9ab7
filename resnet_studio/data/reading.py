"""How the numbers in picture files are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

Ranges = Mapping[str, tuple[float, float]]
KINDS = ("uint16", "int32", "float32", "rgb16")
"""Grey of 16 bits, other whole numbers (signed or of 32 bits), fractions, and colour of 16 bits a channel."""


@dataclass(frozen=True)
class Reading:
    """How numbers of more than 8 bits and colour profiles are converted.

    ``ranges`` says for a kind of :data:`KINDS` which numbers become 0 and 255; a kind without one is read by each
    picture's own rule (16 bits from 0 to 65,535, fractions from 0 to 1, all else from its smallest number to its
    largest). With ``colour_managed`` an ICC profile is followed to sRGB, without it is ignored. ``own``: each picture
    is stretched to its own range, as for the eye.
    """

    ranges: Ranges = field(default_factory=dict)
    colour_managed: bool = True
    own: bool = False

    def differences(self) -> list[object]:
        """What sets this reading apart from that of the studio's first checkpoints, as part of a name in a cache."""
        return [sorted(self.ranges.items()), self.own] if self.colour_managed or self.ranges or self.own else []


AS_SEEN = Reading(own=True)
"""For the eye."""


def checked_ranges(ranges: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """``ranges`` as numbers; raises ``ValueError`` for anything that no training can have measured."""
    found = {}
    for kind, (low, high) in dict(ranges).items():
        if kind not in KINDS or not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"{kind!r} cannot range from {low!r} to {high!r}")
        found[kind] = (float(low), float(high))
    return found
