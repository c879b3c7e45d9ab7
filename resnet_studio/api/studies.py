"""The Python API of studies: several runs that answer one question.

>>> import resnet_studio as studio
>>> found = studio.cross_validate(studio.open_data("pictures.zip"), folds=5)  # doctest: +SKIP
>>> print(found.report.accuracy, found.report.interval)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet_studio import labels
from resnet_studio.api import train_all
from resnet_studio.config import TrainConfig
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.api import OnEvent
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.studies.folds import CrossValidation
    from resnet_studio.training.control import Control


def cross_validate(
    dataset: Dataset,
    config: TrainConfig | None = None,
    *,
    folds: int = 5,
    workspace: Workspace | None = None,
    on_event: OnEvent | None = None,
    control: Control | None = None,
    name: str | None = None,
    note: str | None = None,
    owner: str = "",
) -> CrossValidation:
    """Train ``config`` (the defaults) on ``dataset`` once a fold, so that every picture is tested exactly once.

    Folds are stratified by class; near-duplicates, and what ``config.groups`` keeps together, are never split over
    them. Other parameters as in :func:`resnet_studio.train`. Raises :class:`ConfigError` for a number that is not
    allowed, :class:`DataError` for a data set with validation or test pictures of its own or with too few pictures,
    and :class:`StudioError` where no fold could be trained.
    """
    from resnet_studio.studies.folds import cross_validation, new_folds

    facts = labels.facts(name, note, owner)
    runs = new_folds(dataset, config or TrainConfig(), workspace or Workspace.open(), folds, facts=facts)
    train_all(runs, on_event, control)
    return cross_validation(runs)
