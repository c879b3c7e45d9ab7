"""Data sets that come with the studio, or are one click away."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from resnet_studio.assets import asset
from resnet_studio.data import intake, library
from resnet_studio.data.archive import Unpacked, store
from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.incoming import finish_import, incoming
from resnet_studio.data.public import PUBLIC, PublicSet, open_public
from resnet_studio.data.scan import Progress
from resnet_studio.errors import DataError
from resnet_studio.text import Language, say
from resnet_studio.workspace import Workspace

__all__ = ["PUBLIC", "SAMPLES", "PublicSet", "SampleSet", "available_samples", "open_public", "open_sample", "outline"]

_DIGIT_SIDE = 16


@dataclass(frozen=True)
class SampleSet:
    """A data set that comes with the studio; its words are ``sample.<key>.name``, ``.description``, ``.terms``."""

    key: str
    archive: str | None = None
    hints: Mapping[str, object] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """What :func:`resnet_studio.data.opening.open_data` calls it."""
        return f"sample:{self.key}"

    @property
    def available(self) -> bool:
        """Whether it is part of this installation."""
        return self.archive is None or asset("samples", self.archive).is_file()

    def name(self, language: Language = "en") -> str:
        """What it is called."""
        return say(f"sample.{self.key}.name", language)

    def description(self, language: Language = "en") -> str:
        """One sentence on what it shows."""
        return say(f"sample.{self.key}.description", language)

    def terms(self, language: Language = "en") -> str:
        """Where it is from, and under which licence."""
        return say(f"sample.{self.key}.terms", language)


SAMPLES: Mapping[str, SampleSet] = {
    sample.key: sample
    for sample in (
        # benchmarks/near_duplicates.py has looked at both
        SampleSet("digits", hints={"horizontal_flip": False, "epochs": 8, "near_duplicates": False}),
        SampleSet("things", archive="things.zip", hints={"near_duplicates": False}),
    )
}


@dataclass(frozen=True)
class _Outline:
    pictures: int
    classes: int
    side: int


_OUTLINES = {"digits": _Outline(1797, 10, _DIGIT_SIDE)}


def available_samples() -> list[SampleSet]:
    """The samples that are part of this installation."""
    return [sample for sample in SAMPLES.values() if sample.available]


def outline(key: str) -> Dataset:
    """As much of the sample called ``key`` as a forecast needs, without making it: its counts and sizes, no files."""
    item, sample = _OUTLINES[key], SAMPLES[key]
    return Dataset(
        id=key,
        name=sample.name(),
        root=Path(),
        classes=tuple(map(str, range(item.classes))),
        samples=tuple(
            Sample("", "", index % item.classes, width=item.side, height=item.side) for index in range(item.pictures)
        ),
        hints=dict(sample.hints),
        source=sample.source,
    )


def open_sample(key: str, workspace: Workspace, *, progress: Progress | None = None) -> Dataset:
    """The sample called ``key``, made in the workspace at first use. Raises :class:`DataError`."""
    if key not in SAMPLES:
        raise DataError("error.sample.unknown", sample=key, known=[item.key for item in available_samples()])
    sample = SAMPLES[key]
    if not sample.available:
        raise DataError("error.sample.missing", sample=sample.name())
    if kept := library.find_by_source(sample.source, workspace):
        return kept
    if sample.archive:
        archive = asset("samples", sample.archive)
        return intake.from_zip(
            archive, workspace, name=sample.name(), source=sample.source, hints=sample.hints, progress=progress
        )
    with incoming(workspace) as folder:
        unpacked = _draw_digits(folder, progress)
        return finish_import(unpacked, folder, workspace, name=sample.name(), source=sample.source, hints=sample.hints)


def _draw_digits(folder: Path, progress: Progress | None) -> Unpacked:
    """Scikit-learn's digits (8 x 8 cells of 0 to 16) as grey PNGs of 16 x 16, upscaled with Lanczos.

    The files are not compressed, so that they are the same bytes on every machine, and with them every split.
    """
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    pictures = []
    for index, (cells, label) in enumerate(zip(pixels, digits.target, strict=True)):
        picture = Image.fromarray(cells).resize((_DIGIT_SIDE, _DIGIT_SIDE), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=0)
        pictures.append((f"{label}/{index:04}.png", store(iter([buffer.getvalue()]), "PNG", folder)))
        if progress and index % 64 == 0:
            progress(index, len(pixels))
    if progress:
        progress(len(pixels), len(pixels))
    return Unpacked(tuple(pictures))
