"""The temperature that makes the probabilities of a network as high as it is right (Guo et al. 2017, arXiv 1706.04599).

The logits are divided by it before the softmax: above 1 the answers become less sure, below 1 surer; which class is the
best never changes. It is fitted to the logits of the validation pictures and goes into the checkpoint's card.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.evaluation.outputs import Outputs

LOWEST, HIGHEST = 0.05, 20.0
"""What a temperature may be."""
SPREAD = 0.7
"""The standard deviation of the logarithm of the temperature that is expected before anything is seen."""
PRECISION = 1e-5
"""Of the temperature's logarithm."""
FEWEST = 5
"""With fewer validation pictures nothing is fitted."""


def fit(outputs: Outputs | None, *, even: bool = False) -> float:
    """The temperature for a network that computed ``outputs`` for its validation pictures; 1 where those are too few.
    ``even``: its probabilities are those of classes that are equally frequent, so that all classes weigh alike.

    The likeliest one, guarded twice, as with few pictures or without a mistake the plain optimum runs to 0. Its
    logarithm has a normal prior around 0; and, as in Platt's scaling (1999, section 2.1), each of N pictures counts
    0.5 / (N + 1) for the strongest other class: after N answers without a mistake one that rare is to be expected.
    Of eight guards, each refitted 20 times to 20 to 300 pictures and scored on the others, either alone was better on
    some sets and worse than no temperature on others; both together were better or within 0.004 on all.
    """
    if outputs is None or len(outputs) < FEWEST or outputs.logits.shape[1] < 2:
        return 1.0
    logits = outputs.logits.astype(np.float64)
    rows, doubt = np.arange(len(outputs)), 0.5 / (len(outputs) + 1)
    others = np.where(np.arange(logits.shape[1]) == outputs.labels[:, None], -np.inf, logits)
    wanted = (1 - doubt) * logits[rows, outputs.labels] + doubt * others.max(1)
    counts = np.bincount(outputs.labels, minlength=logits.shape[1])
    worth = (len(outputs) / ((counts > 0).sum() * counts[outputs.labels])) if even else np.ones(len(outputs))

    def cost(log_temperature: float) -> float:
        sharpness = math.exp(-log_temperature)
        likelihood = (worth * (sharpness * wanted - _log_sum(sharpness * logits))).sum()
        return float(-likelihood + log_temperature**2 / (2 * SPREAD**2))

    return round(math.exp(_lowest(cost, math.log(LOWEST), math.log(HIGHEST))), 4)


def _lowest(cost: Callable[[float], float], low: float, high: float) -> float:
    """Where ``cost``, which falls and then rises, is lowest between ``low`` and ``high``: golden section (Kiefer 1953).

    scipy has a search that asks half as often, but importing it would take a third of a second of every training.
    """
    share = (math.sqrt(5) - 1) / 2
    left, right = high - share * (high - low), low + share * (high - low)
    cost_left, cost_right = cost(left), cost(right)
    while high - low > PRECISION:
        if cost_left <= cost_right:
            high, right, cost_right = right, left, cost_left
            cost_left = cost(left := high - share * (high - low))
        else:
            low, left, cost_left = left, right, cost_right
            cost_right = cost(right := low + share * (high - low))
    return (low + high) / 2


def _log_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    highest = values.max(1)
    found: NDArray[np.float64] = np.log(np.exp(values - highest[:, None]).sum(1)) + highest
    return found
