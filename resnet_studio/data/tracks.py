"""Frames of one drive past one traffic sign, a track, as GTSRB has them: nearly the same picture thirty times.

The German Traffic Sign Recognition Benchmark (Stallkamp et al., 2012) calls them ``00000/00001_00029.ppm``, track and
frame, or in the form that Kaggle has ``Train/0/00000_00001_00029.png``, with the class before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from resnet_studio.data import label_records
from resnet_studio.data.dataset import Sample

_COLUMNS = {"Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2", "ClassId"}
_FRAME = re.compile(r"(?:^|.*/)((?:\d{5}_)?\d{5})_\d{5}\.\w+")


def tables_of_tracks(names: Iterable[str], files: Mapping[str, Path]) -> list[str]:
    """Those of the tables ``files`` that are GTSRB's, by their columns; none where none of ``names`` is of a frame."""
    if not any(map(_FRAME.fullmatch, names)):
        return []
    return [name for name in sorted(files) if set(next(iter(label_records.read(files[name])), {})) >= _COLUMNS]


def with_tracks(samples: Iterable[Sample], classes: Sequence[str]) -> tuple[Sample, ...]:
    """``samples`` of GTSRB, each frame in the group of its track, unless it is in another group."""
    frames = ((sample, _FRAME.fullmatch(sample.name)) for sample in samples)
    return tuple(
        replace(sample, group=f"{classes[sample.label]}/{frame[1]}") if frame and not sample.group else sample
        for sample, frame in frames
    )
