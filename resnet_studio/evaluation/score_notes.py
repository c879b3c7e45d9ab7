"""What to know of a score: which pictures the model had seen, which classes had none, what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet_studio.text import say

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.evaluation.report import Report


def score_notes(report: Report, dataset: Dataset) -> list[str]:
    """Notes on the ``report`` of a model on ``dataset``, in English."""
    return [*_seen(report), *_without_pictures(report), *_left_out(dataset)]


def _seen(report: Report) -> list[str]:
    """A note on pictures that the model has seen; empty where it has seen none."""
    if report.trained_on is None or report.chosen_by is None:
        return [say("evaluate.not_known", "en")]
    if report.unseen is None:
        return [say("evaluate.all_seen", "en")]
    if report.unseen.count == report.count:
        return []
    values = {"trained": report.trained_on, "chosen": report.chosen_by, "pictures": report.count}
    return [say("evaluate.seen", "en", **values)]


def _without_pictures(report: Report) -> list[str]:
    """Which of the model's classes had no picture to score: a perfect accuracy may leave out the hardest of them."""
    from resnet_studio.data.finding import filled

    names = tuple(score.name for score in report.per_class if not score.support)
    values = filled({"names": names, "count": len(names), "of": len(report.classes)}, "en")
    return [say("evaluate.no_pictures_of", "en", **values)] if names else []


def _left_out(dataset: Dataset) -> list[str]:
    """Which pictures are not scored because of what their folders are called."""
    from resnet_studio.data.checkup import inspect

    return [each.sentence("en") for each in inspect(dataset) if each.kind in ("unknown_class", "alike_classes")]
