"""A folder beside the classes that holds all of them once more, as archives have that were packed twice."""

from __future__ import annotations

from dataclasses import replace

from resnet_studio.data.choices import Choices
from resnet_studio.data.doubt import Doubt, ordered
from resnet_studio.data.names import comparison_key
from resnet_studio.data.structure import Structure

_FEWEST_CLASSES = 2


def left_out(found: Structure, choices: Choices) -> Structure:
    """``found`` without such folders as classes, and a doubt that says so: ``{yes,no}`` beside ``brain/{yes,no}``."""
    if found.kind != "classes" or choices.layout != "auto":
        return found
    tops = found.root.inside
    again = {name for name, top in tops.items() if top.nothing_loose and len(top.inside) >= _FEWEST_CLASSES}
    classes = {comparison_key(name) for name in tops if name not in again}
    again = {name for name in again if {comparison_key(inner) for inner in tops[name].inside} == classes}
    if not again or len(tops) - len(again) != len(classes):
        return found
    doubt = Doubt("again", ordered(again), ordered(name for name in tops if name not in again))
    doubts = (*(each for each in found.doubts if each.kind not in ("some_parts", "nested", "train_folder")), doubt)
    return replace(found, outside=tuple(tops[name].path for name in ordered(again)), doubts=doubts)
