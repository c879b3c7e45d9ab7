"""The Python API of ensembles: several models answer together.

>>> import resnet_studio as studio
>>> studio.evaluate_together([first, second], studio.open_data("new", to_score=True)).accuracy  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio import api
from resnet_studio.api.data import opened
from resnet_studio.api.results import scored, sources_of, unseen
from resnet_studio.one_or_many import as_list
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.api.results import Pictures
    from resnet_studio.data.dataset import Dataset, Sample
    from resnet_studio.errors import StudioError
    from resnet_studio.evaluation.report import Report
    from resnet_studio.evaluation.seen import SeenPictures
    from resnet_studio.prediction import Prediction


def predict_together(
    models: Run | str | Path | Sequence[Run | str | Path],
    *pictures: Pictures,
    workspace: Workspace | None = None,
    device: str = "auto",
    thresholds: Mapping[str, float] | None = None,
) -> list[Prediction | StudioError]:
    """The mean answer of ``models`` for each of ``pictures``, which may be lists too; for a bad picture its error.

    ``thresholds`` as for :func:`resnet_studio.predict`. Raises :class:`CheckpointError` where the models do not
    know the same classes.
    """
    from resnet_studio.ensemble import Ensemble
    from resnet_studio.imported_onnx import load_model

    files = [api.checkpoint_path(model, workspace) for model in as_list(models)]
    sources = sources_of(pictures)
    ensemble = Ensemble([load_model(file, device=device) for file in files], [str(file) for file in files])
    return ensemble(sources, thresholds=thresholds)


def evaluate_together(
    models: Run | str | Path | Sequence[Run | str | Path],
    dataset: Dataset | str | Path,
    *,
    workspace: Workspace | None = None,
    device: str = "auto",
    only_unseen: bool = False,
) -> Report:
    """Score the mean answer of ``models`` on ``dataset``, as :func:`resnet_studio.evaluate` does for one.

    A picture counts as seen where any of them has seen it; a single model is scored as it is. Raises
    :class:`CheckpointError` where they do not know the same classes.
    """
    from resnet_studio.ensemble import check_classes
    from resnet_studio.evaluation.kept_together import evaluated_samples, with_groups
    from resnet_studio.evaluation.near_seen import with_near
    from resnet_studio.evaluation.report import remap_labels
    from resnet_studio.evaluation.seen import run_of, seen_pictures, together
    from resnet_studio.model.onnx_card import card_at

    models, dataset = as_list(models), opened(dataset, workspace, to_score=True)
    if len(models) == 1:
        return api.evaluate(models[0], dataset, workspace=workspace, device=device, only_unseen=only_unseen)
    home = workspace or Workspace.open()
    files = [api.checkpoint_path(model, home) for model in models]
    cards = [card_at(file) for file in files]
    check_classes([(str(file), card.classes) for file, card in zip(files, cards, strict=True)])
    known, join = cards[0].classes, dataset.choices.join_alike
    runs = [run_of(file, card, home) for file, card in zip(files, cards, strict=True)]
    dataset = with_groups(dataset, runs[0], home)
    samples = remap_labels(evaluated_samples(dataset), dataset.classes, known, join_alike=join)
    places = {sample: dataset.path(sample) for sample in samples}
    given = list(zip(files, cards, runs, strict=True))
    seen = together([with_near(seen_pictures(file, card, home), run, places, home) for file, card, run in given])
    if only_unseen:
        samples = unseen(samples, seen, files[0], "error.ensemble.unseen")
    reports = [scored(file, samples, [places[sample] for sample in samples], device) for file in files]
    return _mean(reports, samples, known, seen)


def _mean(
    reports: Sequence[Report], samples: Sequence[Sample], classes: Sequence[str], seen: SeenPictures | None
) -> Report:
    """The report on the mean of the answers that ``reports`` have for ``samples``."""
    import numpy as np

    from resnet_studio.evaluation.report import counted_by_group, make_report
    from resnet_studio.evaluation.seen import add_unseen

    found = [_probabilities(report, classes) for report in reports]
    used = [sample for sample in samples if (sample.name, sample.file) in found[0]]
    means = np.mean([[scores[sample.name, sample.file] for sample in used] for scores in found], axis=0)
    return add_unseen(counted_by_group(make_report(classes, used, means, reports[0].skipped), used), used, seen)


def _probabilities(report: Report, classes: Sequence[str]) -> dict[tuple[str, str], list[float]]:
    """The probabilities of each picture in the order of ``classes``, by its name and file."""
    order = [report.classes.index(name) for name in classes]
    return {(each.name, each.file): [each.scores[place] for place in order] for each in report.pictures}
