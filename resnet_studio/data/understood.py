"""What names of pictures and the tables beside them mean together: folders first, then tables, then files' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from resnet_studio.data.choices import Choices
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.file_name_labels import by_file_names, say_no_class
from resnet_studio.data.label_columns import by_chosen_column, by_likely_column, with_other_columns
from resnet_studio.data.label_lists import by_lists
from resnet_studio.data.layout import Layout, are_bare_parts, understand
from resnet_studio.data.part_flags import with_flagged_parts
from resnet_studio.data.part_labels import with_labelled_parts
from resnet_studio.data.part_lists import with_listed_parts
from resnet_studio.data.part_names import are_shares
from resnet_studio.data.table_labels import by_table
from resnet_studio.data.tracks import tables_of_tracks


def understood(names: Sequence[str], tables: Mapping[str, Path], choices: Choices) -> Layout:
    """What folders mean for the pictures ``names``; where they are no classes, what ``tables``, by their names, or the
    files' names say.
    """
    if choices.label_column:
        prefix = understand(names, choices).prefix if choices.folder else ""
        inside = [name for name in names if name.startswith(prefix)]
        return replace(by_chosen_column(inside, tables, choices.label_column), prefix=prefix)
    layout = understand(names, choices)
    if choices.layout == "auto" and not choices.folder:
        layout = _with_tables(layout, names, tables)
    used = tables_of_tracks(names, tables)
    return replace(layout, doubts=(*layout.doubts, Doubt("tracks", tuple(used)))) if used else layout


def _with_tables(layout: Layout, names: Sequence[str], tables: Mapping[str, Path]) -> Layout:
    classes = {kind for each in names if (kind := layout.place(each)[1]) is not None}
    if len(classes) > 1 and not are_bare_parts(classes):
        if are_shares(classes) and (shares := by_table(names, tables)) is not None:
            return with_other_columns(shares, tables)
        labelled = with_labelled_parts(layout, names, classes, tables)
        return with_flagged_parts(with_listed_parts(labelled, names, tables), names, tables)
    if (found := by_table(names, tables)) is not None:
        return with_other_columns(found, tables)
    named = by_file_names(names) if say_no_class(classes) else None
    return named or by_lists(names, tables) or by_likely_column(names, tables) or layout
