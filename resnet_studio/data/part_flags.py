"""A split that is written as a yes or no for each number of a picture: ``train_test_split.txt`` beside ``images.txt``.

So have Caltech-UCSD Birds (Wah et al., 2011) and NABirds (Van Horn et al., 2015) it: ``1 001.Albatross/a_0001.jpg``
in the one, ``1 0`` in the other, where 1 is for training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from resnet_studio.data import tables
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.layout import Layout, Part
from resnet_studio.data.named_rows import NamedRows, written_path
from resnet_studio.errors import DataError

_SPLIT, _PATHS = "train_test_split.txt", "images.txt"
_PARTS: Mapping[str, Part] = {"1": "train", "0": "test"}


def with_flagged_parts(layout: Layout, names: Sequence[str], files: Mapping[str, Path]) -> Layout:
    """``layout`` with the parts that such files (``files`` by their names) give all pictures, some of each class for
    training; folders go before.
    """
    placed = {name: place for name in names if (place := layout.place(name))[1] is not None}
    split = next((name for name in sorted(files) if name.rpartition("/")[2].lower() == _SPLIT), None)
    paths = {name.lower(): name for name in files}.get(f"{(split or '').lower()[: -len(_SPLIT)]}{_PATHS}")
    if layout.kind != "classes" or any(part for _, _, part in placed.values()) or split is None or paths is None:
        return layout
    flags, files_by_number = _pairs(files[split]), _pairs(files[paths])
    given = [(written_path(file), _PARTS.get(flags.get(number, ""))) for number, file in files_by_number.items()]
    rows = NamedRows(given, placed)
    listed = {name: part for name in placed if (part := rows.of(name)) is not None}
    learned = {placed[name][1] for name, part in listed.items() if part == "train"}
    if (
        len(listed) < len(placed)
        or "test" not in listed.values()
        or learned != {kind for _, kind, _ in placed.values()}
    ):
        return layout
    return replace(layout, listed=listed, doubts=(*layout.doubts, Doubt("table_parts", (split, paths))))


def _pairs(file: Path) -> dict[str, str]:
    """What stands behind the first blank of each line, by what stands before."""
    try:
        lines = (line.strip().split(None, 1) for line in tables.read_text(file).splitlines())
    except DataError:
        return {}
    return {line[0]: line[1].strip() for line in lines if len(line) == 2}
