"""Which group goes into which part, where pictures are kept together: stratified as well as the groups allow.

The greedy of scikit-learn's ``StratifiedGroupKFold``, for parts of any size: the largest groups first, each into the
part that it fits best, so that the shares of all classes come close to the requested ones. Beyond it every class gets a
group in train and in validation where it has two, and one in test where it has three.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from resnet_studio.data.part_names import Part
from resnet_studio.data.parts import Shares, assign, together


@dataclass
class _Cut:
    """The parts as they fill: ``held`` pictures of each class, ``wanted`` shares, ``totals`` of each class."""

    wanted: Mapping[Part, float]
    totals: Mapping[int, int]
    held: dict[Part, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    placed: dict[str, Part] = field(default_factory=dict)

    def place(self, key: str, group: Counter[int], part: Part) -> None:
        self.placed[key] = part
        self.held[part].update(group)

    def best(self, group: Counter[int]) -> Part:
        """The part that ``group`` fits best: its shares of classes come closest to those wanted."""
        return min(self.wanted, key=lambda part: (self._worse(group, part), part != "train"))

    def _worse(self, group: Counter[int], part: Part) -> float:
        """By how much ``group`` in ``part`` adds to the squared distances from the shares wanted."""
        added = 0.0
        for label, count in group.items():
            total, aim = self.totals[label], self.wanted[part]
            before = self.held[part][label] / total - aim
            after = before + count / total
            added += (after**2 - before**2) / max(aim, 1e-6)
        return added


def assign_together(
    labels: Sequence[int], contents: Sequence[str], groups: Sequence[str], shares: Shares, seed: int
) -> list[Part]:
    """A part for each picture; those with an equal hash in ``contents``, or name in ``groups``, share one.

    ``groups`` has "" for a picture that is in none. Where no group joins different contents, the parts are those of
    :func:`resnet_studio.data.parts.assign`.
    """
    if not any(groups):
        return assign(labels, contents, shares, seed)
    keys = together(contents, [group or f"/{index}" for index, group in enumerate(groups)])
    if len(set(keys)) == len(set(contents)):
        return assign(labels, contents, shares, seed)
    wanted: dict[Part, float] = {"train": 1 - shares.validation - shares.test}
    if shares.validation > 0:
        wanted["validation"] = shares.validation
    if shares.test > 0:
        wanted["test"] = shares.test
    return assign_groups(labels, keys, wanted, seed)


def assign_groups(labels: Sequence[int], keys: Sequence[str], wanted: Mapping[Part, float], seed: int) -> list[Part]:
    """A part for each picture; those with an equal key share one.

    ``labels`` are class indices, ``wanted`` the fraction of the pictures that each part shall have. Which of equally
    large groups goes where follows from ``seed`` and the keys alone.
    """
    groups: dict[str, Counter[int]] = defaultdict(Counter)
    members: dict[int, list[str]] = defaultdict(list)
    for label, key in zip(labels, keys, strict=True):
        if not groups[key][label]:
            members[label].append(key)
        groups[key][label] += 1
    cut = _Cut(wanted, Counter(labels))
    order = sorted(groups, key=lambda key: (-groups[key].total(), _rank(seed, key)))
    places = {key: place for place, key in enumerate(order)}
    for label in sorted(members, key=lambda label: (len(members[label]), label)):
        _found(cut, groups, sorted(members[label], key=places.__getitem__), label)
    for key in order:
        if key not in cut.placed:
            cut.place(key, groups[key], cut.best(groups[key]))
    return [cut.placed[key] for key in keys]


def _found(cut: _Cut, groups: Mapping[str, Counter[int]], keys: Sequence[str], label: int) -> None:
    """Give the class ``label`` a group in each part, as far as it has so many; ``keys`` are its own, largest first."""
    held_out: list[Part] = [part for part in ("validation", "test") if cut.wanted.get(part, 0) > 0]
    parts: list[Part] = ["train", *held_out][: len(keys)]
    lacking = [part for part in parts if not cut.held[part][label]]
    free = [key for key in keys if key not in cut.placed]
    for part in lacking:
        if not free:
            return
        aim = cut.wanted[part] * cut.totals[label]
        pick = free[0] if part == "train" else min(free, key=lambda key: abs(groups[key][label] - aim))
        free.remove(pick)
        cut.place(pick, groups[pick], part)


def _rank(seed: int, key: str) -> bytes:
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()


def inside_top(name: str) -> str:
    """What a picture is called below its top folder, without the ending of its name."""
    inside = name.partition("/")[2]
    return inside.rpartition(".")[0] or inside
