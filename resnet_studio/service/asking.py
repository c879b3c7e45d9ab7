"""What a page asks of models: which of them answer together, and from which probabilities on classes are answered."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.errors import ConfigError, StudioError
from resnet_studio.service import ensembles
from resnet_studio.service.answering import answering
from resnet_studio.service.predictors import TOGETHER, Model, Models, card_of
from resnet_studio.text import Language
from resnet_studio.thresholds import checked
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from resnet_studio.batching import BatchedModel
    from resnet_studio.predicting.engine import Answering


@dataclass(frozen=True)
class ModelSelection:
    """The ``models`` that answer, the chosen one first, and the ``thresholds`` of classes."""

    models: tuple[Model, ...]
    thresholds: Mapping[str, float]

    @property
    def model(self) -> Model:
        """The one that was chosen."""
        return self.models[0]

    @property
    def alone(self) -> bool:
        """Whether it answers without others."""
        return len(self.models) == 1

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all models."""
        return tuple(model.key for model in self.models)

    @property
    def name(self) -> str:
        """What all models are called."""
        return " + ".join(model.name for model in self.models)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """What they know."""
        return tuple(card_of(self.model).classes)

    def tool(self, workspace: Workspace, load: Callable[[Path], BatchedModel], *, drawings: bool = False) -> Answering:
        """What answers. Raises :class:`StudioError` where a model is gone or not sound."""
        return answering(self.keys, workspace, load, drawings=drawings, thresholds=self.thresholds)

    def worth(self, language: Language) -> list[str]:
        """What answering together costs, and what it gains on the shared test pictures, in sentences."""
        found = None if self.alone else ensembles.judged([model.file for model in self.models])
        return [each.sentence(language) for each in found] if found else []


def asked(models: Models, key: object, more: object) -> ModelSelection:
    """What a page asks that chose the model ``key``, and ``more``: the keys of ``others``, ``thresholds`` by class.

    All may come from anywhere. Raises :class:`StudioError` where there is no such model. Of ``more`` only what fits
    that model is taken, since its choice arrives before what depends on it has followed.
    """
    first = models.find(key)
    given = more if isinstance(more, Mapping) else {}
    classes = tuple(card_of(first).classes)
    chosen = [first]
    others = given.get("others")
    for other in others if isinstance(others, (list, tuple)) else ():
        with suppress(StudioError):
            found = models.find(other)
            if found.key not in {each.key for each in chosen} and set(card_of(found).classes) == set(classes):
                chosen.append(found)
    return ModelSelection(tuple(chosen[:TOGETHER]), _fitting(given.get("thresholds"), classes))


def _fitting(thresholds: object, classes: tuple[str, ...]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in thresholds.items() if isinstance(thresholds, Mapping) else ():
        with suppress(ConfigError):
            found |= checked({name: value}, classes)
    return found


def partners(models: Models, key: object) -> list[Model]:
    """The models that know the same classes as the model ``key``. Raises :class:`StudioError` where that is gone."""
    first = models.find(key)
    classes = set(card_of(first).classes)
    return [each for each in models.all() if each.key != first.key and _classes(each) == classes]


def _classes(model: Model) -> set[str]:
    if model.run is not None and model.run.about.get("classes"):
        return set(model.run.about["classes"])
    try:
        return set(card_of(model).classes)
    except StudioError:
        return set()
