"""What the names of folders do not settle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Doubt:
    """Something that names do not settle, or that was recognised by less than the usual names.

    Recognised: ``parts`` and ``parts_in_classes`` (``folders`` are read as the parts ``inside``, one each),
    ``folds`` (all ``folders`` hold the classes ``inside``), ``one_fold`` (``folders`` are the same cut anew, and left
    out), ``outside`` (``folders`` beside the parts, left out). Not settled: ``variants`` (all ``folders`` hold the
    folders ``inside``, and are classes), ``nested`` (all ``folders`` are classes that hold nothing but folders with
    names of their own, ``inside``, which may be the classes), ``train_folder`` (``folders`` are classes, one called
    like a training part with classes ``inside``), ``some_parts`` (some classes, ``folders``, hold the parts
    ``inside``), ``only_masks`` (classes, ``folders``, that look like masks of the pictures in the other). Not from
    folders at all: ``table`` (the classes come from the tables ``folders``), ``table_missing`` (these name files that
    are not here, such as ``folders``, in all ``inside``), ``table_conflict`` (they give the pictures ``folders`` two
    labels), ``file_names`` (the classes ``folders`` are what the files are called). ``set_aside``: see
    :mod:`.set_aside`.
    """

    kind: Literal[
        "parts", "parts_in_classes", "folds", "one_fold", "outside", "variants", "nested", "train_folder", "some_parts",
        "only_masks", "table", "table_missing", "table_conflict", "file_names", "set_aside",
    ]  # fmt: skip
    folders: tuple[str, ...]
    inside: tuple[str, ...] = ()
