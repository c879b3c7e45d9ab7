"""``config.json`` of runs as earlier versions wrote it, brought up to date while it is read; the file stays as it is.

To change what the file holds, add a small function at the end of :data:`CHAIN`. It takes the whole content as the
version before wrote it and changes it in place, so that an old run that is resumed, evaluated or exported still does
what it did. For a new setting whose default is not the old behaviour, that is::

    lambda content: settled(content, fit="crop")
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from resnet_studio.errors import RunError

Content = dict[str, Any]
MODEL_OF_A_RUN = re.compile(r"[\\/]runs[\\/]([^\\/]+)[\\/]best\.safetensors$")


def set_resolved(content: Content, **values: Any) -> None:
    """Give the settings that a run was trained with the ``values`` of settings that came later."""
    content["resolved"] = {**values, **content["resolved"]}


def one_version_for_the_file(content: Content) -> None:
    """1 to 2: each set of settings had a version of its own."""
    for settings in ("requested", "resolved"):
        content[settings] = {key: value for key, value in content[settings].items() if key != "version"}


def parents_are_named(content: Content) -> None:
    """2 to 3: of the run that a training started from there was only the path of its model."""
    about, started_from = content["about"], str(content["requested"].get("weights", ""))
    found = MODEL_OF_A_RUN.search(started_from)
    content["about"] = {"owner": "", "group": "", "parents": [found[1]] if found else [], "note": "", **about}


def only_plain_resnets(content: Content) -> None:
    """3 to 4: every network was a plain ResNet of its depth."""
    set_resolved(content, family="resnet")


def copies_alone_stay_together(content: Content) -> None:
    """4 to 5: only copies of a file were kept on one side of the split."""
    set_resolved(content, groups="none")


def all_epochs_at_once(content: Content) -> None:
    """5 to 6: all epochs were one cycle."""
    set_resolved(content, first_epochs=0)


def the_best_epoch_was_the_model(content: Content) -> None:
    """6 to 7: no mean of weights, and no second training, was made before there were settings for these."""
    set_resolved(content, mean_with_start=False, final_fit=False)


CHAIN: tuple[Callable[[Content], None], ...] = (
    one_version_for_the_file, parents_are_named, only_plain_resnets, copies_alone_stay_together,
    all_epochs_at_once, the_best_epoch_was_the_model,
)  # fmt: skip
VERSION = 1 + len(CHAIN)


def up_to_date(content: Mapping[str, Any], run: str) -> Content:
    """A copy of ``content``, the ``config.json`` of ``run``, as this version would have written it.

    Raises :class:`RunError` where a newer version wrote it; ``TypeError``, ``LookupError``, ``AttributeError`` or
    ``ValueError`` where it makes no sense.
    """
    version = content.get("version", 1)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(f"no version: {version!r}")
    if version > VERSION:
        raise RunError("error.run.newer", run=run)
    current = copy.deepcopy(dict(content))
    for step in CHAIN[version - 1 :]:
        step(current)
    return current
