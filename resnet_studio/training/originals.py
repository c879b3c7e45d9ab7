"""The pictures that a training began with, and which of them it can be resumed with when some have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from resnet_studio.data.decode import content
from resnet_studio.data.layout import PARTS
from resnet_studio.errors import DataError
from resnet_studio.events import Noted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.data.dataset import Sample, Split
    from resnet_studio.data.layout import Part as PartName
    from resnet_studio.training.batches import Part
    from resnet_studio.workspace import Run

FILE = "pictures.json"
VERSION = 1
NAMED = 5  # pictures in a note
MISSING = "missing"

Cached = Callable[["PartName", Sequence[str]], bool]
"""Whether the pictures of a part, with these contents, are still there as pixels."""


@dataclass(frozen=True)
class Originals:
    """Hashes of the pictures of each part, in the order of the split, and which could not be decoded."""

    contents: Mapping[str, tuple[str, ...]]
    skipped: Mapping[str, frozenset[int]]


def remember(run: Run, split: Split, train: Part, validation: Part) -> None:
    """Record the pictures that the training of ``run`` begins with."""
    contents, skipped = {}, {}
    for name, part in (("train", train), ("validation", validation), ("test", None)):
        samples = getattr(split, name)
        known = (
            {}
            if part is None
            else {sample.file: held for sample, held in zip(part.samples, part.contents, strict=True)}
        )
        contents[name] = [known.get(sample.file) or content(sample, split.path(sample)) for sample in samples]
        skipped[name] = [] if part is None else [i for i, sample in enumerate(samples) if sample.file not in known]
    run.write_json(FILE, {"version": VERSION, "contents": contents, "skipped": skipped})


def recall(run: Run, split: Split) -> Originals:
    """What :func:`remember` wrote; for older runs, the hashes that the pictures had when they were imported."""
    if not (run.folder / FILE).exists():
        return Originals(
            {name: tuple(sample.content for sample in getattr(split, name)) for name in PARTS},
            dict.fromkeys(PARTS, frozenset()),
        )
    values = run.read_json(FILE)
    return Originals(
        {name: tuple(values["contents"][name]) for name in PARTS},
        {name: frozenset(values["skipped"][name]) for name in PARTS},
    )


@dataclass(frozen=True)
class ResumedPictures:
    """What a training is resumed with: ``split`` has only unchanged pictures, ``notes`` name the others.

    ``originals`` are the training pictures that it began with, those included that are ``left_out`` now;
    ``validation_differs`` where validation pictures are left out.
    """

    split: Split
    notes: tuple[Noted, ...]
    originals: tuple[Sample, ...]
    left_out: frozenset[str]
    validation_differs: bool

    def rows(self, present: Sequence[Sample]) -> NDArray[np.int64] | None:
        """For each training picture that the training began with: its place among ``present``, or -1.

        None where nothing is missing. A picture that has not changed and cannot be decoded could not be then either.
        """
        if not self.left_out:
            return None
        places = {sample.file: place for place, sample in enumerate(present)}
        known = (file for sample in self.originals if (file := sample.file) in places or file in self.left_out)
        return np.array([places.get(file, -1) for file in known], dtype=np.int64)


def resume_pictures(split: Split, then: Originals, cached: Cached) -> ResumedPictures:
    """The pictures that a training which began with ``then`` is resumed with.

    Pictures that have changed or gone are used as they were where their pixels are still ``cached``, else left out.
    Raises :class:`DataError` where that leaves a class without training pictures, or nothing to validate with.
    """
    parts: dict[PartName, tuple[Sample, ...]] = {}
    as_they_were: list[Sample] = []
    left_out: dict[PartName, list[Sample]] = {name: [] for name in PARTS}
    for name in PARTS:
        samples, contents = getattr(split, name), then.contents[name]
        different = _different(split, samples, contents)
        # a picture that could not be decoded then is left out even if it can be now, without a note
        changed = [
            place for place in sorted(different) if contents[place] != MISSING and place not in then.skipped[name]
        ]
        if changed and name != "test" and cached(name, contents):
            as_they_were += [samples[place] for place in changed]
            parts[name] = tuple(
                replace(sample, content=held, modified=0) for sample, held in zip(samples, contents, strict=True)
            )
            continue
        left_out[name] = [samples[place] for place in changed]
        parts[name] = tuple(sample for place, sample in enumerate(samples) if place not in different)
    _check_enough_left(split, parts, left_out)
    everyone_left_out = [sample for name in PARTS for sample in left_out[name]]
    skipped = then.skipped["train"]
    return ResumedPictures(
        split=replace(split, train=parts["train"], validation=parts["validation"], test=parts["test"]),
        notes=(*_note("as_they_were", as_they_were), *_note("left_out", everyone_left_out)),
        originals=tuple(sample for place, sample in enumerate(split.train) if place not in skipped),
        left_out=frozenset(sample.file for sample in left_out["train"]),
        validation_differs=bool(left_out["validation"]),
    )


def unchanged_test(run: Run, split: Split) -> tuple[Split, list[Noted]]:
    """``split`` without test pictures that were replaced since the training of ``run`` began, and a note on them.

    Deleted ones stay in it: scoring them reports that.
    """
    different = _different(split, split.test, recall(run, split).contents["test"])
    changed = {place for place in different if split.path(split.test[place]).is_file()}
    test = tuple(sample for place, sample in enumerate(split.test) if place not in changed)
    return replace(split, test=test), _note("left_out", [split.test[place] for place in sorted(changed)])


def _different(split: Split, samples: Sequence[Sample], contents: Sequence[str]) -> frozenset[int]:
    """The places of pictures that do not hold now what ``contents`` says, where it says anything."""
    found = set()
    for place, (sample, then) in enumerate(zip(samples, contents, strict=True)):
        path = split.path(sample)
        now = content(sample, path) if path.is_file() else MISSING
        if then and now != then:
            found.add(place)
    return frozenset(found)


def _check_enough_left(
    split: Split, parts: Mapping[PartName, Sequence[Sample]], left_out: Mapping[PartName, Sequence[Sample]]
) -> None:
    left = {sample.label for sample in parts["train"]}
    for sample in left_out["train"]:
        if sample.label not in left:
            raise DataError("error.training.class_changed", name=split.classes[sample.label])
    if left_out["validation"] and not parts["validation"]:
        raise DataError("error.training.validation_changed")


def _note(kind: str, samples: Sequence[Sample]) -> list[Noted]:
    if not samples:
        return []
    names = tuple(sample.name for sample in samples[:NAMED])
    more = "" if len(samples) <= NAMED else ", …"
    return [Noted(key=f"note.pictures.{kind}", values={"count": len(samples), "names": names, "more": more})]
