"""Image projects of Teachable Machine: pictures side by side in one zip, each called by its class.

"Download project as file" gives ``project.tm``, a zip with ``manifest.json`` and pictures ``CLASS-!-NUMBER.jpg``. The
layout is not documented; it is what programs that read and write such files agree on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resnet_studio.data.archive import Unpacked

SUFFIX = ".tm"
MANIFEST = "manifest.json"
_SAMPLE = re.compile(r"(?P<folder>(?:.*/)?)(?P<label>[^/]+)-!-\d+\.\w+")


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
