"""What a table that came with a data set says of a picture besides its class: the place, the camera, the patient.

A picture has it as one text, a JSON object of column and value; most pictures have none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from resnet_studio.data.names import comparison_key, shown

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Sample

MOST_COLUMNS = 20
LONGEST = 80
"""Characters of a value; what is longer is a description and no group."""


def packed(values: Mapping[str, str]) -> str:
    """The columns of a row that have a short value, as the text that a picture keeps; empty without any."""
    found = {name.strip(): value.strip() for name, value in values.items()}
    kept = {name: value for name, value in found.items() if name and value and max(len(name), len(value)) <= LONGEST}
    few = dict(list(kept.items())[:MOST_COLUMNS])
    return json.dumps(few, ensure_ascii=False, separators=(",", ":"), sort_keys=True) if few else ""


@lru_cache(maxsize=4096)
def unpacked(text: str) -> dict[str, str]:
    """The columns and values in a ``text`` that :func:`packed` made; none in any other."""
    try:
        found = json.loads(text) if text else {}
        return {shown(str(name)): shown(str(value)) for name, value in found.items()}
    except (ValueError, AttributeError):
        return {}


def folders(name: str, kind: str) -> tuple[str, str]:
    """The folders above the folder of the class ``kind`` in the ``name`` of a picture, and those inside of it.

    >>> folders("camera 1/cat/night/7.jpg", "cat")
    ('camera 1', 'night')
    """
    pieces = name.split("/")[:-1]
    place = next((at for at, piece in enumerate(pieces) if comparison_key(piece) == comparison_key(kind)), None)
    return ("", "") if place is None else ("/".join(pieces[:place]), "/".join(pieces[place + 1 :]))


def taken_over(kept: Sequence[Sample], given: Sequence[Sample]) -> tuple[Sample, ...]:
    """The ``kept`` pictures with the facts of those of the same name that were ``given`` now, where they had none."""
    facts = {sample.name: sample.facts for sample in given if sample.facts}
    if not facts or any(sample.facts for sample in kept):
        return tuple(kept)
    return tuple(replace(sample, facts=facts.get(sample.name, "")) for sample in kept)
