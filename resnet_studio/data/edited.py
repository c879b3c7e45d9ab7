"""A data set at a moment: what was imported, with the edits since applied to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, cast

from resnet_studio.data import fingerprints
from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.edits import Edit
from resnet_studio.data.names import natural
from resnet_studio.data.part_names import Part
from resnet_studio.data.problem import Problem

SampleStatus = Literal["used", "unlabelled", "left_out", "removed"]


class Edited:
    """The pictures of ``base`` and all added ones, with the state of each after the edits so far.

    A picture has the same place, from 0, at every moment: first the pictures in classes, then those without, then
    those added, in the order of the log, whether or not that was undone.
    """

    def __init__(self, base: Dataset) -> None:
        self.base = base
        self.pictures: list[Sample] = [*base.samples, *base.unlabelled]
        self.places = {sample.name: place for place, sample in enumerate(self.pictures)}
        self._lines: dict[int, tuple[Sample, str, str]] = {}
        self._ranks: list[int] = []
        self.reset()

    def reset(self) -> None:
        """Reset to what was imported."""
        classes = self.base.classes
        self.edits = 0
        self.kinds: list[str] = [classes[each.label] if each.label >= 0 else "" for each in self.pictures]
        self.parts: list[Part | None] = [each.part for each in self.pictures]
        self.groups: list[str] = [each.group for each in self.pictures]
        self.labelled_by: list[str] = [each.labelled_by for each in self.pictures]
        known = len(self.base.samples) + len(self.base.unlabelled)
        self.removed: set[int] = set(range(known, len(self.pictures)))
        self.left_out: set[int] = set()
        self.confirmed: set[int] = set()

    def register_added(self, lines: Iterable[Edit]) -> None:
        """Give every picture that ``lines`` add an index."""
        for line in lines:
            for columns in line.added:
                sample = Sample(**columns)
                if sample.name not in self.places:
                    self.places[sample.name] = len(self.pictures)
                    self.removed.add(len(self.pictures))
                    self.pictures.append(sample)
                    self.kinds.append("")
                    self.parts.append(sample.part)
                    self.groups.append(sample.group)
                    self.labelled_by.append("")

    def replay(self, edits: Sequence[Edit]) -> None:
        """Start over and apply ``edits``."""
        self.reset()
        for edit in edits:
            self.apply(edit)

    def apply(self, edit: Edit) -> None:
        """Do what ``edit`` says; pictures that are not there any more are passed over."""
        self.edits += 1
        chosen = [self.places[name] for name in edit.pictures if name in self.places]
        match edit.kind:
            case "add":
                for columns in edit.added:
                    place = self.places[columns["name"]]
                    self.removed.discard(place)
                    self.kinds[place] = edit.label
            case "move":
                for place in chosen:
                    self.kinds[place], self.labelled_by[place] = edit.label, edit.labelled_by
                self.left_out.difference_update(chosen)
                self.confirmed.update(chosen)
            case "rename" | "merge":
                old = set(edit.classes)
                self.kinds = [edit.label if kind in old else kind for kind in self.kinds]
            case "part":
                for place in chosen:
                    self.parts[place] = cast("Part", edit.part) if edit.part else None
            case "together" | "apart":
                for place in chosen:
                    self.groups[place] = edit.group if edit.kind == "together" else ""
            case "groups":
                for name, group in zip(edit.pictures, edit.groups, strict=False):
                    if name in self.places:
                        self.groups[self.places[name]] = group
            case _:
                self._classify(edit, chosen)

    def _classify(self, edit: Edit, chosen: Sequence[int]) -> None:
        match edit.kind:
            case "remove":
                self.removed.update(chosen)
            case "leave_out":
                self.left_out.update(chosen)
            case "put_back":
                self.left_out.difference_update(chosen)
            case "keep":
                self.confirmed.update(chosen)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that have a picture, as people sort names."""
        return tuple(sorted({self.kinds[place] for place in self._used()}, key=natural))

    @property
    def ranks(self) -> list[int]:
        """For each picture, how many come before it by name, as people sort names."""
        if len(self._ranks) != len(self.pictures):
            ordered = sorted(self._all(), key=lambda place: natural(self.pictures[place].name))
            self._ranks = [0] * len(ordered)
            for rank, place in enumerate(ordered):
                self._ranks[place] = rank
        return self._ranks

    def status_of(self, place: int) -> SampleStatus:
        """The status of the picture at ``place``."""
        if place in self.removed:
            return "removed"
        if place in self.left_out:
            return "left_out"
        return "used" if self.kinds[place] else "unlabelled"

    def dataset(self) -> Dataset:
        """The data set at this moment, with its id but without its parent."""
        if not self.edits:
            return self.base
        classes = self.classes
        labels = {kind: label for label, kind in enumerate(classes)}
        used = [(place, self._sample(place, labels[self.kinds[place]])) for place in self._used()]
        lines = (self._line(place, sample) for place, sample in used)
        content = fingerprints.of_lines(lines)
        samples = tuple(sorted((each for _, each in used), key=lambda sample: (sample.label, sample.name)))
        unlabelled = tuple(self._sample(place, -1) for place in self._all() if self.status_of(place) == "unlabelled")
        same = content == self.base.fingerprint
        return replace(
            self.base,
            id=self.base.id if same else f"{self.base.id}.{content[:12]}",
            classes=classes,
            samples=samples,
            unlabelled=unlabelled,
            fingerprint=content,
            problems=tuple(_problems(self.base.problems, {each.name for each in unlabelled})),
        )

    def _all(self) -> range:
        return range(len(self.pictures))

    def _used(self) -> Iterable[int]:
        out = self.removed | self.left_out
        return (place for place in self._all() if self.kinds[place] and place not in out)

    def _sample(self, place: int, label: int) -> Sample:
        """The picture at ``place`` as it is now."""
        was = self.pictures[place]
        part, group, by = self.parts[place], self.groups[place], self.labelled_by[place]
        if (was.label, was.part, was.group, was.labelled_by) == (label, part, group, by):
            return was
        return Sample(
            was.name, was.file, label, part, was.content, was.width, was.height, was.bytes, was.modified, group, by,
            was.facts,
        )  # fmt: skip

    def _line(self, place: int, sample: Sample) -> str:
        """The line of the fingerprint, recomputed only where the picture has changed."""
        kind = self.kinds[place]
        known = self._lines.get(place)
        if known is not None and known[1] == kind and _same_but_label(known[0], sample):
            return known[2]
        line = fingerprints.line(sample, kind)
        self._lines[place] = (sample, kind, line)
        return line


def _same_but_label(one: Sample, other: Sample) -> bool:
    """Whether nothing but the number of the class differs."""
    return one is other or (one.part, one.group, one.labelled_by) == (other.part, other.group, other.labelled_by)


def _problems(problems: Iterable[Problem], unlabelled: set[str]) -> Iterable[Problem]:
    """``problems`` without the pictures that have got a label since."""
    for problem in problems:
        if problem.kind != "unlabelled":
            yield problem
        elif files := tuple(name for name in problem.files if name in unlabelled):
            yield replace(problem, files=files)
