"""The Python API of studies: several runs that answer one question.

>>> import resnet_studio as studio
>>> found = studio.cross_validate(studio.open_data("pictures.zip"), folds=5)  # doctest: +SKIP
>>> print(found.report.accuracy, found.report.interval)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from resnet_studio import labels
from resnet_studio.api import train_all
from resnet_studio.api.data import opened
from resnet_studio.config import TrainConfig
from resnet_studio.one_or_many import as_list
from resnet_studio.stepwise import result_of
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from resnet_studio.api import OnEvent
    from resnet_studio.config import Depth, Freeze
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.studies.folds import CrossValidation
    from resnet_studio.studies.race import Race
    from resnet_studio.studies.racing import RaceStep
    from resnet_studio.studies.search import Method, Search, Searched
    from resnet_studio.training.control import Control


def cross_validate(
    dataset: Dataset | str | Path,
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
    runs = new_folds(
        opened(dataset, workspace), config or TrainConfig(), workspace or Workspace.open(), folds, facts=facts
    )
    train_all(runs, on_event, control)
    return cross_validation(runs)


def race(
    dataset: Dataset | str | Path,
    config: TrainConfig | None = None,
    *,
    depths: Depth | Sequence[Depth] | None = None,
    sizes: int | Sequence[int] | None = None,
    levels: Freeze | Sequence[Freeze] | None = None,
    download: bool = False,
    workspace: Workspace | None = None,
    on_step: Callable[[RaceStep], None] | None = None,
    control: Control | None = None,
) -> Race:
    """Compare ResNets of these ``depths`` (all) with the pretrained weights that this machine has, at these ``sizes``
    (those that fit the pictures, px) and freeze ``levels`` (layer4, layer3, layer2), by cross-validation.

    Test pictures are not looked at. ``download``: also weights that are not on this machine yet. A race that
    ``control`` ended goes on where it was when it is run again. ``found.pick.candidate.settings`` are settings to train
    with. Raises :class:`StudioError` where there are no pretrained weights, or where no training could be done.
    """
    from resnet_studio.studies.race import LEVELS
    from resnet_studio.studies.racing import Field, run_race
    from resnet_studio.training.control import Control

    depths, sizes = (None if given is None else as_list(given) for given in (depths, sizes))
    wanted = Field(depths, sizes, as_list(levels or LEVELS), download)
    dataset = opened(dataset, workspace)
    work = run_race(dataset, config or TrainConfig(), workspace or Workspace.open(), control or Control(), wanted)
    return result_of(work, on_step)


def search(
    dataset: Dataset | str | Path,
    config: TrainConfig | None = None,
    *,
    trials: int = 20,
    method: Method = "tpe",
    over: Searched | Sequence[Searched] = ("learning_rate", "weight_decay", "augmentation", "epochs"),
    workspace: Workspace | None = None,
    on_trial: Callable[[Search], None] | None = None,
    on_event: OnEvent | None = None,
    control: Control | None = None,
    started_by: str = "program",
) -> Search:
    """Search for settings of a training of ``config`` (the defaults) on ``dataset`` with Optuna: ``tpe``, ``random`` or
    ``grid``.

    Each trial is a run without test pictures; ``found.settings`` are those with the best validation accuracy. The same
    search started again goes on, up to ``trials`` in all. Raises :class:`ConfigError` for what no search can be, and
    :class:`StudioError` where no training could be done.
    """
    from resnet_studio.studies.searching import Plan, run_search
    from resnet_studio.training.control import Control

    return run_search(
        opened(dataset, workspace), config or TrainConfig(), workspace or Workspace.open(), control or Control(),
        Plan(trials, method, tuple(as_list(over))), on_trial=on_trial, on_event=on_event, started_by=started_by,
    )  # fmt: skip


def save_search_plots(found: Search, folder: Path, *, workspace: Workspace | None = None) -> list[Path]:
    """Write Optuna's plots of a search into ``folder``. Raises :class:`RunError` where too few trials ended."""
    from resnet_studio.studies import search as searches
    from resnet_studio.studies import search_plots

    study = searches.open_study(workspace or Workspace.open(), found.id, found.method, found.base.seed)
    return search_plots.write(study, folder)
