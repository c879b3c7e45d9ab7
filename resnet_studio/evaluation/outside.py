"""Other pictures that a model is tested on, beside the test part of its own set: which of them count, and the scores.

They come from another school, camera or season, and so tell what the model is worth there. What is tested is settled
when a run is made and stands in its folder, so that a run that is resumed, and every part of a study, is tested on the
same pictures. A picture that the training set has too, in whatever part, would flatter the model: it is left out; one
that is a near-duplicate of a picture there is left out when the test is made, which is when all are read anyway.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from resnet_studio.data import library
from resnet_studio.data.dataset import Split
from resnet_studio.data.opening import open_data
from resnet_studio.data.outside_set import DATASET, FILE, NONE
from resnet_studio.errors import DataError
from resnet_studio.evaluation.kept_together import evaluated_samples, with_grouping
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.evaluation.report import Report, remap_labels, unlabelled_classes
from resnet_studio.evaluation.score_notes import notes_on_set
from resnet_studio.text import LANGUAGES, Language, joined, say

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset, Sample
    from resnet_studio.workspace import Run, Workspace


@dataclass(frozen=True)
class OutsideSet:
    """The ``samples`` of ``dataset`` that are tested, labelled by the places of ``classes``, those of the training set;
    so many more are ``shared`` with it and left out. ``set_aside``: folders of pictures that nobody has labelled.
    """

    dataset: Dataset
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    shared: int
    set_aside: tuple[str, ...]

    @classmethod
    def of(cls, outside: Dataset, dataset: Dataset, groups: str, workspace: Workspace) -> OutsideSet:
        """What of ``outside`` is tested with a model of ``dataset``; ``groups`` say what belongs together in it.

        Raises :class:`DataError` where a class is none of ``dataset``, or where no picture is left.
        """
        found = with_grouping(outside, groups, workspace)
        join = outside.choices.join_alike
        try:
            named = remap_labels(evaluated_samples(found), outside.classes, dataset.classes, join_alike=join)
        except DataError as error:  # which speaks of a model
            raise _named(error, outside.name) from error
        known = {sample.content for sample in dataset.samples if sample.content}
        fresh = tuple(sample for sample in named if sample.content not in known)
        if not named:
            raise DataError("error.outside.none", name=outside.name)
        if not fresh:
            raise DataError("error.outside.all_shared", name=outside.name)
        aside = tuple(unlabelled_classes(outside.classes, dataset.classes))
        return cls(outside, dataset.classes, fresh, len(named) - len(fresh), aside)

    def sentence(self, language: Language) -> str:
        """What is tested, and what to know of it."""
        return joined([self.short(language), *self.notes(language)], language)

    def short(self, language: Language) -> str:
        """What is tested."""
        return say("outside.plan", language, count=len(self.samples), name=self.dataset.name)

    def notes(self, language: Language) -> list[str]:
        """What is left out, and the classes that have no picture."""
        said = [say("outside.shared", language, count=self.shared)] if self.shared else []
        labels = {sample.label for sample in self.samples}
        absent = tuple(name for label, name in enumerate(self.classes) if label not in labels)
        return [*said, *notes_on_set(self.dataset, self.classes, absent, language)]

    def to_json(self) -> dict[str, Any]:
        """What a run keeps of it: a split whose test part it is, and what was left out."""
        of = self.dataset
        split = Split(
            of.id, of.name, of.root, self.classes, (), (), self.samples, preset=False, median_side=of.median_side,
        )  # fmt: skip
        notes = {language: self.notes(language) for language in LANGUAGES}
        return {**split.to_json(), "shared": self.shared, "notes": notes}


def _named(error: DataError, name: str) -> DataError:
    """``error`` of classes that do not match, as one that names the set; any other one as it is."""
    key = error.key.replace("error.evaluate.", "error.outside.")
    if key not in ("error.outside.unknown_class", "error.outside.alike_class"):
        return error
    values = {**error.values, "class_name": error.values["name"], "name": name}
    return DataError(key, **values)


def opened(config: TrainConfig, workspace: Workspace) -> Dataset | None:
    """The set that ``config`` names for testing alone, as it is now; None where it names none.

    Raises :class:`DataError` where it cannot be used.
    """
    named = config.test_data
    if named == NONE:
        return None
    if named.startswith(DATASET):
        return library.find_dataset(workspace, named.removeprefix(DATASET))
    return open_data(named, workspace, purpose="score")


def found_for(config: TrainConfig, dataset: Dataset, workspace: Workspace) -> tuple[TrainConfig, OutsideSet | None]:
    """What a model of ``dataset`` is to be tested on besides, as ``config`` says, and ``config`` with the id of it.

    Raises as :func:`opened` and :meth:`OutsideSet.of`.
    """
    named = opened(config, workspace)
    if named is None:
        return config, None
    found = OutsideSet.of(named, dataset, config.groups, workspace)
    return config.replace(test_data=f"{DATASET}{named.id}"), found


@dataclass(frozen=True)
class OutsideTest:
    """The scores of a run on the pictures of another set, ``name``; ``shared`` more were left out.

    ``own`` is the accuracy on the run's own test pictures with its interval, None without any; ``notes`` are what there
    is to know, by language.
    """

    name: str
    shared: int
    report: Report
    own: tuple[float, float, float] | None
    notes: Mapping[str, list[str]]

    @property
    def surely_lower(self) -> bool:
        """Whether it is right less often there than on its own test pictures, and not by chance.

        The 95 % interval of the difference of two shares from their own intervals (Newcombe 1998, method 10).
        """
        if self.own is None:
            return False
        accuracy, low, _ = self.own
        there, high = self.report.accuracy, self.report.interval[1]
        return accuracy - there > math.hypot(accuracy - low, high - there)

    def sentence(self, language: Language = "en") -> str:
        """The score in words, beside that on the run's own test pictures."""
        low, high = self.report.interval
        values = {"accuracy": self.report.accuracy, "low": low, "high": high, "count": self.report.count}
        said = [say("outside.scored", language, name=self.name, **values)]
        if self.own is not None:
            said.append(say("outside.lower" if self.surely_lower else "outside.alike", language, own=self.own[0]))
        return joined([*said, *self.notes.get(language, [])], language)


class OutsideTestPart(Part[OutsideTest]):
    """Stored when a training ends; what it takes to compute it is the network."""

    name = "outside_test"

    def compute(self, report: RunReport) -> OutsideTest | None:  # noqa: ARG002 - as its base
        """None: see :class:`OutsideTestPart`."""
        return None

    def to_json(self, value: OutsideTest) -> dict[str, Any]:
        """See :class:`Part`."""
        own = None if value.own is None else list(value.own)
        rest = {"own": own, "surely_lower": value.surely_lower, "text": value.sentence(), "notes": dict(value.notes)}
        return {**value.report.to_json(), "name": value.name, "shared": value.shared, **rest}

    def from_json(self, stored: Any) -> OutsideTest:
        """See :class:`Part`."""
        own = stored["own"]
        return OutsideTest(
            str(stored["name"]), int(stored["shared"]), Report.from_json(stored),
            None if own is None else (own[0], own[1], own[2]), stored["notes"],
        )  # fmt: skip


OUTSIDE_TEST = OutsideTestPart()


def tested(run: Run, report: Report, near: int = 0) -> OutsideTest:
    """The scores in ``report``, of ``run`` on the other pictures that were written down for it, without those ``near``
    that are near-duplicates of its own.
    """
    written, own = run.read_json(FILE), RunReport(run).report
    report = replace(report, outputs=None)
    beside = None if own is None else (own.accuracy, *own.interval)
    notes: dict[str, list[str]] = {
        language: [*written["notes"][language], *([say("outside.near", language, count=near)] if near else [])]
        for language in LANGUAGES
    }
    return OutsideTest(str(written["dataset_name"]), int(written["shared"]) + near, report, beside, notes)
