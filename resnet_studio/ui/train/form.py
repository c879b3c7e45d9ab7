"""The form: one component for every field of :class:`TrainConfig`, made from its schema, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

import gradio as gr

from resnet_studio import belonging
from resnet_studio.config import DEPTHS, Family, TrainConfig, choices, is_yes_or_no, label
from resnet_studio.data.editing import base_of
from resnet_studio.data.unlabelled import DATASET, OWN
from resnet_studio.errors import ConfigError, StudioError
from resnet_studio.model import architecture, weights
from resnet_studio.text import Language, keys, say
from resnet_studio.ui.page.choices import filled_in_later
from resnet_studio.ui.page.context import T
from resnet_studio.ui.page.templates import render
from resnet_studio.workspace import Workspace

NAMES: tuple[str, ...] = tuple(spec.name for spec in fields(TrainConfig))
GROUPS: tuple[str, ...] = (
    "training", "model", "optimisation", "regularisation", "distillation", "split", "augmentation",
)  # fmt: skip
RUN = "run"
"""Starting weights ``run:ID`` are those of a run."""
SPLIT = ("validation_fraction", "test_fraction")
"""These are stored with the split of the Data tab, which shows them too."""
LISTED = frozenset({"weights", "test_data"})
"""Choices that are filled in with what the workspace holds, together with which of them is chosen."""
FIRST = ("depth", "epochs", "family", "freeze", "weights")
"""These are shown above; all others are folded under "All settings"."""
STEPS: Mapping[str, float] = {
    "learning_rate": 0.0001,
    "weight_decay": 0.001,
    "stage_factor": 0.1,
    "l1_penalty": 0.01,
    "adversarial": 0.005,
    "temperature": 0.5,
    "keep_channels": 0.1,
}
INFO = {
    "depth": "train.depth.info",
    "family": "train.family.info",
    "freeze": "train.freeze.info",
    "weights": "train.weights.info",
    "pretrain_epochs": "train.pretrain.info",
    "test_data": "train.test.help",
}
"""Shorter than the help of the schema: these stand in a narrow column, and are explained below it."""
LABELS = {"test_data": "train.test.label"}
"""Of fields that stand below a title with their name."""
BARE = ("epochs",)
"""These stand where there is no room for an explanation, and need none."""
OFFERED: Mapping[str, tuple[str, ...]] = {
    "device": ("auto", "cpu", "cuda", "mps"),
    "weights": ("auto",),
    "groups": ("auto", "near", "folder", "name", "time:60", "none"),
    "teacher": ("none",),
    "unlabelled": ("none",),
    "test_data": ("none",),
}
"""What a form offers for texts that can be more on the command line."""
NEEDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "hidden_units": ("head", ("hidden",)),
    "nesterov": ("optimizer", ("sgd",)),
    "step_epochs": ("schedule", ("step",)),
    "step_factor": ("schedule", ("step",)),
    "strong_policy": ("augmentation", ("strong",)),
    "teacher_weight": ("teacher", ()),
    "temperature": ("teacher", ()),
    "unlabelled": ("teacher", ()),
    "prune_by": ("keep_channels", ()),
}
"""Fields that mean something only while another one has one of these values, or, without any here, is not at what
turns it off; hidden otherwise.
"""
OFF = ("none", None, "", 1)
AUTO = "auto"


def defaults() -> dict[str, Any]:
    """The default of every field."""
    return {spec.name: spec.default for spec in fields(TrainConfig)}


def field(name: str) -> Any:
    """The component for field ``name``, with its default, label and help; a number may be left empty for auto."""
    default, hint = defaults()[name], get_type_hints(TrainConfig)[name]
    words: dict[str, Any] = {
        "label": T(LABELS.get(name, f"config.{name}")), "elem_id": f"train-{name}", "interactive": True,
        "info": None if name in BARE else T(INFO.get(name, f"config.{name}.help")),
    }  # fmt: skip
    options = choices(name) or OFFERED.get(name, ())
    named = [(option(name, value), value) for value in options]
    visible = not hidden(defaults()).get(name, False)
    if name == "depth":
        return filled_in_later(gr.Radio(named, value=default, elem_classes="rs-segments", **words))
    if named:
        return filled_in_later(gr.Dropdown(named, value=default, filterable=False, visible=visible, **words))
    if hint is bool:
        return gr.Checkbox(value=default, visible=visible, **words)
    if is_yes_or_no(name):
        either: list[tuple[Any, str | bool]] = [(T("train.auto"), AUTO), (T("train.yes"), True), (T("train.no"), False)]
        return filled_in_later(gr.Dropdown(either, value=AUTO, filterable=False, visible=visible, **words))
    whole = hint is int or int in get_args(hint)
    return gr.Number(
        value=default, step=1 if whole else STEPS.get(name, 0.05), placeholder=T("train.auto"), visible=visible,
        min_width=120, **words,
    )  # fmt: skip


def option(name: str, value: Any) -> Any:
    """What ``value`` of field ``name`` is called: a mark of its text, or the value itself where it has none."""
    if name == "family":
        return family(value)
    key = f"config.{name}.{value}" if value != "auto" or name not in ("device", "weights") else "train.auto"
    return T(key) if key in KEYS else str(value)


KEYS = frozenset(keys())
"""Of all texts that there are."""


def family(name: str) -> str:
    """What a family is called, in any language, with the library that it needs beside those of the studio."""
    library = architecture.in_family(name)[0].library
    title = say(f"config.family.{name}", "en")
    return f"{title} ({library.name})" if library.optional else title


def depth_in(family: Family, depth: int) -> int:
    """The depth that ``family`` has instead of ``depth``: the same, else the next deeper one, else its deepest."""
    return next((found for found in DEPTHS[family] if found >= depth), DEPTHS[family][-1])


def depths(family: Family, depth: int) -> Any:
    """The choice of a depth, as it is in ``family``, at ``depth``."""
    return gr.update(choices=[(str(found), found) for found in DEPTHS[family]], value=depth)


def advanced(components: dict[str, Any], after: Mapping[str, Callable[[], None]] = MappingProxyType({})) -> None:
    """Make the fields that are not made yet, group by group; ``after`` makes what stands below a group."""
    groups = {spec.name: str(spec.metadata["group"]) for spec in fields(TrainConfig)}
    for group in GROUPS:
        members = [name for name in NAMES if groups[name] == group and name not in components]
        if not members:
            continue
        gr.HTML(render("train/group_title.html", group=group), apply_default_css=False)
        with gr.Row(elem_classes="train-group"):
            for name in members:
                components[name] = field(name)
        if group in after:
            after[group]()


def config_of(values: Sequence[Any], workspace: Workspace | None = None) -> TrainConfig:
    """The settings that the form's ``values``, in the order of :data:`NAMES`, stand for. Raises :class:`StudioError`.

    An emptied number whose default is one means that default. Starting weights from a run of ``workspace`` are named by
    its id: a page cannot name a file of the server.
    """
    filled = defaults()
    for name, value in zip(NAMES, values, strict=True):
        if not left_open(name, value) and value != "":
            filled[name] = value
        elif filled[name] is not None:
            continue
        else:
            filled[name] = None
    filled["weights"] = _weights(str(filled["weights"]), workspace)
    if workspace is not None:
        _refuse_paths(str(filled["teacher"]), str(filled["unlabelled"]), workspace)
        _refuse_unseen("test_data", str(filled["test_data"]), workspace)
    if workspace is not None and str(filled["groups"]).strip().startswith("csv"):
        raise ConfigError("error.page_train.groups")
    return TrainConfig(**filled)


def _weights(named: str, workspace: Workspace | None) -> str:
    """Starting weights as the configuration holds them, from what the page calls them."""
    kind, _, run = named.partition(":")
    if kind == RUN and workspace is not None:
        return str(workspace.run(run).best)
    if weights.is_path(named):
        raise ConfigError("error.page_train.weights")
    return named


def _refuse_paths(teacher: str, unlabelled: str, workspace: Workspace) -> None:
    """Raise :class:`StudioError` unless teachers are runs, and pictures without labels of data sets, that whoever acts
    here may see.
    """
    for named in teacher.split(",") if teacher != "none" else ():
        kind, _, run = named.partition(":")
        if kind != RUN:
            raise ConfigError("error.page_train.weights")
        workspace.run(run)
    if unlabelled != OWN:
        _refuse_unseen("unlabelled", unlabelled, workspace)


def _refuse_unseen(field: str, named: str, workspace: Workspace) -> None:
    """Raise :class:`ConfigError` unless ``named`` is none or a data set that whoever acts here may see."""
    id = named.removeprefix(DATASET)
    if named != "none" and (id == named or not belonging.sees_dataset(workspace.datasets / base_of(id))):
        raise ConfigError(f"error.page_train.{field}")


def shown_as(name: str, value: Any) -> Any:
    """``value`` of field ``name`` as its component has it."""
    return AUTO if value is None and is_yes_or_no(name) else value


def left_open(name: str, value: Any) -> bool:
    """Whether ``value``, as a component has it, leaves field ``name`` to the studio."""
    return value is None or (value == AUTO and defaults()[name] is None)


def changed_values(values: Sequence[Any]) -> dict[str, Any]:
    """What a browser stores of ``values``: those that differ from the defaults, the split left out."""
    usual = defaults()
    pairs = zip(NAMES, values, strict=True)
    return {
        name: value
        for name, value in pairs
        if value != usual[name] and not left_open(name, value) and name not in SPLIT
    }


def restored(form: Any, split: Any) -> dict[str, Any]:
    """The values of all fields from what a browser stored; what this version does not accept becomes its default."""
    values = defaults()
    given = dict(form) if isinstance(form, Mapping) else {}
    if isinstance(split, (list, tuple)) and len(split) == len(SPLIT):
        given |= dict(zip(SPLIT, split, strict=True))
    for name in NAMES:
        if name in given:
            beside = {"depth": values["depth"]} if name == "family" else {}
            try:
                values[name] = getattr(TrainConfig(**beside, **{name: given[name]}), name)
            except (ConfigError, TypeError):
                continue
    return values


def sentence(error: StudioError, language: Language) -> str:
    """What is wrong, with the field called as the form calls it."""
    name = error.values.get("field")
    if isinstance(name, str) and name in NAMES:
        return say(error.key, language, **{**error.values, "field": f"“{label(name, language)}”"})
    return error.sentence(language)


def updates(found: Mapping[str, Any], untouched: Collection[str]) -> list[Any]:
    """What gives all fields the values ``found``; those that are ``untouched`` stay as they are."""
    shown = [gr.skip() if name in untouched else gr.update(value=shown_as(name, found[name])) for name in NAMES]
    if not {"depth", "family"} <= set(untouched):
        shown[NAMES.index("depth")] = depths(found["family"], found["depth"])
    return shown


def hidden(values: Mapping[str, Any]) -> dict[str, bool]:
    """For each field of :data:`NEEDS`, whether it has no effect with these ``values``."""
    return {
        name: values[other] not in useful if useful else values[other] in OFF for name, (other, useful) in NEEDS.items()
    }
