"""Labels that a table has for a part without class folders, beside folders of classes: ``val_annotations.txt``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from resnet_studio.data.doubt import Doubt
from resnet_studio.data.layout import Layout
from resnet_studio.data.table_labels import labels_of
from resnet_studio.data.table_rows import folder_of

_MATCHED = 0.5


def with_labelled_parts(
    layout: Layout, names: Sequence[str], classes: Collection[str], files: Mapping[str, Path]
) -> Layout:
    """``layout``, with the ``classes`` that tables (``files`` by their names) give pictures that have none by folders.

    A table counts where it knows most of those around it, and most of what it says of them are ``classes``.
    """
    waiting = {name for name in names if layout.place(name)[1] is None and layout.reason(name) == "unlabelled"}
    known = _by_label(classes)
    given: dict[str, str] = {}
    used: list[str] = []
    for table in sorted(files) if waiting else ():
        folder = folder_of(names, table)
        here = [name for name in waiting if not folder or name.startswith(f"{folder}/")]
        labels = labels_of(names, table, files[table]) if here else {}
        found = {name: kind for name in here if (kind := known.get(labels.get(name, "")))}
        if found and len(found) >= _MATCHED * len(_of_the_part(here, found, layout)):
            given = {**found, **given}
            used.append(table)
    if not given:
        return layout
    return replace(layout, given=given, doubts=(*layout.doubts, Doubt("table_part", tuple(used))))


def _by_label(classes: Collection[str]) -> dict[str, str]:
    """The ``classes`` by what tables call them: a number has no zeros before it there, as in GTSRB's."""
    numbers = [kind for kind in classes if kind.isdecimal()]
    short = {str(int(kind)): kind for kind in numbers}
    return {**(short if len(short) == len(numbers) else {}), **{kind: kind for kind in classes}}


def _of_the_part(names: Sequence[str], found: Collection[str], layout: Layout) -> list[str]:
    """Those of ``names`` that are in the parts of the pictures ``found``."""
    parts = {layout.place(name)[2] for name in found}
    return [name for name in names if layout.place(name)[2] in parts]
