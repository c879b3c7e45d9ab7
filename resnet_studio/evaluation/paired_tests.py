"""Whether two models that answered the same pictures differ by more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES, CHUNK = 10_000, 500
LEVEL = 0.05


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of the exact McNemar test (McNemar 1947; binomial form) for two models on one test set.

    The arguments count the pictures on which only one of the two is right.

    >>> mcnemar(0, 6)
    0.03125
    """
    total = only_first + only_second
    tail = sum(comb(total, k) for k in range(min(only_first, only_second) + 1))
    return float(min(1.0, 2 * tail / 2**total))


def surely_fewer(lost: int, won: int) -> bool:
    """Whether more answers were ``lost`` than ``won`` for another reason than chance, at the level of 5 %.

    By the exact test, as a percentile bootstrap of 4 lost and none won excludes zero where this is 1 in 8.

    >>> surely_fewer(4, 0), surely_fewer(6, 0)
    (False, True)
    """
    return lost > won and mcnemar(lost, won) < LEVEL


def surely_fewer_of_many(pairs: Sequence[tuple[int, int]]) -> list[bool]:
    """:func:`surely_fewer` for each (lost, won), where the worst of several changes is looked for.

    Corrected for those among them that could be significant at all, as few answers changed in the others (Tarone 1990,
    Biometrics 46, page 515).

    >>> surely_fewer_of_many([(6, 0), (1, 0), (0, 0)]), surely_fewer_of_many([(6, 0), (6, 0)])
    ([True, False, False], [False, False])
    """
    least = [2.0 ** (1 - lost - won) for lost, won in pairs]
    counted = next(k for k in range(1, len(pairs) + 2) if sum(each <= LEVEL / k for each in least) <= k)
    return [lost > won and mcnemar(lost, won) <= LEVEL / counted for lost, won in pairs]


def holm(p_values: Sequence[float]) -> list[float]:
    """``p_values`` adjusted for their number (Holm 1979, Scand. J. Statist. 6, page 65), in their order.

    >>> holm([0.01, 0.04, 0.02])
    [0.03, 0.04, 0.04]
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def uncounted(stored: Mapping[str, Any], count: int) -> tuple[int, int]:
    """How many of ``count`` answers were lost and won; where an earlier version ``stored`` only the drop, as if none
    had been won: then fewest have to be lost for it.
    """
    if "lost" in stored:
        return int(stored["lost"]), int(stored["won"])
    drop = round(float(stored["drop"]) * count)
    return max(drop, 0), max(-drop, 0)


def paired_bootstrap(only_first: int, only_second: int, count: int, *, seed: int = 0) -> tuple[float, float]:
    """The 95 % percentile interval of the difference in accuracy over resamples of ``count`` pictures.

    A resample depends only on how many pictures of each kind it draws, and these numbers are multinomial. Where there
    is no picture of which only one is right, no resample has one, and the interval is what is :func:`unseen`.
    """
    if not only_first and not only_second:
        return -unseen(count), unseen(count)
    shares = np.array([only_first, only_second, count - only_first - only_second]) / count
    drawn = np.random.default_rng(seed).multinomial(count, shares, RESAMPLES)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / count, [2.5, 97.5])
    return float(low), float(high)


def unseen(count: int) -> float:
    """So large a share can have answers that differ, at most, if none of ``count`` does: at 95 % (Clopper and Pearson
    1934, one-sided; the "rule of three").

    >>> round(unseen(45), 3)
    0.064
    """
    return float(1 - LEVEL ** (1 / count))


def swapped_groups(better: NDArray[np.int64], groups: Sequence[str], *, seed: int = 0) -> float:
    """The two-sided p-value of a randomisation test that swaps the answers of two models for whole groups.

    ``better`` [N] is 1 where only the first is right, -1 where only the second is, ``groups`` [N] what is kept
    together. All swaps are tried up to 4,096, beyond that 10,000 drawn ones. With groups of one picture this is the
    exact McNemar test.
    """
    sums = _sums(better, groups)
    sums = sums[sums != 0]
    if len(sums) <= 12:
        signs = 1 - 2 * ((np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1)
        return float((np.abs(signs @ sums) >= abs(sums.sum())).mean())
    draw, extreme = np.random.default_rng(seed), 0
    for _ in range(RESAMPLES // CHUNK):
        signs = draw.choice(np.array([-1, 1], np.int8), (CHUNK, len(sums)))
        extreme += int((np.abs(signs @ sums) >= abs(sums.sum())).sum())
    return (1 + extreme) / (1 + RESAMPLES)


def grouped_bootstrap(better: NDArray[np.int64], groups: Sequence[str], *, seed: int = 0) -> tuple[float, float]:
    """The 95 % percentile interval of the mean of ``better`` [N] over resamples of the ``groups`` [N]; as in
    :func:`paired_bootstrap` where none differs.
    """
    if not better.any():
        count = len(set(groups))
        return -unseen(count), unseen(count)
    sums, sizes = _sums(better, groups), _sums(np.ones(len(better), np.int64), groups)
    draw, found = np.random.default_rng(seed), []
    for _ in range(RESAMPLES // CHUNK):
        chosen = draw.integers(0, len(sums), (CHUNK, len(sums)))
        found.append(sums[chosen].sum(1) / sizes[chosen].sum(1))
    low, high = np.percentile(np.concatenate(found), [2.5, 97.5])
    return float(low), float(high)


def _sums(values: NDArray[np.int64], groups: Sequence[str]) -> NDArray[np.int64]:
    """The sum of ``values`` in each group."""
    place = np.unique(np.asarray(groups), return_inverse=True)[1]
    return np.bincount(place, weights=values).astype(np.int64)
