"""What identifies a data set: a hash of its pictures' names and contents, whatever their order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

from resnet_studio.data.dataset import Sample
from resnet_studio.data.names import composed
from resnet_studio.data.part_names import Named, part_named


def fingerprint(samples: Sequence[Sample], classes: Sequence[str]) -> str:
    """A hash of the pictures' names and contents, whatever their order.

    It says too of which class and part a picture is, unless its name says that in the plainest way, and which pictures
    are kept together.
    """
    return of_lines(line(sample, classes[sample.label]) for sample in samples)


def of_lines(lines: Iterable[str]) -> str:
    """The fingerprint of a data set whose pictures have these :func:`line`\\ s."""
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def line(sample: Sample, kind: str) -> str:
    """What one picture of the class ``kind`` adds to the fingerprint."""
    kept = f"\0{sample.group}" if sample.group else ""
    marked = f"\0{sample.labelled_by}" if sample.labelled_by else ""
    return f"{sample.name}\0{sample.content}{_meaning(sample, kind)}{kept}{marked}\n"


def _meaning(sample: Sample, kind: str) -> str:
    top, *inside = sample.name.split("/")
    named = _part(top)
    customary = named is not None and named.customary
    if sample.part is None and not customary and composed(top) == kind:
        return ""
    if customary and inside and named is not None and named.meaning == sample.part and composed(inside[0]) == kind:
        return ""
    return f"\0{sample.part}\0{kind}"


@lru_cache(maxsize=4096)
def _part(folder: str) -> Named | None:
    return part_named(folder)
