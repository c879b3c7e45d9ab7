"""What a data set is, how it is split into parts, and how both are stored."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from resnet_studio.data.by_model import MODEL, unlike
from resnet_studio.data.checked import well_labelled
from resnet_studio.data.choices import Choices
from resnet_studio.data.columns import from_columns, to_columns
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.grouped import assign_together, inside_top
from resnet_studio.data.part_names import PARTS, Part
from resnet_studio.data.parts import Shares
from resnet_studio.data.parts import together as linked
from resnet_studio.data.problem import Problem
from resnet_studio.data.views import median_aspect
from resnet_studio.durable import write_json
from resnet_studio.errors import DataError

VERSION = 1
NOTICES = frozenset({"junk", "animated", "empty_class", "unlabelled", "guessed_names"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture: ``name`` as the user knows it (POSIX, relative), ``file`` below the data set's root.

    ``label`` indexes the classes; ``part`` is set where the user's folders preset it; ``content`` is the SHA-256 of
    the bytes; sizes are in pixels and bytes; ``modified`` (nanoseconds since 1970) is kept for files left in place.
    Pictures of an equal ``group`` stay in one part; ``labelled_by`` is ``model`` where a model gave the label.
    ``facts`` are the other columns of a table that came along, see :mod:`resnet_studio.data.facts`.
    """

    name: str
    file: str
    label: int
    part: Part | None = None
    content: str = ""
    width: int = 0
    height: int = 0
    bytes: int = 0
    modified: int = 0
    group: str = ""
    labelled_by: str = ""
    facts: str = ""


_LATER = ("group", "labelled_by", "facts")
"""Columns that older data sets do not have; they are written where a picture has anything in them."""
STORED = "//"
"""What the ``file`` of a picture begins with that lies in the workspace, wherever the data set's own pictures lie."""


@dataclass(frozen=True)
class Dataset:
    """Labelled pictures. ``fingerprint`` hashes names and contents; ``source`` says where they were imported from.

    ``unlabelled`` pictures (label -1) came along for prediction; ``choices`` are the user's on how names are read, and
    ``doubts`` what they leave open. ``store`` is its folder in the workspace; ``parent`` the id that it had before the
    last edit, see :mod:`resnet_studio.data.edits`.
    """

    id: str
    name: str
    root: Path
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    problems: tuple[Problem, ...] = ()
    hints: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    source: str = "folder"
    unlabelled: tuple[Sample, ...] = ()
    choices: Choices = field(default_factory=Choices)
    doubts: tuple[Doubt, ...] = ()
    store: Path | None = field(default=None, compare=False)
    parent: str = field(default="", compare=False)

    @property
    def counts(self) -> dict[str, int]:
        """Pictures of each class, in the order of :attr:`classes`."""
        found = Counter(sample.label for sample in self.samples)
        return {name: found[label] for label, name in enumerate(self.classes)}

    @property
    def preset(self) -> bool:
        """Whether the user's folders say which picture is for training, validation and test."""
        parts = Counter(sample.part for sample in self.samples)
        return bool(parts["validation"] or parts["test"]) or not parts[None]

    @cached_property
    def median_side(self) -> int:
        """The median of the pictures' shorter sides, in pixels."""
        return int(statistics.median(min(sample.width, sample.height) for sample in self.samples))

    @cached_property
    def median_aspect(self) -> float:
        """The median of the pictures' longer side over their shorter one."""
        return median_aspect(self.samples)

    @property
    def skipped(self) -> tuple[Problem, ...]:
        """Files that were left out, by reason; junk is not among them."""
        return tuple(problem for problem in self.problems if problem.kind not in NOTICES)

    def path(self, sample: Sample) -> Path:
        """Where ``sample`` lies."""
        return _place_of(sample, self.root, self.store)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; ``root`` is absolute where the pictures lie outside of the workspace, else None."""
        return {
            "version": VERSION,
            "id": self.id,
            "name": self.name,
            "source": self.source,
            "root": str(self.root) if self.source == "folder" else None,
            "fingerprint": self.fingerprint,
            "classes": list(self.classes),
            "hints": dict(self.hints),
            "problems": [asdict(problem) for problem in self.problems],
            "samples": to_columns(self.samples, Sample, _LATER),
            "unlabelled": to_columns(self.unlabelled, Sample, _LATER),
            "choices": self.choices.to_json(),
            "doubts": [asdict(doubt) for doubt in self.doubts],
        }

    @classmethod
    def from_json(cls, root: Path, values: Mapping[str, Any]) -> Dataset:
        """Read what :meth:`to_json` wrote; ``root`` is the folder that the pictures were stored in."""
        return cls(
            id=values["id"],
            name=values["name"],
            root=Path(values["root"]) if values["root"] else root,
            classes=tuple(values["classes"]),
            samples=from_columns(values["samples"], Sample, _LATER),
            problems=tuple(
                Problem(problem["kind"], tuple(problem["files"]), tuple(problem.get("about", ())))
                for problem in values["problems"]
            ),
            hints=values["hints"],
            store=root,
            fingerprint=values["fingerprint"],
            source=values["source"],
            # older data sets have none of these
            unlabelled=from_columns(values["unlabelled"], Sample, _LATER) if "unlabelled" in values else (),
            choices=Choices(**values.get("choices", {})),
            doubts=tuple(
                Doubt(doubt["kind"], tuple(doubt["folders"]), tuple(doubt["inside"]))
                for doubt in values.get("doubts", ())
            ),
        )


@dataclass(frozen=True)
class Split:
    """A data set cut into parts; ``preset`` where the user's folders said how.

    ``together`` says which pictures belong together, see :mod:`resnet_studio.training.near_duplicates`.
    """

    dataset: str
    dataset_name: str
    root: Path
    classes: tuple[str, ...]
    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]
    test: tuple[Sample, ...]
    preset: bool
    median_side: int
    hints: Mapping[str, Any] = field(default_factory=dict)
    store: Path | None = field(default=None, compare=False)
    together: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def median_aspect(self) -> float:
        """The median of the training pictures' longer side over their shorter one."""
        return median_aspect(self.train)

    @property
    def counts(self) -> dict[Part, int]:
        """Pictures in each part."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}

    def path(self, sample: Sample) -> Path:
        """Where ``sample`` lies."""
        return _place_of(sample, self.root, self.store)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "version": VERSION,
            "dataset": self.dataset,
            "dataset_name": self.dataset_name,
            "root": str(self.root),
            "classes": list(self.classes),
            "preset": self.preset,
            "median_side": self.median_side,
            "hints": dict(self.hints),
            "together": dict(self.together),
            **{part: to_columns(getattr(self, part), Sample, _LATER) for part in PARTS},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], *, root: Path | None = None, store: Path | None = None) -> Split:
        """Read what :meth:`to_json` wrote; ``root`` replaces the written one, as after moving a workspace.

        ``store`` is the folder of the data set in the workspace.
        """
        return cls(
            dataset=values["dataset"],
            dataset_name=values["dataset_name"],
            root=root or Path(values["root"]),
            classes=tuple(values["classes"]),
            train=from_columns(values["train"], Sample, _LATER),
            validation=from_columns(values["validation"], Sample, _LATER),
            test=from_columns(values["test"], Sample, _LATER),
            preset=values["preset"],
            median_side=values["median_side"],
            hints=values["hints"],
            store=store,
            together=values.get("together", {}),
        )


def split(
    dataset: Dataset,
    *,
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
    groups: Sequence[str] | None = None,
    together: Mapping[str, Any] | None = None,
) -> Split:
    """Cut ``dataset`` into parts, class by class; ``validation`` and ``test`` are fractions of its pictures.

    Preset parts stay as they are; where only train and test are preset, the ``validation`` fraction is cut from
    train. Copies of a picture stay together, pictures of one name in several top folders above the classes, and those
    with an equal key in ``groups`` (one a picture, empty for none; without it, what the samples name as their group).
    ``together`` is recorded. Equal pictures and an equal ``seed`` give an equal split, however they were imported.
    """
    parts, free, by_model = {part: list[Sample]() for part in PARTS}, list[Sample](), list[Sample]()
    for sample, key in zip(dataset.samples, groups or [each.group for each in dataset.samples], strict=True):
        kept = replace(sample, group=key)
        (by_model if kept.labelled_by == MODEL else parts[kept.part] if kept.part else free).append(kept)
    shares = Shares(validation, test)
    if parts["train"] and not parts["validation"] and not free:
        free, parts["train"], shares = parts["train"], [], Shares(validation, 0)
    for sample, part in zip(free, _assigned(dataset, free, shares, seed), strict=True):
        parts[part].append(sample)
    parts["train"] += unlike(by_model, [*parts["validation"], *parts["test"]])
    return Split(
        dataset=dataset.id,
        dataset_name=dataset.name,
        root=dataset.root,
        classes=dataset.classes,
        train=tuple(parts["train"]),
        validation=tuple(parts["validation"]),
        test=tuple(parts["test"]),
        preset=dataset.preset,
        median_side=dataset.median_side,
        hints=dataset.hints,
        store=dataset.store,
        together=together or {},
    )


def _assigned(dataset: Dataset, free: Sequence[Sample], shares: Shares, seed: int) -> list[Part]:
    labels, contents = [sample.label for sample in free], [sample.content or sample.file for sample in free]
    if dataset.choices.layout == "inner":  # its top folders may hold the same pictures in colour, in grey, enlarged
        contents = linked(contents, [inside_top(sample.name) for sample in free])
    return assign_together(labels, contents, [sample.group for sample in free], shares, seed)


def save(dataset: Dataset, folder: Path) -> None:
    """Write ``dataset.json``, and a ``summary.json`` that lists can be made from, into ``folder``."""
    write_json(folder / "dataset.json", dataset.to_json())
    summary = {"id": dataset.id, "name": dataset.name, "source": dataset.source, "root": dataset.to_json()["root"]}
    write_json(folder / "summary.json", {**summary, "classes": len(dataset.classes), "pictures": len(dataset.samples)})


def load(folder: Path) -> Dataset:
    """The data set written into ``folder``. Raises :class:`DataError` where it cannot be read."""
    try:
        return well_labelled(Dataset.from_json(folder, json.loads((folder / "dataset.json").read_text("utf-8"))))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise DataError("error.data.manifest", dataset=folder.name) from error


def _place_of(sample: Sample, root: Path, store: Path | None) -> Path:
    inside = sample.file.removeprefix(STORED)
    return root / sample.file if store is None or inside == sample.file else store / inside
