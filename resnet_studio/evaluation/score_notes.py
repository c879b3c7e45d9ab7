"""What to know of a score: which pictures the model had seen, which classes had none, what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resnet_studio.data.dataset import Dataset
    from resnet_studio.evaluation.report import Report


def score_notes(report: Report, dataset: Dataset) -> list[str]:
    """Notes on the ``report`` of a model on ``dataset``, in English."""
    absent = tuple(score.name for score in report.per_class if not score.support)
    return [*_seen(report), *notes_on_set(dataset, report.classes, absent)]


def notes_on_set(
    dataset: Dataset, classes: Sequence[str], absent: tuple[str, ...], language: Language = "en"
) -> list[str]:
    """Which of the ``classes`` of a model are ``absent`` in ``dataset``, and what of that is not scored."""
    return [*_without_pictures(absent, len(classes), language), *_left_out(dataset, classes, language)]


def _seen(report: Report) -> list[str]:
    """A note on pictures that the model has seen; empty where it has seen none."""
    if report.trained_on is None or report.chosen_by is None:
        return [say("evaluate.not_known", "en")]
    if report.unseen is None:
        return [say("evaluate.all_seen", "en")]
    values = {"trained": report.trained_on, "chosen": report.chosen_by, "pictures": report.count}
    said = [say("evaluate.seen", "en", **values)] if report.trained_on or report.chosen_by else []
    if report.near_seen is None:
        return [*said, say("evaluate.near.not_looked", "en")]
    return [*said, say("evaluate.near", "en", count=report.near_seen)] if report.near_seen else said


def _without_pictures(absent: tuple[str, ...], of: int, language: Language) -> list[str]:
    """Which of the model's classes had no picture to score: a perfect accuracy may leave out the hardest of them."""
    from resnet_studio.data.finding import filled

    values = filled({"names": absent, "count": len(absent), "of": of}, language)
    return [say("evaluate.no_pictures_of", language, **values)] if absent else []


def _left_out(dataset: Dataset, classes: Sequence[str], language: Language) -> list[str]:
    """Which pictures are not scored because of what their folders are called, or as they cannot be read."""
    from resnet_studio.data.checkup import inspect
    from resnet_studio.data.finding import filled
    from resnet_studio.evaluation.report import unlabelled_classes

    unread = {problem.kind for problem in dataset.skipped}
    said = [
        each.sentence(language)
        for each in inspect(dataset)
        if each.kind in ("unknown_class", "alike_classes")
        or (each.kind in unread and each.severity == "warning")
    ]  # fmt: skip
    read = (folder for doubt in dataset.doubts if doubt.kind == "set_aside" for folder in doubt.folders)
    aside = (*unlabelled_classes(dataset.classes, classes), *read)
    values = filled({"folders": aside}, language)
    return [*([say("evaluate.set_aside", language, **values)] if aside else []), *said]
