"""Which runs a training comes from: its weights may be those of an earlier one, and earlier ones may teach it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.data import unlabelled
from resnet_studio.durable import replacing
from resnet_studio.errors import CheckpointError, RunError
from resnet_studio.evaluation.seen import seen_by_ancestors
from resnet_studio.events import Noted
from resnet_studio.model.card import read_card
from resnet_studio.model.weights import is_path
from resnet_studio.run_state import TEST_SEEN_BEFORE, VALIDATION_SEEN_BEFORE
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset, Split
    from resnet_studio.workspace import Run

PREFIX = "run:"


def with_weights_of_run(config: TrainConfig, workspace: Workspace, dataset: Dataset | None = None) -> TrainConfig:
    """``config`` with the file that weights ``run:NAME`` stand for, and with those of its teachers; NAME as
    :meth:`Workspace.find_run` takes it.

    Raises :class:`RunError` where there is no such run, or where it has no model yet; with a ``dataset`` also what
    :func:`check_teachers` and :func:`unlabelled.check` raise.
    """
    config = _with_teachers(config, workspace)
    if dataset is not None:
        check_teachers(config, dataset.classes)
        if config.unlabelled != "none":
            unlabelled.check(config.unlabelled, dataset, workspace)
    if not config.weights.startswith(PREFIX):
        return config
    run = workspace.find_run(config.weights.removeprefix(PREFIX))
    if not run.best.is_file():
        raise RunError("error.run.no_model", run=run.id)
    return config.replace(weights=str(run.best))


def parents_of(config: TrainConfig) -> list[str]:
    """The ids of the runs whose models the training starts from and is taught by, as these models say themselves."""
    files = [Path(config.weights).expanduser()] if is_path(config.weights) else []
    found = []
    for file in [*files, *teacher_files(config)]:
        with suppress(CheckpointError):  # weights from elsewhere
            found.append(read_card(file).run)
    return list(dict.fromkeys(filter(None, found)))


def seen_before(run: Run, split: Split) -> Iterator[Noted]:
    """What one should know of the scores of ``run`` where runs that it starts from, or is taught by, know some of the
    pictures of its ``split`` that it is scored on: as with another seed, or in a cross-validation.
    """
    workspace = Workspace(run.folder.parent.parent)
    known = seen_by_ancestors(run, workspace) if run.about.get("parents") else None
    if known is None:
        return
    names = [str(name) for name in run.about["parents"]]
    scored = (
        (TEST_SEEN_BEFORE, split.test, known.trained | known.chosen),
        (VALIDATION_SEEN_BEFORE, split.validation, known.trained),
    )
    for key, samples, of in scored:
        if count := sum(sample.content in of for sample in samples):
            yield Noted(key=key, values={"count": count, "total": len(samples), "names": names})


def teacher_files(config: TrainConfig) -> list[Path]:
    """The checkpoints that the settings name as teachers, once :func:`with_weights_of_run` has found them."""
    return [] if config.teacher == "none" else [Path(each) for each in config.teacher.split(os.pathsep)]


def check_teachers(config: TrainConfig, classes: Sequence[str]) -> None:
    """Raise :class:`CheckpointError` where a teacher knows other ``classes`` than those to be learnt."""
    for file in teacher_files(config):
        card = read_card(file)
        if differing := sorted(set(card.classes) ^ set(classes)):
            raise CheckpointError("error.teacher.classes", teacher=card.run or file.name, classes=differing[:5])


def with_copied_teachers(run: Run) -> Run:
    """``run``, once the models of its teachers lie in its folder too, where they are safe from what becomes of those.

    Where the disk allows it, a copy takes no room.
    """
    for number, file in enumerate(teacher_files(run.config), 1):
        target = run.folder / f"teacher-{number:03}.safetensors"
        try:
            os.link(file, target)
        except OSError:
            with replacing(target) as temporary:
                shutil.copyfile(file, temporary)
    return run


def _with_teachers(config: TrainConfig, workspace: Workspace) -> TrainConfig:
    """``config`` with the files of its teachers, which are runs, studies or checkpoints with a comma between them."""
    if config.teacher == "none" or all(file.is_file() for file in teacher_files(config)):
        return config
    files = [file for name in config.teacher.split(",") if name.strip() for file in _named(name.strip(), workspace)]
    return config.replace(teacher=os.pathsep.join(dict.fromkeys(str(file.resolve()) for file in files)))


def _named(name: str, workspace: Workspace) -> list[Path]:
    """The checkpoints of what is called ``name``; a study stands for all its runs that have a model."""
    from resnet_studio.training.waiting import parts_of

    if Path(name).is_file():
        return [Path(name)]
    name = name.removeprefix(PREFIX)
    try:
        runs = [workspace.find_run(name)]
    except RunError:
        runs = list(parts_of(workspace, name))
        if not runs:
            raise
    found = [run.best for run in runs if run.best.is_file()]
    if not found:
        raise RunError("error.run.no_model", run=runs[0].id)
    return found
