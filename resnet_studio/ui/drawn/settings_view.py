"""Settings of a run in words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from resnet_studio import labels
from resnet_studio.config import TrainConfig
from resnet_studio.errors import RunError
from resnet_studio.migrations import MODEL_OF_A_RUN
from resnet_studio.model import architecture
from resnet_studio.text import Language, pair, say
from resnet_studio.workspace import Run

SHOWN_ANYWAY = ("depth", "family", "freeze", "weights")


def value_of(name: str, value: Any, language: Language, about: Mapping[str, Any] = MappingProxyType({})) -> str:
    """``value`` of the setting ``name``, of a run with ``about``, as the form says it."""
    if value is None:
        return say("runs.auto", language)
    if isinstance(value, bool):
        return say("runs.yes" if value else "runs.no", language)
    if isinstance(value, float):
        return f"{value:g}"
    if name == "weights" and (found := MODEL_OF_A_RUN.search(value)):
        return say("runs.weights.run", language, name=_called(Path(value).parent, found[1]))
    if name == "teacher" and value != "none":
        files = [Path(each) for each in value.split(os.pathsep)]
        return ", ".join(_called(file.parent, file.parent.name) for file in files)
    if name == "test_data" and value != "none":
        return str(about.get("tested_on") or value)
    if name == "unlabelled" and value not in ("none", "own"):
        return Path(value).name
    try:
        return say(f"config.{name}.{value}", language)
    except KeyError:
        return str(value)


def in_short(config: TrainConfig, language: Language) -> str:
    """Network, freeze level and starting weights in one line."""
    words = (value_of(name, getattr(config, name), language) for name in ("freeze", "weights"))
    return " · ".join([architecture.of(config).title, *words])


def changed(requested: TrainConfig, language: Language, about: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """What the user of a run with ``about`` changed besides that, as ``name: value``."""
    return [
        pair(say(f"config.{name}", language), value_of(name, value, language, about), language)
        for name, value in requested.changed().items()
        if name not in SHOWN_ANYWAY
    ]


def _called(folder: Path, run_id: str) -> str:
    """What the run in ``folder`` is called; its id where it is gone."""
    try:
        return labels.shown(Run(folder).about, run_id)
    except RunError:
        return run_id
