"""Named recipes: settings that go together, each with its reason and its source.

``TrainConfig().replace(**RECIPES[name].changes)`` is the recipe; whatever it leaves out stays automatic. Titles and
reasons are the texts ``recipes.<name>`` and ``recipes.<name>.why``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from resnet_studio.config import TrainConfig
from resnet_studio.errors import ConfigError
from resnet_studio.text import Language, say

PLAIN_TRAINING: Mapping[str, Any] = MappingProxyType(
    {
        "nesterov": False, "stage_factor": 1, "clip_gradient": 0, "label_smoothing": 0, "average_weights": False,
        "warmup_fraction": 0,
    }
)  # fmt: skip
"""What textbooks leave out: Nesterov's look ahead, rates by stage, clipping, smoothing, averaging, warm-up."""

CIFAR_NETWORK: Mapping[str, Any] = MappingProxyType(
    {
        "family": "resnet", "depth": 18, "weights": "scratch", "freeze": "none", "stem": "small", "picture_size": 32,
        "early_picture_size": 32, "augmentation": "light", "stage_factor": 1,
    }
)  # fmt: skip
"""ResNet-18 for pictures of 32 px: a 3x3 stem; at this size, light augmentation pads by 4 px, crops and mirrors."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings that go together: ``changes`` of the fields of :class:`TrainConfig`."""

    name: str
    changes: Mapping[str, Any]

    def title(self, language: Language = "en") -> str:
        """What it is called."""
        return say(f"recipes.{self.name}", language)

    def why(self, language: Language = "en") -> str:
        """One sentence: when to take it, and why it is like this."""
        return say(f"recipes.{self.name}.why", language)

    def config(self, base: TrainConfig | None = None) -> TrainConfig:
        """``base`` (the defaults) changed as the recipe says."""
        return (base or TrainConfig()).replace(**self.changes)


def _listed(**changes: Mapping[str, Any]) -> Mapping[str, Recipe]:
    names = {name.replace("_", "-"): found for name, found in changes.items()}
    return MappingProxyType(
        {name: Recipe(name=name, changes=MappingProxyType(dict(found))) for name, found in names.items()}
    )


RECIPES: Mapping[str, Recipe] = _listed(
    # A frozen network whose pictures are not varied sees each of them once: the head is trained on cached features.
    quick_probe={"freeze": "layer4", "epochs": 5, "augmentation": "none"},
    # The defaults are the recipe that the project's benchmarks compare: AdamW, one cycle (arXiv 1708.07120).
    balanced={},
    # Everything is trained, earlier stages more gently (ULMFiT, arXiv 1801.06146, section 3.2), so that no frozen
    # stage limits the result; averaged weights (arXiv 1803.05407) and random-resized crops as in torchvision's
    # references; larger pictures as arXiv 1906.06423 advises. The network stays what the user chose.
    best_accuracy={
        "freeze": "none", "epochs": 40, "picture_size": 224, "augmentation": "standard", "label_smoothing": 0.1,
        "average_weights": True,
    },
    # The fewer pictures, the less may be learnt from them: only layer4 and the head, and every means against
    # overfitting (TrivialAugment, arXiv 2103.10158; dropout, JMLR 15 (2014); label smoothing, arXiv 1512.00567).
    tiny_data={
        "freeze": "layer3", "augmentation": "strong", "dropout": 0.3, "label_smoothing": 0.1, "weight_decay": 0.05,
    },
    # PyTorch's transfer-learning tutorial (all layers, SGD with momentum 0.9, a tenth of the rate every 7 epochs) at a
    # batch of 32 and the rate 0.01 instead of 4 and 0.001: eight times the batch, about as many times the rate (arXiv
    # 1706.02677). Weight decay from He et al. (arXiv 1512.03385, section 3.4).
    textbook={
        **PLAIN_TRAINING, "family": "resnet", "depth": 50, "freeze": "none", "weights": "imagenet-v1",
        "optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 1e-4, "schedule": "step",
        "step_epochs": 7, "step_factor": 0.1, "batch_size": 32, "epochs": 30, "picture_size": 224,
        "early_picture_size": 224,
        "augmentation": "standard",
    },
    # "ConvNet as fixed feature extractor" (Stanford CS231n, transfer learning), with Adam as published (arXiv
    # 1412.6980): rate 0.001, no decay, no schedule. Views are cached as features, so that an epoch costs little.
    hidden_head={
        "freeze": "layer4", "head": "hidden", "hidden_units": 1024, "dropout": 0.2, "optimizer": "adam",
        "learning_rate": 1e-3, "weight_decay": 0, "schedule": "constant", "warmup_fraction": 0,
    },
    # DAWNBench's fast recipes, as explained in "How to Train Your ResNet" (Page, 2018): batch 512, Nesterov, peak rate
    # 0.4, decay 5e-4, a triangle that rises for a fifth of the training; label smoothing and averaging as in airbench
    # (arXiv 2404.00498). Neither clips gradients.
    cifar10_fast={
        **CIFAR_NETWORK, "optimizer": "sgd", "learning_rate": 0.4, "momentum": 0.9, "weight_decay": 5e-4,
        "batch_size": 512, "epochs": 20, "schedule": "one_cycle", "warmup_fraction": 0.2, "clip_gradient": 0,
        "label_smoothing": 0.1, "average_weights": True,
    },
    # He et al. (arXiv 1512.03385, section 4.2): SGD, 0.1, 0.9, decay 1e-4, batch 128, a tenth of the rate twice. They
    # drop it after 50 % and 75 % of 64,000 batches; steps of 40 epochs drop it after 40 % and 80 % of 100 epochs.
    cifar10_textbook={
        **CIFAR_NETWORK, **PLAIN_TRAINING, "optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9,
        "weight_decay": 1e-4, "batch_size": 128, "epochs": 100, "schedule": "step", "step_epochs": 40,
        "step_factor": 0.1,
    },
)  # fmt: skip
"""All recipes by name, in the order in which they are offered."""


def find(name: str) -> Recipe:
    """The recipe called ``name``. Raises :class:`ConfigError` that lists all names where there is none.

    >>> find("tiny-data").title()
    'Very few pictures'
    """
    if name not in RECIPES:
        raise ConfigError("error.recipe.unknown", name=name, allowed=list(RECIPES))
    return RECIPES[name]
