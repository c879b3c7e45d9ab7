"""What a training would be tested on besides, for a form that asks with every change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_studio.data.editing import base_of
from resnet_studio.data.outside_set import DATASET, NONE
from resnet_studio.errors import DataError
from resnet_studio.evaluation.outside import OutsideSet, opened
from resnet_studio.text import LANGUAGES, Language

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.workspace import Workspace

KEPT = 8
Key = tuple[str, str, str, float]


@dataclass(frozen=True)
class Planned:
    """What is tested besides: in a ``short`` sentence, and with ``all`` there is to know of it, by language."""

    short: Mapping[Language, str]
    all: Mapping[Language, str]


NOTHING: Mapping[Language, str] = {"en": "", "zh": ""}


class OutsideSets:
    """Remembers the last answers, since reading a set and comparing it takes a while."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._answers: OrderedDict[Key, Planned | DataError] = OrderedDict()

    def planned(self, config: TrainConfig, dataset: Dataset | None) -> Planned:
        """What a model of ``dataset`` is tested on as ``config`` says; empty where it is on nothing else.

        Raises :class:`DataError` where it cannot be tested on that.
        """
        if dataset is None or config.test_data == NONE:
            return Planned(NOTHING, NOTHING)
        key = (dataset.id, config.test_data, config.groups, self._changed(config.test_data))
        if key not in self._answers:
            self._answers[key] = self._look(config, dataset)
        self._answers.move_to_end(key)
        while len(self._answers) > KEPT:
            self._answers.popitem(last=False)
        found = self._answers[key]
        if isinstance(found, DataError):
            raise found
        return found

    def _look(self, config: TrainConfig, dataset: Dataset) -> Planned | DataError:
        try:
            other = opened(config, self._workspace)
            assert other is not None
            found = OutsideSet.of(other, dataset, config.groups, self._workspace)
        except DataError as error:
            return error
        return Planned(
            {language: found.short(language) for language in LANGUAGES},
            {language: found.sentence(language) for language in LANGUAGES},
        )

    def _changed(self, named: str) -> float:
        """When the set was written; 0 where there is none any more."""
        try:
            return (self._workspace.datasets / base_of(named.removeprefix(DATASET)) / "dataset.json").stat().st_mtime
        except OSError:
            return 0.0
