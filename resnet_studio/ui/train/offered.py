"""What the form offers of what is in the workspace: starting weights, teachers, pictures without labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.data import library
from resnet_studio.data.editing import base_of
from resnet_studio.data.unlabelled import DATASET, OWN
from resnet_studio.model import weights
from resnet_studio.text import Language, say
from resnet_studio.training.lineage import PREFIX
from resnet_studio.ui.train.form import NEEDS

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.model.architecture import Architecture
    from resnet_studio.service.forecast import Forecaster
    from resnet_studio.workspace import Workspace

NONE = "none"
MOST = 8  # of each kind
MOST_SETS = 30
Offered = tuple[list[tuple[str, str]], str]
"""The choices, and which of them is chosen."""


def everything(
    forecaster: Forecaster, workspace: Workspace, kind: Architecture, dataset: Dataset | None, given: Mapping[str, Any],
    language: Language,
) -> dict[str, Offered]:  # fmt: skip
    """All of them for a form with the values ``given``."""
    teaching = teachers(forecaster, dataset, str(given["teacher"]), language)
    wanted = str(given["unlabelled"]) if teaching[1] != NONE else NONE
    return {
        "weights": starting_weights(forecaster, kind, str(given["weights"]), language),
        "teacher": teaching,
        "unlabelled": unlabelled(workspace, dataset, wanted, language),
        "test_data": test_sets(workspace, dataset, str(given["test_data"]), language),
    }


def updates(choices: Mapping[str, Offered], tested: str, shown: Sequence[Any]) -> list[Any]:
    """What gives the fields their ``choices``: starting weights, the teacher, the pictures to test on with what is
    ``tested`` of them, and the fields of :data:`NEEDS`, of which ``shown`` says whether they are visible.
    """
    found = {name: gr.update(choices=options, value=chosen) for name, (options, chosen) in choices.items()}
    needing = dict(zip(NEEDS, shown, strict=True))
    needing["unlabelled"] = {**found["unlabelled"], **needing["unlabelled"]}
    return [found["weights"], found["teacher"], found["test_data"], tested, *needing.values()]


def starting_weights(forecaster: Forecaster, kind: Architecture, requested: str, language: Language) -> Offered:
    """Those for a network of this ``kind``, and those ``requested``; auto where they are not among them."""
    auto = weights.explain("auto", kind)
    options = [(say("train.weights.auto", language, weights=say(f"config.weights.{auto.key}", language)), "auto")]
    options += [(say(f"config.weights.{one.key}", language), one.weights) for one in weights.available(kind)]
    options += [
        (say("train.weights.run", language, name=run.name), f"{PREFIX}{run.run.id}") for run in forecaster.models(kind)
    ]
    return _chosen(options, requested, "auto")


def teachers(forecaster: Forecaster, dataset: Dataset | None, requested: str, language: Language) -> Offered:
    """Runs that know the classes of ``dataset``, alone, and those of a study together."""
    options = [(say("config.teacher.none", language), NONE)]
    runs = forecaster.knowing(dataset.classes) if dataset else []
    studies: dict[str, list[str]] = defaultdict(list)
    for run in runs:
        if group := str(run.about.get("group") or ""):
            studies[group].append(f"{PREFIX}{run.run.id}")
    options += [
        (say("train.teacher.study", language, count=len(ids), name=group), ",".join(ids))
        for group, ids in list(studies.items())[:MOST]
        if len(ids) > 1
    ]
    options += [(say("train.weights.run", language, name=run.name), f"{PREFIX}{run.run.id}") for run in runs[:MOST]]
    return _chosen(options, requested, NONE)


def unlabelled(workspace: Workspace, dataset: Dataset | None, requested: str, language: Language) -> Offered:
    """The pictures without labels of ``dataset``, and other data sets of the workspace, the newest first."""
    options = [(say("config.unlabelled.none", language), NONE)]
    if dataset is not None and dataset.unlabelled:
        count = len(dataset.unlabelled)
        options.append((say("train.unlabelled.own", language, count=count), OWN))
    others = [each for each in library.list_datasets(workspace) if dataset is None or each.id != dataset.id]
    options += [
        (say("train.unlabelled.set", language, name=each.name, count=each.pictures), f"{DATASET}{each.id}")
        for each in others[:MOST]
    ]
    return _chosen(options, requested, NONE)


def test_sets(workspace: Workspace, dataset: Dataset | None, requested: str, language: Language) -> Offered:
    """Other data sets of the workspace to test on, the newest first; of one that was edited since, what it is now."""
    own = base_of(dataset.id) if dataset else ""
    others = [each for each in library.list_datasets(workspace) if base_of(each.id) != own]
    wanted = base_of(requested.removeprefix(DATASET))
    now = next((f"{DATASET}{each.id}" for each in others if base_of(each.id) == wanted), requested)
    shown = [each for at, each in enumerate(others) if at < MOST_SETS or f"{DATASET}{each.id}" == now]
    options = [(say("config.test_data.none", language), NONE)]
    options += [
        (say("train.test.set", language, name=each.name, count=each.pictures), f"{DATASET}{each.id}") for each in shown
    ]
    return _chosen(options, now, NONE)


def _chosen(options: list[tuple[str, str]], requested: str, otherwise: str) -> Offered:
    return options, requested if requested in {value for _, value in options} else otherwise
