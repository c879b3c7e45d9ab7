"""The choice of a recipe above the form. Which one is chosen follows from the form, so that a reload cannot lose it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from resnet_studio.config import TrainConfig
from resnet_studio.recipes import RECIPES
from resnet_studio.text import Language, say
from resnet_studio.ui.page.context import T
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train.form import NAMES, SPLIT

OWN = "own"
"""What is chosen while the form is none of the recipes."""
LEFT_ALONE = (*SPLIT, "seed", "device", "devices", "precision", "test_data")
"""These are about the pictures and the machine, and no recipe changes them."""


def dropdown() -> gr.Dropdown:
    """The choice, at the recipe that the untouched form is."""
    named = [(T(f"recipes.{name}"), name) for name in (*RECIPES, OWN)]
    return gr.Dropdown(
        named, value="balanced", filterable=False, interactive=True, label=T("recipes.label"),
        info=T("recipes.help"), elem_id="train-recipe",
    )  # fmt: skip


def matching(config: TrainConfig) -> str:
    """The recipe that ``config`` is, whatever its split, seed and machine; :data:`OWN` where it is none."""
    alone = TrainConfig(**{name: getattr(config, name) for name in LEFT_ALONE})
    return next((name for name, recipe in RECIPES.items() if recipe.config(alone) == config), OWN)


def filled(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """The form's ``values`` after recipe ``name`` was chosen: as they were where it is none."""
    given: Mapping[str, Any] = dict(zip(NAMES, values, strict=True))
    if name not in RECIPES:
        return dict(given)
    alone = {field: given[field] for field in LEFT_ALONE if given[field] is not None}
    return {**train_form.defaults(), **alone, **RECIPES[name].changes}


def why(name: str, language: Language) -> str:
    """The sentence on the recipe, or on there being none."""
    return say(f"recipes.{name}.why", language)
