"""The linear probe: multinomial logistic regression on the starting network's pooled features.

It needs no learning rate and no epochs, gives a first accuracy within seconds, and is where fine-tuning starts from
(linear probing, then fine-tuning: arXiv 2202.10054).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from resnet_studio.training.batches import autocast

if TYPE_CHECKING:
    from resnet_studio.training.batches import Batches
    from resnet_studio.training.hardware import Compute

MOST_PICTURES = 6_000
MOST_COMPARED = 2_000  # pictures that the strengths are compared on
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
FOLDS = 3
CHUNK = 64


@dataclass(frozen=True)
class Probe:
    """A linear classifier on pooled features: ``weight`` [classes, C], ``bias`` [classes]."""

    weight: Tensor
    bias: Tensor

    def accuracy(self, features: Tensor, labels: Tensor) -> float:
        """The share of ``features`` [N, C] that it gives the right one of ``labels`` [N]."""
        return float(((features @ self.weight.T + self.bias).argmax(1) == labels).float().mean())


def fit(features: np.ndarray, labels: np.ndarray, classes: int, seed: int) -> Probe:
    """The best probe for ``features`` [N, C] and ``labels`` [N]; every class occurs.

    Features are standardised; the strength of the L2 penalty is chosen by cross-validation within these pictures, or
    the weakest is taken where a class has too few pictures for that. L-BFGS, scikit-learn.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    mean, scale = features.mean(0), features.std(0) + 1e-6
    standard = (features - mean) / scale
    strength = STRENGTHS[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence and of rare classes, neither of which does harm here
        if np.bincount(labels, minlength=classes).min() >= FOLDS:
            folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
            few = np.random.default_rng(seed).permutation(len(labels))[:MOST_COMPARED]
            models = [LogisticRegression(C=each, max_iter=60) for each in STRENGTHS]
            scores = [cross_val_score(model, standard[few], labels[few], cv=folds).mean() for model in models]
            strength = STRENGTHS[int(np.argmax(scores))]
        model = LogisticRegression(C=strength, max_iter=200).fit(standard, labels)
    weight, bias = model.coef_, model.intercept_
    if classes == 2:  # one row of log-odds: the same model as two rows of half of them
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    weight = weight / scale
    bias = bias - weight @ mean
    return Probe(torch.from_numpy(weight).float(), torch.from_numpy(bias).float())


def probe(batches: Batches, suffix: torch.nn.Module, classes: int, seed: int, compute: Compute) -> tuple[Probe, float]:
    """The probe of the network as it is now, and its accuracy on the validation pictures.

    It is fitted to at most :data:`MOST_PICTURES` training pictures, drawn by ``seed``.
    """
    body = torch.nn.Sequential(*[module for name, module in suffix.named_children() if name != "fc"]).eval()
    labels = batches.training.labels.cpu()
    chosen = _some(labels, seed)
    train = torch.cat([_pooled(batches.plain(part), body, compute) for part in torch.split(chosen, CHUNK)])
    fitted = fit(train.double().numpy(), labels[chosen].numpy(), classes, seed)
    validation = [_pooled(inputs, body, compute) for inputs, _ in batches.validate(CHUNK)]
    return fitted, fitted.accuracy(torch.cat(validation), batches.validation.labels.cpu())


def _pooled(inputs: Tensor, body: torch.nn.Module, compute: Compute) -> Tensor:
    with torch.no_grad(), autocast(inputs.device, compute):
        features: Tensor = body(inputs)
    return features.float().cpu()


def _some(labels: Tensor, seed: int) -> Tensor:
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
