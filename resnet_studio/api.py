"""The Python API: open a data set, train, predict.

>>> import resnet_studio as studio
>>> run = studio.train(studio.open_data("photos.zip"), epochs=5)
>>> studio.predict(run, "new.jpg")[0].label
'cat'
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from resnet_studio import labels, recipes
from resnet_studio.config import TrainConfig
from resnet_studio.deprecation import renamed_keyword
from resnet_studio.errors import DataError, RunError, StudioError
from resnet_studio.events import Event, Failed, Interrupted
from resnet_studio.model import architecture
from resnet_studio.workspace import Run, Workspace, default_workspace

if TYPE_CHECKING:
    from PIL import Image

    from resnet_studio.data.dataset import Dataset
    from resnet_studio.data.edits import Edit
    from resnet_studio.evaluation.parts import RunReport
    from resnet_studio.evaluation.report import Report
    from resnet_studio.prediction import Prediction
    from resnet_studio.studies.repeats import Repeats
    from resnet_studio.training.control import Control
    from resnet_studio.training.finder import Rates

OnEvent = Callable[[Event], None]


def open_data(
    source: str | Path,
    workspace: Workspace | None = None,
    *,
    to_score: bool = False,
    edited: bool = True,
    **choices: Any,
) -> Dataset:
    """The data set at ``source``: a folder or zip of class folders, ``sample:NAME``, ``public:NAME``, ``dataset:ID``.

    What was edited in the workspace since it came in counts, unless ``edited`` is false.
    ``choices`` are fields of :class:`resnet_studio.data.choices.Choices`, such as ``layout="inner"``, for what names
    leave open. With ``to_score`` it may have a single class, or classes with a single picture. Raises
    :class:`DataError` with a sentence that says what to do where it cannot be used.
    """
    from resnet_studio.data.choices import Choices
    from resnet_studio.data.doors import open_data as open_any

    chosen = Choices().with_changes(choices)
    purpose: Literal["score", "train"] = "score" if to_score else "train"
    return open_any(source, workspace or Workspace.open(), choices=chosen, purpose=purpose, edited=edited)


def edit_data(dataset: Dataset, edit: Edit, workspace: Workspace | None = None) -> Dataset:
    """Apply one recorded, reversible edit to ``dataset`` and return the result. No file of the user is changed.

    Raises :class:`DataError` for what cannot be done.

    >>> edit_data(dataset, Edit(kind="move", pictures=("cat/7.jpg",), label="dog"))  # doctest: +SKIP
    """
    from resnet_studio.data import mending

    return mending.edit(workspace or Workspace.open(), dataset.id, edit)


def undo_edit(dataset: Dataset, workspace: Workspace | None = None) -> Dataset:
    """Take the last edit of ``dataset`` back. Raises :class:`DataError` where there is none."""
    from resnet_studio.data import mending

    return mending.undo(workspace or Workspace.open(), dataset.id)


def redo_edit(dataset: Dataset, workspace: Workspace | None = None) -> Dataset:
    """Do again what was undone last. Raises :class:`DataError` where nothing was."""
    from resnet_studio.data import mending

    return mending.redo(workspace or Workspace.open(), dataset.id)


def save_data(dataset: Dataset, target: str | Path, workspace: Workspace | None = None) -> Path:
    """Write ``dataset`` as a zip or a folder of class folders, with ``changes.csv`` on its edits; returns where.

    Raises :class:`DataError` where ``target`` is taken, or a picture is gone.
    """
    from resnet_studio.data import mending
    from resnet_studio.data.saved_set import changes_of, save_set

    opened = mending.edited_set(workspace or Workspace.open(), dataset.id)
    return save_set(dataset, Path(target), changes_of(opened.state.base, opened.history(dataset.id))).path


@renamed_keyword("told", "on_event")
def train(
    dataset: Dataset,
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
    """Train on ``dataset`` in this thread and return the run: ``run.best`` is the checkpoint.

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
    run = new_run(dataset, base.replace(**settings), workspace or Workspace.open(), facts=facts)
    train_all((run,), on_event, control)
    return run


@renamed_keyword("told", "on_event")
def find_learning_rate(
    dataset: Dataset,
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
    search = find_rate(dataset, with_weights_of_run(chosen, home), home, control, updates=updates)
    while True:
        try:
            event = next(search)
        except StopIteration as end:
            if end.value is None:
                raise StudioError("error.rates.stopped") from None
            found: Rates = end.value
            return found
        if on_event is not None:
            on_event(event)


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
    dataset: Dataset,
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
    runs = new_repeats(dataset, config or TrainConfig(), workspace or Workspace.open(), seeds, facts=facts)
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


def predict(
    model: Run | str | Path,
    *pictures: str | Path | Image.Image,
    workspace: Workspace | None = None,
    device: str = "auto",
    drawings: bool = False,
) -> list[Prediction | StudioError]:
    """The prediction of ``model`` (a run or a checkpoint) for each of ``pictures``; for a bad picture its error.

    ``drawings``: they were drawn for this model, and are reduced to the size of its training pictures first.
    """
    from resnet_studio.prediction import Predictor

    sources = [Path(picture) if isinstance(picture, str) else picture for picture in pictures]
    return Predictor(checkpoint_path(model, workspace), device=device)(sources, drawings=drawings)


def evaluate(
    model: Run | str | Path,
    dataset: Dataset,
    *,
    workspace: Workspace | None = None,
    device: str = "auto",
    only_unseen: bool = False,
) -> Report:
    """Score ``model`` on the pictures of ``dataset``: on its test part where it comes with one, else on all of it.

    The report says how many of the pictures the model was trained on, by their contents; with ``only_unseen`` these
    are left out, and those that its best epoch was chosen by. Raises :class:`DataError` where ``dataset`` has a class
    that the model does not know, or where nothing is left to score.
    """
    from resnet_studio.evaluation.kept_together import evaluated_samples, with_groups
    from resnet_studio.evaluation.report import counted_by_group, remap_labels, score_pictures
    from resnet_studio.evaluation.seen import add_unseen, run_of, seen_pictures
    from resnet_studio.model import checkpoint
    from resnet_studio.model.device import choose_device

    path = checkpoint_path(model, workspace)
    loaded = checkpoint.load(path)
    chosen = choose_device(device)
    known, join = loaded.card.classes, dataset.choices.join_alike
    home = workspace or Workspace(default_workspace())
    dataset = with_groups(dataset, run_of(path, loaded.card, home), home)
    samples = remap_labels(evaluated_samples(dataset), dataset.classes, known, join_alike=join)
    seen = seen_pictures(path, loaded.card, home)
    if only_unseen:
        if seen is None:
            raise DataError("error.evaluate.unknown_run", file=path.name)
        samples = [sample for sample in samples if sample not in seen]
        if not samples:
            raise DataError("error.evaluate.all_seen")
    files = [dataset.path(sample) for sample in samples]
    scored = score_pictures(loaded.model.to(chosen), loaded.card, samples, files, chosen)
    return add_unseen(counted_by_group(scored, samples), samples, seen)


def report(run: Run | str, *, workspace: Workspace | None = None) -> RunReport:
    """What the test of ``run`` found: ``.report`` has scores, ``.outputs`` logits, ``.get(part)`` more.

    Raises :class:`RunError` where there is no such run.
    """
    from resnet_studio.evaluation.parts import RunReport

    return RunReport(run if isinstance(run, Run) else (workspace or Workspace.open()).find_run(run))


def checkpoint_path(model: Run | str | Path, workspace: Workspace | None = None) -> Path:
    """The checkpoint file of a run, or ``model`` itself where it is a file.

    Raises :class:`RunError` where there is no such run, or where it has no checkpoint yet.
    """
    if isinstance(model, (str, Path)) and Path(model).is_file():
        return Path(model)
    run = model if isinstance(model, Run) else (workspace or Workspace.open()).find_run(str(model))
    if not run.best.exists():
        raise RunError("error.run.no_model", run=run.id)
    return run.best
