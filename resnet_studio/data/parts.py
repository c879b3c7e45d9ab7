"""Which picture goes into which part: stratified, reproducible, copies of a picture always together.

The order within a class follows from the seed and the pictures' contents alone, so that neither file names nor the
way of the import nor the machine changes a split.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from resnet_studio.data.disjoint import DisjointSets
from resnet_studio.data.part_names import Part


@dataclass(frozen=True)
class Shares:
    """The requested fractions of the pictures; the rest is for training."""

    validation: float
    test: float


def assign(labels: Sequence[int], contents: Sequence[str], shares: Shares, seed: int) -> list[Part]:
    """A part for each picture, given its class index in ``labels`` and the hash of its bytes in ``contents``.

    Every class with two different pictures gets one in train and one in validation, with three also one in test
    (where a test part is requested), unless all its pictures are shared with other classes.
    """
    classes: dict[int, Counter[str]] = defaultdict(Counter)
    homes: dict[str, set[int]] = defaultdict(set)
    for label, content in zip(labels, contents, strict=True):
        classes[label][content] += 1
        homes[content].add(label)
    shared = {content for content, where in homes.items() if len(where) > 1}
    placed: dict[str, Part] = {}
    # classes whose pictures others share go first, the smallest before the larger: they have the least choice
    for label in sorted(classes, key=lambda label: (not shared & classes[label].keys(), len(classes[label]), label)):
        _place(classes[label], shared, shares, seed, placed)
    return [placed[content] for content in contents]


def together(contents: Sequence[str], alike: Sequence[str]) -> list[str]:
    """A key for each picture, equal for those that share a content or are called ``alike``, directly or by others."""
    sets = DisjointSets[str]()
    for content, name in zip(contents, alike, strict=True):
        sets.join(content, f"/{name}")
    return [sets.top(content) for content in contents]


def _place(pictures: Counter[str], shared: set[str], shares: Shares, seed: int, placed: dict[str, Part]) -> None:
    """Place one class: ``pictures`` counts the copies of each content, ``placed`` holds what is settled already."""
    wanted = _wanted_counts(pictures.total(), len(pictures), shares)
    held: Counter[Part] = Counter()
    distinct: Counter[Part] = Counter()
    for content in pictures.keys() & placed.keys():
        held[placed[content]] += pictures[content]
        distinct[placed[content]] += 1
    # copies and pictures with two labels last: they go to training, so that validation and test count what is sure
    free = sorted(
        pictures.keys() - placed.keys(),
        key=lambda content: (pictures[content], content not in shared, _rank(seed, content)),
    )
    left = deque(free)
    for part in ("validation", "test"):
        reserve = (not distinct["train"]) + (part == "validation" and wanted["test"] > 0 and not distinct["test"])
        must = part == "validation" and distinct["train"] > 0 and not held[part]
        while left and held[part] < wanted[part] and (len(left) > reserve or must):
            must = False
            if held[part] and held[part] + pictures[left[0]] > wanted[part]:
                break
            content = left.popleft()
            placed[content] = part
            held[part] += pictures[content]
            distinct[part] += 1
    for content in left:
        placed[content] = "train"


def _wanted_counts(total: int, distinct: int, shares: Shares) -> Counter[Part]:
    """How many of a class's ``total`` pictures, ``distinct`` of them different, validation and test shall get."""
    validation = max(1, int(total * shares.validation + 0.5)) if distinct > 1 else 0
    test = max(1, int(total * shares.test + 0.5)) if distinct > 2 and shares.test > 0 else 0
    return Counter({"validation": validation, "test": test})


def _rank(seed: int, content: str) -> bytes:
    return hashlib.sha256(f"{seed}:{content}".encode()).digest()
