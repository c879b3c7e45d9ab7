"""Files that hold pictures or labels in a form that is not read here, so that whoever brings them is told so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from resnet_studio.data import label_records
from resnet_studio.data.names import shown
from resnet_studio.errors import DataError

_NAMED = 3
ARRAYS = re.compile(
    r"\.(?:parquet|arrow|feather|npz|npy|mat|h5|hdf5|tfrecords?|pkl|pickle|pt|lmdb|mdb|rec|beton)$|ubyte(?:\.gz)?$"
    r"|tfrecord|(?:^|/)(?:data|test)_batch(?:_\d+)?(?:\.bin)?$",
    re.IGNORECASE,
)
"""Names of files with packed pictures."""
_MODELS = re.compile(r"\.(?:pt|h5|hdf5|pkl|pickle)$", re.IGNORECASE)
"""Of these, what is as likely a trained model."""
_LABELS = re.compile(r"\.(?:mat|npz|npy|pkl|pickle|parquet|arrow|h5)$", re.IGNORECASE)
_YOLO, _VOC = re.compile(r"(?:^|/)(?:data|dataset)\.ya?ml$", re.IGNORECASE), re.compile(r"\.xml$", re.IGNORECASE)
_PIXEL_COLUMNS = 100


def pictures_in(names: Iterable[str], name: str) -> DataError | None:
    """Why there are no pictures in the data set ``name``: they are packed in some of its files; None for none."""
    found = sorted(each for each in names if ARRAYS.search(each))
    either = all(_MODELS.search(each) for each in found)
    return _refusal(f"error.data.packed{'_or_model' if either else ''}", found, name)


def pixels_in(tables: Mapping[str, Path], name: str) -> DataError | None:
    """The same where a table has a column for each pixel."""
    first = {each: next(iter(label_records.read(file)), {}) for each, file in tables.items()}
    return _refusal("error.data.packed", sorted(each for each in first if len(first[each]) > _PIXEL_COLUMNS), name)


def labels_in(names: Sequence[str], name: str) -> DataError | None:
    """Why pictures have no class: what labels them, among files called ``names``, is not read; None for none.

    Boxes of YOLO are in text files that are called after the pictures, beside one that names the classes; those of
    Pascal VOC in XML.
    """
    boxes = [each for each in names if _YOLO.search(each)] or [each for each in names if _VOC.search(each)]
    others = [each for each in names if _LABELS.search(each)]
    return _refusal("error.labels.boxes", sorted(boxes), name) or _refusal("error.labels.unread", sorted(others), name)


def _refusal(key: str, files: Sequence[str], name: str) -> DataError | None:
    shorter = [shown(file) for file in files[:_NAMED]]
    return DataError(key, name=shown(name), files=shorter) if files else None
