"""Image projects of Teachable Machine: pictures side by side in one zip, each called by its class.

"Download project as file" gives ``project.tm``, a zip with ``manifest.json`` and pictures ``CLASS-!-NUMBER.jpg``. The
layout is not documented; it is what programs that read and write such files agree on. "Export model" gives zips of
another kind, which hold no pictures but a MobileNet for TensorFlow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from resnet_studio.data.archive import Unpacked

SUFFIX = ".tm"
MANIFEST = "manifest.json"
_SAMPLE = re.compile(r"(?P<folder>(?:.*/)?)(?P<label>[^/]+)-!-\d+\.\w+")

_MODELS = (
    {"keras_model.h5", "labels.txt"}, {"model.savedmodel", "labels.txt"}, {"model.json", "metadata.json"},
    {"model.tflite", "labels.txt"}, {"model_unquant.tflite", "labels.txt"}, {"model_edgetpu.tflite", "labels.txt"},
)  # fmt: skip
"""What its exports of a trained model hold: Keras and SavedModel, TensorFlow.js, TensorFlow Lite."""


def is_model(names: Iterable[str]) -> bool:
    """Whether files with these ``names`` are a model that it has trained, rather than pictures."""
    there = {piece for name in names for piece in name.split("/")}
    return any(files <= there for files in _MODELS)


def in_folder(folder: Path) -> list[tuple[str, Path]] | None:
    """The names and paths of an unpacked project in ``folder``; None where it is none."""
    if not (folder / MANIFEST).is_file():
        return None
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink()]
    if not any(_SAMPLE.fullmatch(path.name) for path in files):
        return None
    return [(f"{folder.name or 'project'}/{path.name}", path) for path in files]


def arranged(unpacked: Unpacked) -> Unpacked:
    """``unpacked`` with a folder for each class, where it is such a project; as it is where it is none."""
    pictures = [(name, file) for name, file in unpacked.pictures if not _is_manifest(name)]
    found = [_SAMPLE.fullmatch(name) for name, _ in pictures]
    if not found or not all(found) or len({each["folder"] for each in found if each}) > 1:
        return unpacked
    named = tuple(
        (f"{each['folder']}{each['label']}/{name.rpartition('/')[2]}", file)
        for each, (name, file) in zip(found, pictures, strict=True)
        if each
    )
    for name, file in unpacked.pictures:
        if _is_manifest(name):
            file.unlink(missing_ok=True)
    return replace(unpacked, pictures=named, left_out=_without_manifest(unpacked.left_out), guess=None)


def _is_manifest(name: str) -> bool:
    return name.rpartition("/")[2] == MANIFEST


def _without_manifest(left_out: Mapping[str, list[str]]) -> dict[str, list[str]]:
    kept = {kind: [name for name in names if not _is_manifest(name)] for kind, names in left_out.items()}
    return {kind: names for kind, names in kept.items() if names}
