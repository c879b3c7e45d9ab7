"""Trainings in Python: one, several with different seeds, the rest of one, and the search for a rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio import labels, recipes
from resnet_studio.api.data import opened
from resnet_studio.config import TrainConfig
from resnet_studio.deprecation import renamed_keyword
from resnet_studio.errors import StudioError
from resnet_studio.events import Event, Failed, Interrupted
from resnet_studio.model import architecture
from resnet_studio.stepwise import result_of
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.studies.repeats import Repeats
    from resnet_studio.training.control import Control
    from resnet_studio.training.finder import Rates

OnEvent = Callable[[Event], None]


@renamed_keyword("told", "on_event")
def train(
    dataset: Dataset | str | Path,
    config: TrainConfig | None = None,
    *,
    recipe: str | None = None,
    arch: str | None = None,
    workspace: Workspace | None = None,
    on_event: OnEvent | None = None,
    control: Control | None = None,
    name: str | None = None,
    note: str | None = None,
    owner: str = "",
    **settings: Any,
) -> Run:
    """Train on ``dataset``, or what :func:`resnet_studio.open_data` opens by that name, in this thread and return the
    run: ``run.best`` is the checkpoint.

    ``recipe`` is a name in :data:`resnet_studio.recipes.RECIPES`; it changes ``config`` (the defaults), and
    ``settings``, fields of :class:`TrainConfig`, change what comes of that. ``arch`` names a network, such as
    ``resnext50``, instead of its family and depth. ``on_event`` is called with every
    event; ``control`` can stop the training. Weights ``run:ID`` are those of an earlier run. ``name``, ``note`` and
    ``owner`` describe the run. Raises :class:`StudioError` where the training could not be done.
    """
    from resnet_studio.training.plan import new_run

    facts = labels.facts(name, note, owner)
    base = recipes.find(recipe).config(config or TrainConfig()) if recipe else config or TrainConfig()
    settings |= {} if arch is None else architecture.settings(arch, settings)
    dataset = opened(dataset, workspace)
    run = new_run(dataset, base.replace(**settings), workspace or Workspace.open(), facts=facts)
    train_all((run,), on_event, control)
    return run


@renamed_keyword("told", "on_event")
def find_learning_rate(
    dataset: Dataset | str | Path,
    config: TrainConfig | None = None,
    *,
    updates: int = 100,
    workspace: Workspace | None = None,
    on_event: OnEvent | None = None,
    control: Control | None = None,
) -> Rates:
    """Try ``updates`` rising learning rates for a training of ``config`` on ``dataset``.

    Nothing is saved and no run is made. Raises :class:`StudioError` where the training could not be done, or where
    ``control`` stopped it.
    """
    from resnet_studio.training.control import Control
    from resnet_studio.training.finder import find_rate
    from resnet_studio.training.lineage import with_weights_of_run

    chosen, control = config or TrainConfig(), control or Control()
    home = workspace or Workspace.open()
    search = find_rate(opened(dataset, home), with_weights_of_run(chosen, home), home, control, updates=updates)
    found = result_of(search, on_event)
    if found is None:
        raise StudioError("error.rates.stopped")
    return found


@renamed_keyword("told", "on_event")
def resume(
    run: Run | str,
    *,
    workspace: Workspace | None = None,
    on_event: OnEvent | None = None,
    control: Control | None = None,
) -> Run:
    """Train an interrupted or stopped ``run`` to its end, or what is left of the study that it is a part of.

    Raises :class:`RunError` where nothing is left to train.
    """
    from resnet_studio.training import waiting

    found = run if isinstance(run, Run) else waiting.find(workspace or Workspace.open(), run)
    train_all(waiting.left_of_job(found), on_event, control)
    return found


@renamed_keyword("told", "on_event")
def repeat(
    dataset: Dataset | str | Path,
    config: TrainConfig | None = None,
    *,
    seeds: int = 3,
    workspace: Workspace | None = None,
    on_event: OnEvent | None = None,
    control: Control | None = None,
    name: str | None = None,
    note: str | None = None,
    owner: str = "",
) -> Repeats:
    """Train ``config`` (the defaults) on ``dataset`` with ``seeds`` different seeds: how much of the result is chance.

    Returns runs, means and intervals; a run that fails is left out of them. Other parameters as in :func:`train`.
    Raises :class:`StudioError` where none of them could be trained.
    """
    from resnet_studio.studies.repeats import new_repeats, summary

    facts = labels.facts(name, note, owner)
    runs = new_repeats(
        opened(dataset, workspace), config or TrainConfig(), workspace or Workspace.open(), seeds, facts=facts
    )
    train_all(runs, on_event, control)
    return summary(runs)


def train_all(runs: tuple[Run, ...], on_event: OnEvent | None, control: Control | None) -> None:
    """Train ``runs`` as one job; raises the error of the last one where none of them finished."""
    from resnet_studio.training.control import Control
    from resnet_studio.training.driving import Job, carry_out, drive

    end = carry_out(Job(runs, control or Control()), lambda run, control: drive(run, control, on_event))
    if not isinstance(end, (Failed, Interrupted)) or not end.key:
        return
    if len(runs) == 1 or not any(run.state().finished for run in runs):
        raise StudioError(end.key, **end.values)
