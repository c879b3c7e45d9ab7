"""The order of a leaderboard: ranks with ties where the pictures cannot tell two models apart.

What counts is the last run that somebody submitted, not the best one: the best of several tries on the same pictures
would flatter whoever has tried most. Who follows shares a rank with the best of it unless the exact McNemar test (1947)
on the pictures that only one of the two names correctly tells them apart. To compare neighbours alone would not do: in
a class there is hardly a gap anywhere, and the last one would share the rank of the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from resnet_studio.evaluation.paired_tests import mcnemar
from resnet_studio.service.people.boards import Submission

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class RankedSubmission:
    """A ``submission`` and its ``rank``; ``tied`` where others share that. ``p_value`` compares it with the one before,
    None for the first.
    """

    rank: int
    submission: Submission
    tied: bool
    p_value: float | None


def counting(submissions: Iterable[Submission]) -> list[Submission]:
    """The last scored submission of each person."""
    last = {each.who: each for each in sorted(submissions, key=lambda each: each.number) if each.status == "scored"}
    return list(last.values())


def ranked(submissions: Iterable[Submission]) -> list[RankedSubmission]:
    """The places, the best first; of equal scores the earlier one stands first."""
    order = sorted(counting(submissions), key=lambda each: (-(each.accuracy or 0.0), each.number))
    ranks, values = list[int](), list[float | None]()
    for at, each in enumerate(order):
        values.append(apart(order[at - 1], each) if at else None)
        shares = at > 0 and apart(order[ranks[-1] - 1], each) >= SIGNIFICANT
        ranks.append(ranks[-1] if shares else at + 1)
    return [
        RankedSubmission(rank, each, ranks.count(rank) > 1, p_value)
        for rank, each, p_value in zip(ranks, order, values, strict=True)
    ]


def apart(first: Submission, second: Submission) -> float:
    """The p-value of the exact McNemar test for two submissions to one board."""
    pairs = list(zip(first.right, second.right, strict=False))
    return mcnemar(pairs.count(("1", "0")), pairs.count(("0", "1")))
