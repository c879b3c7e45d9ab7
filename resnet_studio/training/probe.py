"""The linear probe: multinomial logistic regression on the starting network's pooled features.

It needs no learning rate and no epochs, gives a first accuracy within seconds, and is where fine-tuning starts from
(linear probing, then fine-tuning: arXiv 2202.10054).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from resnet_studio.training.balance import Weighting, class_weights, log_shares
from resnet_studio.training.batches import autocast

if TYPE_CHECKING:
    from resnet_studio.training.batches import Batches
    from resnet_studio.training.hardware import Compute

MOST_PICTURES = 6_000
MOST_COMPARED = 2_000  # pictures that the values of C are compared on
CS = (1e-4, 1e-3, 1e-2, 1e-1)  # C as in scikit-learn: the inverse of the L2 penalty's strength
FOLDS = 3
UNCOMPARED: Mapping[Weighting, float] = MappingProxyType({"none": 1e-1, "balanced": 1e-4, "adjusted": 1e-2})
"""The C where a class has too few pictures to compare: see ``benchmarks/imbalance.py``."""
COMPARED: Mapping[Weighting, int] = MappingProxyType({"none": FOLDS, "balanced": FOLDS, "adjusted": 5 * FOLDS})
"""How many of the smallest class it takes to compare. With adjusted logits, by five of them C came out too small: 0.79
of the small class and 0.64 of the large one instead of 0.61 and 0.86.
"""
CHUNK = 64
ITERATIONS, ITERATIONS_COMPARED = 100, 30


@dataclass(frozen=True)
class Probe:
    """A linear classifier on pooled features: ``weight`` [classes, F], ``bias`` [classes]."""

    weight: Tensor
    bias: Tensor

    def accuracy(self, features: Tensor, labels: Tensor) -> float:
        """The share of ``features`` [N, F] that it gives the right one of ``labels`` [N]."""
        return float(((features.float() @ self.weight.T + self.bias).argmax(1) == labels).float().mean())


def fit(
    features: Tensor,
    labels: Tensor,
    classes: int,
    seed: int,
    *,
    C: float | None = None,
    weighting: Weighting = "none",
) -> Probe:
    """The best probe for ``features`` [N, F] and ``labels`` [N]; every class occurs.

    Features are standardised; ``C``, the inverse of the L2 penalty's strength, is chosen by cross-validation within
    these pictures unless it is given; where a class has too few pictures for that, it is one of :data:`UNCOMPARED`.
    ``weighting``: in the fit, as in the loss of a training, and in the choice all classes weigh alike; without it a
    class with a twentieth of the pictures is given up.
    """
    features = features.float()
    mean, scale = features.mean(0), features.std(0, correction=0) + 1e-6
    standard = (features - mean) / scale
    C = strength(standard, labels, classes, seed, weighting=weighting) if C is None else C
    cost = ProbeObjective.of(labels, classes, C, weighting)
    solution = solve(standard, labels, torch.zeros(classes, features.shape[1] + 1), cost, ITERATIONS)
    weight, bias = solution[:, :-1] / scale, solution[:, -1]
    return Probe(weight, bias - weight @ mean)


@dataclass(frozen=True)
class ProbeObjective:
    """What a probe minimises besides half its squared weights: ``C`` times the summed cross-entropy, in which a class
    may have one of ``weights`` [classes], of logits to which ``shift`` [classes] may be added.
    """

    C: float
    weights: Tensor | None = None
    shift: Tensor | None = None

    @classmethod
    def of(cls, labels: Tensor, classes: int, C: float, weighting: Weighting) -> ProbeObjective:
        """For pictures with these ``labels``."""
        weights = class_weights(labels, classes) if weighting == "balanced" else None
        return cls(C, weights, log_shares(labels, classes) if weighting == "adjusted" else None)

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The cost of ``logits`` [N, classes]."""
        shifted = logits if self.shift is None else logits + self.shift
        return F.cross_entropy(shifted, labels, self.weights, reduction="sum") * self.C


def strength(features: Tensor, labels: Tensor, classes: int, seed: int, *, weighting: Weighting = "none") -> float:
    """The C for standardised ``features``, by :func:`best_c` where every class has enough pictures for that."""
    divisible = int(torch.bincount(labels, minlength=classes).min()) >= COMPARED[weighting]
    return best_c(features, labels, classes, seed, weighting=weighting) if divisible else UNCOMPARED[weighting]


def best_c(features: Tensor, labels: Tensor, classes: int, seed: int, *, weighting: Weighting = "none") -> float:
    """The C that does best on the third of the pictures that it was not fitted to, each third in its turn."""
    draw = np.random.default_rng(seed)
    few = torch.from_numpy(draw.permutation(len(labels))[:MOST_COMPARED])
    features, labels = features[few], labels[few]
    order = torch.argsort(labels, stable=True)  # in random order within each class: thirds of each class
    fold = torch.empty_like(labels)
    fold[order] = torch.arange(len(labels)) % FOLDS
    right = np.zeros(len(CS))
    worth = torch.ones(classes) if weighting == "none" else class_weights(labels, classes)
    for out in range(FOLDS):
        training, held = fold != out, fold == out
        solution = torch.zeros(classes, features.shape[1] + 1)
        for place, C in enumerate(CS):  # each starts from the one before
            cost = ProbeObjective.of(labels, classes, C, weighting)
            solution = solve(features[training], labels[training], solution, cost, ITERATIONS_COMPARED)
            guesses = _logits(features[held], solution).argmax(1)
            right[place] += float((worth[labels[held]] * (guesses == labels[held])).sum())
    return CS[int(right.argmax())]


def solve(features: Tensor, labels: Tensor, start: Tensor, cost: ProbeObjective, iterations: int) -> Tensor:
    """Weights and bias [classes, F + 1] that minimise half the squared weights and ``cost``; L-BFGS from ``start``."""
    solution = start.clone().requires_grad_()
    search = torch.optim.LBFGS(
        [solution], max_iter=iterations, tolerance_grad=1e-4, tolerance_change=1e-7, line_search_fn="strong_wolfe"
    )

    def objective() -> float:
        search.zero_grad()
        value = cost(_logits(features, solution), labels) + solution[:, :-1].square().sum() / 2
        value.backward()  # type: ignore[no-untyped-call]
        return float(value.detach())

    search.step(objective)  # type: ignore[no-untyped-call]
    return solution.detach()


def _logits(features: Tensor, solution: Tensor) -> Tensor:
    return torch.addmm(solution[:, -1], features, solution[:, :-1].t())


def probe(
    batches: Batches,
    suffix: torch.nn.Module,
    classes: int,
    seed: int,
    compute: Compute,
    *,
    weighting: Weighting = "none",
) -> tuple[Probe, float]:
    """The probe of the network as it is now, and its accuracy on the validation pictures.

    ``weighting`` as in :func:`fit`. It is fitted to at most :data:`MOST_PICTURES` training pictures, drawn by ``seed``.
    """
    body = torch.nn.Sequential(*[module for name, module in suffix.named_children() if name != "fc"]).eval()
    labels = batches.training.labels.cpu()
    chosen = _sample_indices(labels, seed)
    train = torch.cat([_pooled(batches.plain(part), body, compute) for part in torch.split(chosen, CHUNK)])
    fitted = fit(train, labels[chosen], classes, seed, weighting=weighting)
    validation = [_pooled(inputs, body, compute) for inputs, _ in batches.validate(CHUNK)]
    return fitted, fitted.accuracy(torch.cat(validation), batches.validation.labels.cpu())


def _pooled(inputs: Tensor, body: torch.nn.Module, compute: Compute) -> Tensor:
    with torch.no_grad(), autocast(inputs.device, compute):
        features: Tensor = body(inputs)
    return features.float().cpu()


def _sample_indices(labels: Tensor, seed: int) -> Tensor:
    """Which pictures to fit to: all, or a draw that keeps at least one of each class."""
    if len(labels) <= MOST_PICTURES:
        return torch.arange(len(labels))
    order = torch.from_numpy(np.random.default_rng([seed, len(labels)]).permutation(len(labels)))
    _, first = np.unique(labels[order].numpy(), return_index=True)
    chosen: Tensor = torch.unique(torch.cat([order[: MOST_PICTURES - len(first)], order[torch.from_numpy(first)]]))
    return chosen


def install(fitted: Probe, head: torch.nn.Module) -> bool:
    """Make ``fitted`` the start of a linear ``head``; False where the head has a hidden layer."""
    layers = list(head.modules())
    linear = [layer for layer in layers if isinstance(layer, torch.nn.Linear)]
    if len(linear) != 1:
        return False
    with torch.no_grad():
        linear[0].weight.copy_(fitted.weight)
        linear[0].bias.copy_(fitted.bias)
    return True
